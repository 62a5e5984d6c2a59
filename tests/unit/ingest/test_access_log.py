"""Access logs of every server become the same events; what is no log line is kept as a failure."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.decode import decode
from ingest.protocols import access_log
from ingest.protocols.access_log_columns import SLICE, read_lines
from ingest.protocols.access_log_line import read_line
from ingest.protocols.access_log_row import Unreadable, event_type
from ingest.protocols.base import Decoded, Source
from ingest.sites import SiteIndex
from schemas.envelope import Envelope
from schemas.objects import Site

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
SITES = SiteIndex([Site(id="shop")])
ARRIVED = 1_800_000_000_000
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)
LINE = b'192.0.2.7 - - [22/Nov/2026:01:15:59 +0000] "GET /hats?size=7 HTTP/1.1" 200 21 "-" "agent"'


def source(body: bytes, site: str = "shop", repeats: str = "") -> Source:
    headers = (("repeats", repeats),) if repeats else ()
    return Source(
        Envelope(
            received_at=ARRIVED, protocol="access_log", site_key=site, method="IMPORT", body=body,
            headers=headers, trusted=True,
        ),
        "file:access.log:1",
    )  # fmt: skip


def read(*lines: bytes, repeats: str = "") -> Decoded:
    return access_log.decode([source(b"\n".join(lines), repeats=repeats)])


def one(line: bytes) -> dict[str, Any]:
    decoded = read(line)
    assert (decoded.events.height, decoded.failed) == (1, [])
    return decoded.events.row(0, named=True)


def servers() -> list[dict[str, str]]:
    return [json.loads(line) for line in (GOLDEN / "access_log_servers.jsonl").read_text().splitlines()]


def wanted(server: str, request: str) -> dict[str, str]:
    """What a captured request must become."""
    if request == "r6":
        return {"event_type": "error", "url": "", "path": "", "user_agent": ""}
    page = "/index.html" if server.startswith("apache") else "/"
    told = "common" not in server
    row = {
        "r1": {"event_type": "page_view", "url": f"{page}?utm_source=news&utm_medium=email", "path": page},
        "r2": {"event_type": "asset", "url": "/a.css", "path": "/a.css"},
        "r3": {
            "event_type": "error", "url": "/%E5%B8%BD%E5%AD%90?q=%22x%22", "path": "/%E5%B8%BD%E5%AD%90",
        },
        "r4": {"event_type": "page_view", "url": "/index.html", "path": "/index.html"},
        "r5": {"event_type": "error", "url": "/nope", "path": "/nope"},
        "r7": {"event_type": "error", "url": "/帽子", "path": "/帽子"},
    }[request]  # fmt: skip
    agents = {"r1": CHROME, "r2": 'Evil "quoted" \\back\\ UA', "r4": "Nokia7110/1.0 (04.80)", "r7": "café"}
    if request != "r5":
        row["user_agent"] = agents.get(request, "") if told else ""
    row["referrer"] = "https://www.google.com/" if request == "r1" and told else ""
    host = server in ("nginx_json", "apache_vhost", "lighttpd", "caddy") and request != "r7"
    host = host or (server, request) == ("apache_vhost", "r7")
    row["host"] = "shop.example" if host else ""
    if host:
        row["url"] = f"https://shop.example{row['url']}"
    if (server, request) == ("caddy", "r7"):
        row["event_type"] = "asset"  # Caddy wrote status 0
    return row


@pytest.mark.parametrize("case", servers(), ids=lambda case: f"{case['server']}-{case['request']}")
def test_a_request_is_the_same_event_whichever_server_wrote_it(case: dict[str, str]) -> None:
    event = one(case["line"].encode())
    want = wanted(case["server"], case["request"])
    assert {name: event[name] for name in want} == want
    assert event["true_time"].replace(microsecond=0).minute in (15, 16)
    assert b"192.0.2" not in msgspec.json.encode({k: str(v) for k, v in event.items()})
    assert "alice" not in str(event)


def test_the_time_of_a_line_is_brought_to_utc() -> None:
    event = one(LINE.replace(b"+0000", b"+0530"))
    assert event["true_time"] == datetime(2026, 11, 21, 19, 45, 59, tzinfo=timezone.utc)
    event = one(LINE.replace(b"01:15:59 +0000", b"23:59:60 -0100"))  # a leap second
    assert event["true_time"] == datetime(2026, 11, 23, 0, 59, 59, tzinfo=timezone.utc)


def test_a_json_line_keeps_the_milliseconds_and_the_language() -> None:
    lines = {(case["server"], case["request"]): case["line"] for case in servers()}
    caddy = one(lines["caddy", "r4"].encode())
    assert (caddy["true_time"].microsecond, caddy["language"]) == (713000, "zh-CN")
    nginx = one(lines["nginx_json", "r4"].encode())
    assert (nginx["true_time"].second, nginx["language"]) == (59, "zh-CN")


def test_properties_hold_status_size_and_method() -> None:
    assert one(LINE)["properties"] == '{"status":200,"bytes":21,"method":"GET"}'
    assert json.loads(one(LINE.replace(b" 200 21 ", b" 304 - "))["properties"])["bytes"] == 0


@pytest.mark.parametrize(
    ("method", "status", "path", "want"),
    [
        ("GET", 200, "/", "page_view"),
        ("GET", 304, "/hats.html", "page_view"),
        ("GET", 206, "/catalogue.PDF", "download"),
        ("GET", 200, "/hat.jpg", "asset"),
        ("GET", 200, "/v1.2/hats", "page_view"),
        ("GET", 301, "/hats", "asset"),
        ("HEAD", 200, "/", "asset"),
        ("OPTIONS", 200, "*", "asset"),
        ("POST", 200, "/cart", "asset"),
        ("POST", 500, "/cart", "error"),
        ("GET", 404, "/hat.jpg", "error"),
        ("GET", 499, "/", "error"),
        ("", 400, "", "error"),
    ],
)
def test_a_request_is_a_page_a_download_an_error_or_an_asset(
    method: str, status: int, path: str, want: str
) -> None:
    assert event_type(method, status, path) == want
    if method and path.startswith("/"):
        request = f"{method} {path} HTTP/1.1".encode()
        line = LINE.replace(b"GET /hats?size=7 HTTP/1.1", request).replace(b" 200 ", b" %d " % status)
        assert one(line)["event_type"] == want


def test_a_download_names_what_was_downloaded() -> None:
    event = one(LINE.replace(b"/hats?size=7", b"/hats.pdf?v=2"))
    assert (event["event_type"], event["target"]) == ("download", "/hats.pdf?v=2")


def test_a_line_cut_off_inside_the_agent_is_an_event_and_one_cut_off_before_is_not() -> None:
    """All but the end of the agent is known; without the whole referrer not even that there was an agent."""
    assert one(LINE[:-3])["user_agent"] == "age"
    for end in (b'"agent"', b'" "agent"', b'"-" "agent"', b' 21 "-" "agent"'):
        decoded = read(LINE.removesuffix(end))
        if end == b'"-" "agent"':
            continue  # what is left is a whole Common line
        assert (decoded.events.height, len(decoded.failed)) == (0, 1), end
    assert read(LINE.removesuffix(b'"-" "agent"')).events.height == 1


def test_the_virtual_host_is_found_before_the_address_or_in_place_of_ident() -> None:
    assert one(b"Shop.Example:443 " + LINE)["url"] == "https://shop.example/hats?size=7"
    assert one(LINE.replace(b" - - ", b" m.shop.example:8080 - "))["host"] == "m.shop.example"
    assert one(LINE.replace(b" - - ", b" ident alice "))["host"] == ""
    assert one(LINE.replace(b" - - ", b" - alice b "))["host"] == ""
    assert one(LINE.replace(b"192.0.2.7", b"shop.example 2001:db8::7"))["host"] == "shop.example"


def test_what_was_sent_to_a_proxy_and_doubled_slashes_are_read_as_paths() -> None:
    proxied = one(LINE.replace(b"/hats?size=7", b"http://u:p@Shop.example:80/hats?size=7"))
    assert (proxied["url"], proxied["path"]) == ("https://shop.example/hats?size=7", "/hats")
    doubled = one(LINE.replace(b"/hats?size=7", b"//admin/x"))
    assert (doubled["url"], doubled["path"], doubled["host"]) == ("/admin/x", "/admin/x", "")
    assert one(LINE.replace(b"GET /hats?size=7", b"CONNECT a.example:443"))["path"] == ""


def test_a_space_in_the_path_and_quotes_in_the_agent_that_nobody_escaped_are_read() -> None:
    event = one(LINE.replace(b"/hats?size=7", b"/a b").replace(b'"agent"', b'"an "odd" agent"'))
    assert (event["path"], event["user_agent"]) == ("/a b", 'an "odd" agent')


def test_a_line_of_nothing_but_quotes_is_read_in_the_time_of_its_length() -> None:
    assert one(LINE.replace(b'"agent"', b'"' + b'" "' * 20_000))["referrer"] == ""
    assert [one.reason for one in read(LINE + b' "' * 40_000).failed] == ["malformed"]


def test_a_host_that_a_client_made_up_is_no_host() -> None:
    line = {"ts": 1.5, "status": 200, "request": {"method": "GET", "host": "a/b?c", "uri": "/hats"}}
    event = one(json.dumps(line).encode())
    assert (event["host"], event["url"]) == ("", "/hats")


def test_fields_after_the_agent_are_passed_over() -> None:
    assert one(LINE + b' "203.0.113.9" rt=0.003')["user_agent"] == "agent"


def test_a_path_with_an_address_in_it_is_left_to_the_step_that_cleans_the_url() -> None:
    assert one(LINE.replace(b"/hats?size=7", b"/leave/anna@example.com"))["path"] == ""


def test_bytes_that_are_no_utf_8_and_nul_are_replaced_and_removed() -> None:
    event = one(LINE.replace(b"agent", b"ag\xffe\x00nt"))
    assert event["user_agent"] == "ag�ent"


def test_blank_lines_are_nothing_and_other_lines_are_failures_with_their_bytes() -> None:
    decoded = read(b"", LINE, b"  \r", b"no log line \xff", b"")
    assert decoded.events["_part"].to_list() == [1]
    assert [(one.reason, one.raw, one.raw_ref) for one in decoded.failed] == [
        ("malformed", b"no log line \xff", "file:access.log:1:3")
    ]
    assert access_log.raw(source(b"a\nb").envelope, 1) == b"b"


@pytest.mark.parametrize(
    "line",
    [
        LINE.replace(b"22/Nov", b"31/Nov"),
        LINE.replace(b"22/Nov", b"22/Nop"),
        LINE.replace(b"2026:", b"1969:"),
        LINE.replace(b"2026:", b"2300:"),
        LINE.replace(b" 200 ", b" 20 "),
        b'{"status": 200, "request": {"uri": "/"}}',
        b'{"status": 200, "uri": "/", "ts": "noon"}',
        b"{" * 3000,
        b"#Fields: date time c-ip",
    ],
)
def test_a_line_without_a_time_or_a_result_is_malformed(line: bytes) -> None:
    decoded = read(line)
    assert (decoded.events.height, [one.reason for one in decoded.failed]) == (0, ["malformed"])


def test_the_visitor_is_a_hash_of_day_address_and_agent_that_no_other_site_shares() -> None:
    other_day = LINE.replace(b"22/Nov", b"23/Nov")
    lines = [LINE, LINE.replace(b"/hats", b"/caps"), other_day, LINE.replace(b".7 ", b".8 ")]
    lines.append(LINE.replace(b"agent", b"other"))
    first, same, *others = read(*lines).events["_client_hash"]
    assert len(first) == 32
    assert first == same
    assert len({first, *others}) == 4
    elsewhere = access_log.decode([source(LINE, site="other")]).events["_client_hash"][0]
    assert elsewhere != first


def test_a_line_of_neither_address_nor_agent_has_no_visitor() -> None:
    nobody = LINE.replace(b"192.0.2.7", b"-").replace(b'"agent"', b'"-"')
    decoded = decode([source(nobody)], SITES)
    assert [one.reason for one in decoded.failed] == ["no_visitor"]
    assert decoded.failed[0].raw == nobody


def test_identical_lines_are_events_of_their_own_and_the_same_file_again_gives_the_same_ids() -> None:
    lines = [LINE, b"", LINE, LINE + b" x", LINE]
    ids = read(*lines).events["event_id"].to_list()
    assert len(set(ids)) == 4
    assert read(*lines).events["event_id"].to_list() == ids


def test_a_file_read_in_blocks_gives_the_same_ids_as_one_read_at_once() -> None:
    other = LINE.replace(b"/hats", b"/caps")
    whole = read(LINE, other, LINE, LINE, other).events["event_id"].to_list()
    first = read(LINE, other).events["event_id"].to_list()
    second = read(LINE, LINE, other, repeats="0:1,1:1,2:1").events["event_id"].to_list()
    assert first + second == whole


def test_what_a_file_is_is_seen_from_its_first_lines() -> None:
    for case in servers():
        assert access_log.detect([case["line"].encode()]) == "combined"
    assert access_log.detect([b'{"event_type": "click"}', b"{broken"]) == "native"
    assert access_log.detect([b'{"site": "s", "events": []}']) == "native"
    assert access_log.detect([b"junk", LINE, b""]) == "combined"
    assert access_log.detect([b"a,b,c", b'{"name": "x"}', b"[1]"]) is None
    assert access_log.detect([]) is None


def test_a_published_log_of_2015_becomes_events_including_its_broken_line() -> None:
    body = (GOLDEN / "access_log_2015.log").read_bytes()
    decoded = decode([source(body)], SITES)
    assert decoded.failed == []
    assert decoded.events.height == 50
    assert Counter(decoded.events["event_type"]) == {
        "page_view": 26, "asset": 15, "error": 7, "download": 2,
    }  # fmt: skip
    broken = decoded.events.filter(pl.col("path") == "/scripts/grok-py-test/configlib.py").row(0, named=True)
    assert broken["user_agent"].endswith("+http://www.google.com/bot.html")
    assert broken["event_time"] == datetime(2015, 5, 20, 12, 5, 17, tzinfo=timezone.utc)
    assert set(decoded.events["id_quality"]) == {"salted_daily"}
    assert set(decoded.events["channel"]) == {"log"}
    assert set(decoded.events["time_quality"]) == {"true"}


PIECES = st.sampled_from(
    [
        *(b'"', b" ", b"\\", b"-", b"[", b"]", b"\r", b"\t", b"\0", b"\\x41", b"{", b"/", b"//", b"HTTP/1.1"),
        *(
            b"GET",
            b"shop.example:80 ",
            b"192.0.2.1",
            b"\xff",
            "帽".encode(),
            b":60",
            b"@",
            b"?",
            b"304",
            b"0",
        ),
        *(b".pdf", b"|", b"", b"+1", b"2300", b"00"),
    ]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A log line with pieces put in, cut out or put over."""
    line = draw(st.sampled_from([LINE, b"shop.example " + LINE, LINE[: LINE.index(b' "-"')]]))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(line)))
        line = line[:at] + draw(PIECES) + line[at + draw(st.integers(0, 3)) :]
    return line


