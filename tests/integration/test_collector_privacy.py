"""What the log holds of a visitor, and whom the collector trusts: a real process with sites on file."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.envelope import Envelope
from schemas.objects import Site
from store.objects import write_sites_file
from tests.collector_process import Running, ask, collector

SITES = [Site("shop", "shop.example", secret="the-shops-secret"), Site("club", secret="the-clubs-secret")]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("collector")
    write_sites_file(data / "sites.json", SITES)
    with collector(data) as process:
        yield process


def sent(running: Running, mark: str, target: str = "/e", **headers: str) -> Envelope:
    """Post an event with a mark and return its envelope."""
    code, _, _ = ask(running.port, "POST", target, json.dumps({"event_id": mark}).encode(), **headers)
    assert code == 200
    (envelope,) = [one for one in running.envelopes() if mark.encode() in one.body]
    return envelope


def test_cookies_secrets_subscribers_and_full_addresses_never_reach_the_disk(running: Running) -> None:
    envelope = sent(
        running,
        "private",
        Cookie="session=very-private; ct_id=visitor-1",
        Authorization="Bearer wrong-secret",
        X_Forwarded_For="203.0.113.77",
        X_Up_Subno="subscriber-4711",
        Msisdn="+491700000000",
        User_Agent="Mozilla/5.0",
        Sec_GPC="1",
    )
    assert (envelope.cookie_id, envelope.address, envelope.trusted) == ("visitor-1", "203.0.113.0", False)
    assert dict(envelope.headers)["sec-gpc"] == "1"
    secrets = (b"very-private", b"wrong-secret", b"203.0.113.77", b"subscriber-4711", b"+491700000000")
    for folder, _, names in os.walk(running.data):
        for name in names:
            content = (Path(folder) / name).read_bytes()
            assert not [secret for secret in secrets if secret in content], name


def test_one_client_has_one_hash_and_another_has_another(running: Running) -> None:
    hashes = [
        sent(running, f"hash{number}", User_Agent=agent, X_Forwarded_For=address).client_hash
        for number, (agent, address) in enumerate(
            [("A/1", "203.0.113.7"), ("A/1", "203.0.113.7"), ("A/1", "203.0.113.8"), ("B/1", "203.0.113.7")]
        )
    ]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3
    assert all(len(one) == 32 for one in hashes)


def test_a_secret_trusts_its_own_site_only(running: Running) -> None:
    named = sent(running, "by-secret", Authorization="Bearer the-shops-secret")
    assert (named.trusted, named.site_key) == (True, "shop")
    assert not sent(running, "no-secret").trusted
    assert not sent(running, "bad-secret", Authorization="Bearer the-shop").trusted
    assert not sent(running, "empty-secret", Authorization="Bearer ").trusted
    assert not sent(running, "basic", Authorization="Basic the-shops-secret").trusted


def test_a_new_site_counts_without_a_restart(running: Running) -> None:
    write_sites_file(running.data / "sites.json", [*SITES, Site("new", secret="the-new-secret")])
    time.sleep(1.1)  # the file is looked at once a second
    assert sent(running, "new-site", Authorization="Bearer the-new-secret").site_key == "new"


def test_an_unreadable_sites_file_leaves_the_sites_as_they_were(running: Running) -> None:
    (running.data / "sites.json").write_text("{")
    time.sleep(1.1)
    assert sent(running, "still", Authorization="Bearer the-shops-secret").trusted
