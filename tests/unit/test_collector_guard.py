"""What of a request may be stored, and what must not."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from ingest.collector.guard import (
    Arrival,
    Guard,
    client_address,
    client_hash,
    cookie_id,
    is_inside,
    kept_names,
)
from ingest.collector.salts import DAY_MS, Salts
from ingest.protocols.base import Request

NOW = 1_795_310_017_776
SALT = b"s" * 32
AGENT = {"host": "collect.example", "user-agent": "Mozilla/5.0"}


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        pytest.param("203.0.113.77", "", ("203.0.113.77", "203.0.113.0"), id="IPv4 to /24"),
        pytest.param("2001:db8:1:2::3", "", ("2001:db8:1:2::3", "2001:db8:1::"), id="IPv6 to /48"),
        pytest.param("::ffff:203.0.113.77", "", ("203.0.113.77", "203.0.113.0"), id="mapped IPv4"),
        pytest.param("8.8.8.8", "9.9.9.9", ("8.8.8.8", "8.8.8.0"), id="a client is not believed"),
        pytest.param("127.0.0.1", "9.9.9.9", ("9.9.9.9", "9.9.9.0"), id="a proxy is"),
        pytest.param("10.0.0.2", "1.1.1.1, 9.9.9.9, 10.0.0.3", ("9.9.9.9", "9.9.9.0"), id="last outsider"),
        pytest.param("10.0.0.2", "10.0.0.7, 10.0.0.3", ("10.0.0.7", "10.0.0.0"), id="all inside: first"),
        pytest.param("127.0.0.1", "9.9.9.9:1234", ("9.9.9.9", "9.9.9.0"), id="with port"),
        pytest.param("127.0.0.1", "[2606:4700::1]:80", ("2606:4700::1", "2606:4700::"), id="IPv6 and port"),
        pytest.param("127.0.0.1", "unknown, <script>", ("127.0.0.1", "127.0.0.0"), id="no address named"),
        pytest.param("", "", ("", ""), id="no peer"),
    ],
)
def test_the_address_is_the_clients_and_cut_to_its_network(
    peer: str, forwarded: str, expected: tuple[str, str]
) -> None:
    assert client_address(peer, forwarded) == expected


def test_loopback_and_private_peers_are_inside() -> None:
    assert all(map(is_inside, ("127.0.0.1", "::1", "192.168.1.4", "::ffff:10.0.0.1", "fd00::1")))
    assert not any(map(is_inside, ("8.8.8.8", "203.0.113.9", "2001:db8::1", "", "localhost")))


def test_the_hash_is_the_same_for_one_client_of_a_day_and_differs_in_each_part() -> None:
    one = client_hash(SALT, "203.0.113.77", AGENT)
    assert one == client_hash(SALT, "203.0.113.77", dict(AGENT, host="COLLECT.example:8080"))
    others = {
        client_hash(b"t" * 32, "203.0.113.77", AGENT),
        client_hash(SALT, "203.0.113.78", AGENT),
        client_hash(SALT, "203.0.113.77", dict(AGENT, host="other.example")),
        client_hash(SALT, "203.0.113.77", {**AGENT, "user-agent": "curl/8"}),
    }
    assert len({one, *others}) == 5
    assert len(one) == 32
    assert int(one, 16) >= 0


def test_without_address_and_agent_there_is_no_hash() -> None:
    assert client_hash(SALT, "", {"host": "collect.example"}) == ""
    assert client_hash(SALT, "", AGENT) != ""


@pytest.mark.parametrize(
    ("cookies", "expected"),
    [
        ("a=1; ct_id=abc-1; b=2", "abc-1"),
        ("ct_id=abc", "abc"),
        ("xct_id=abc", ""),
        ("ct_id=" + "x" * 129, ""),
        ("ct_id=a\x01b", ""),
        ("", ""),
    ],
)
def test_only_our_own_cookie_is_read(cookies: str, expected: str) -> None:
    assert cookie_id(cookies) == expected


def test_an_envelope_keeps_only_what_decoders_need() -> None:
    guard = Guard("wap", kept_names(("accept", "cookie", "msisdn", "x-wap-profile", "user-agent")))
    headers = {
        **AGENT,
        "accept": "image/vnd.wap.wbmp",
        "authorization": "Bearer secret",
        "cookie": "ct_id=abc; session=private",
        "msisdn": "+491700000000",
        "sec-gpc": "1",
        "x-forwarded-for": "203.0.113.77",
        "x-other": "1",
        "x-wap-profile": "http://phones.example/1.xml",
    }
    request = Request("GET", "/w/shop", b"p=h", headers, b"")
    envelope = guard.envelope(request, "shop", "127.0.0.1", Arrival(NOW, SALT, trusted=False))
    assert dict(envelope.headers) == {
        "accept": "image/vnd.wap.wbmp",
        "sec-gpc": "1",
        "user-agent": "Mozilla/5.0",
        "x-wap-profile": "http://phones.example/1.xml",
    }
    assert (envelope.address, envelope.cookie_id, envelope.subscriber) == ("203.0.113.0", "abc", "")
    assert "203.0.113.77" not in repr(envelope)
    assert "private" not in repr(envelope)


def test_a_salt_lives_for_its_day_and_the_next_and_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "salts.json"
    salts = Salts(path)
    today = salts.at(NOW)
    assert len(today) == 32
    assert Salts(path).at(NOW) == today
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    tomorrow = salts.at(NOW + DAY_MS)
    assert tomorrow != today
    assert list(json.loads(path.read_bytes()).values()) == [today.hex(), tomorrow.hex()]
    salts.at(NOW + 2 * DAY_MS)
    assert today.hex() not in path.read_text()


@pytest.mark.parametrize("content", ["", "[]", '{"2026-11-22": 5}', '{"2026-11-22": "xyz"}', "\x00"])
def test_a_broken_salt_file_is_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "salts.json"
    path.write_text(content)
    assert Salts(path).at(NOW) == Salts(path).at(NOW)


def test_a_salt_that_cannot_be_written_serves_from_memory(tmp_path: Path) -> None:
    salts = Salts(tmp_path / "missing" / "salts.json")
    assert salts.at(NOW) == salts.at(NOW + 1)