@settings(max_examples=250)
@given(st.lists(damaged(), min_size=1, max_size=8))
def test_the_columns_say_what_the_readable_form_says(lines: list[bytes]) -> None:
    texts = [line.decode("utf-8", "replace") for line in lines]
    frame, left = read_lines(pl.Series(texts, dtype=pl.String))
    assert sorted([*frame["_part"], *left]) == list(range(len(texts)))
    for row in frame.iter_rows(named=True):
        line = read_line(texts[row["_part"]])
        assert row["true_time"].timestamp() * 1000 == line.time
        said = (row["_address"], row["url"], row["host"], row["referrer"], row["user_agent"])
        assert said == (line.address, line.url, line.host, line.referrer, line.user_agent)
        assert row["path"] in (line.path, "")
        assert row["event_type"] == event_type(line.method, line.status, line.path)
        want = {"status": line.status, "bytes": line.size, "method": line.method}
        assert json.loads(row["properties"]) == want


def test_plain_lines_are_read_as_columns() -> None:
    frame, left = read_lines(pl.Series([LINE.decode(), (b"shop.example:80 " + LINE).decode()]))
    assert (frame.height, left) == (2, [])
    lines = pl.Series([LINE.decode(), "odd", ""] * SLICE)[: SLICE + 2]
    frame, left = read_lines(lines)
    assert frame["_part"].to_list() == list(range(0, SLICE + 2, 3))
    assert len(left) == SLICE + 2 - frame.height


@settings(max_examples=100)
@given(st.lists(st.one_of(damaged(), st.binary(max_size=60)), max_size=6))
def test_any_bytes_end_as_one_event_or_one_failure_for_each_line_that_is_not_blank(
    lines: list[bytes],
) -> None:
    body = b"\n".join(lines)
    decoded = decode([source(body)], SITES)
    counted = sum(bool(line.strip(b"\r\t ")) for line in body.split(b"\n"))
    assert decoded.events.height + len(decoded.failed) == counted


@given(st.one_of(st.text(), st.text(st.sampled_from('{}[]",:0-status uri1'))))
def test_the_readable_form_gives_a_line_or_refuses(text: str) -> None:
    try:
        line = read_line(text)
    except Unreadable:
        return
    assert line.time >= 0
