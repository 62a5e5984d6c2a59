"""What the collector makes of odd, broken and hostile HTTP: a real process, raw sockets."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Iterator
from importlib.resources import files

import pytest

from schemas.envelope import Envelope
from tests.collector_process import EVENT, Running, ask, collector, exchange, status


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with collector(tmp_path_factory.mktemp("collector"), body_bytes="1M") as process:
        yield process
        assert process.stop() == 0


def post(body: bytes, *lines: bytes, target: bytes = b"/e", close: bool = True) -> bytes:
    head = [b"POST " + target + b" HTTP/1.1", b"Host: collect.example", *lines]
    head.append(b"Content-Length: %d" % len(body))
    if close:
        head.append(b"Connection: close")
    return b"\r\n".join([*head, b"", body])


def recorded(running: Running, mark: bytes) -> list[Envelope]:
    """Envelopes with a mark in body or query."""
    return [one for one in running.envelopes() if mark in one.body or mark in one.query]


def test_an_event_is_answered_after_it_is_in_the_log(running: Running) -> None:
    code, headers, body = ask(running.port, "POST", "/e", EVENT % b"plain", Origin="https://shop.example")
    assert (code, body.replace(b" ", b"")) == (200, b'{"accepted":1}')
    assert headers["access-control-allow-origin"] == "https://shop.example"
    (envelope,) = recorded(running, b"plain")
    assert (envelope.protocol, envelope.method, envelope.path) == ("native", "POST", "/e")
    assert envelope.body == EVENT % b"plain"
    assert dict(envelope.headers)["origin"] == "https://shop.example"
    assert abs(envelope.received_at - time.time() * 1000) < 60_000


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\x00mark-nul\x00", id="NUL bytes"),
        pytest.param(b"mark-bytes\xff\xfe\xc3\x28", id="invalid UTF-8"),
        pytest.param(b'{"site":"nobody-knows","events":[{"mark-site":1}]}', id="unknown site"),
        pytest.param(b'{"mark-cut', id="cut JSON"),
        pytest.param(gzip.compress(b"mark-gzip"), id="gzip without a header"),
    ],
)
def test_any_body_is_kept_as_it_came_and_answered_with_success(running: Running, body: bytes) -> None:
    assert status(exchange(running.port, post(body))) == 200
    assert body in [one.body for one in running.envelopes()]


def test_percent_escapes_that_are_none_and_odd_bytes_in_the_query_are_kept(running: Running) -> None:
    query = b'site=shop&p=%zz%ff%00&q=<">{}&mark-query'
    answer = exchange(
        running.port, b"GET /p.gif?" + query + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )
    assert status(answer) == 200
    assert [one.query for one in recorded(running, b"mark-query")] == [query]


def test_a_header_that_is_not_utf8_does_no_harm(running: Running) -> None:
    assert status(exchange(running.port, post(b"mark-latin", b"User-Agent: caf\xe9"))) == 200
    assert dict(recorded(running, b"mark-latin")[0].headers)["user-agent"] == "café"


def test_a_wish_for_another_protocol_is_ignored_and_the_body_kept(running: Running) -> None:
    lines = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__")
    answer = exchange(running.port, post(b"mark-h2c", *lines, close=False) + post(b"mark-after-h2c"))
    assert answer.count(b"HTTP/1.1 200") == 2
    assert [one.body for one in recorded(running, b"mark-h2c")] == [b"mark-h2c"]
    assert [one.body for one in recorded(running, b"mark-after-h2c")] == [b"mark-after-h2c"]


def test_connect_is_refused(running: Running) -> None:
    assert (
        status(exchange(running.port, b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"))
        == 400
    )


@pytest.mark.parametrize("size", [40_000, 400_000], ids=["whole", "many reads"])
def test_a_huge_header_is_431(running: Running, size: int) -> None:
    assert status(exchange(running.port, post(b"mark-huge", b"X-Filler: " + b"x" * size))) == 431
    assert not recorded(running, b"mark-huge")


def test_a_header_without_end_is_431(running: Running) -> None:
    assert status(exchange(running.port, b"POST /e HTTP/1.1\r\nX-Filler: " + b"x" * 200_000)) == 431


def test_a_large_body_is_413_by_its_announced_length_before_it_is_sent(running: Running) -> None:
    head = b"POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 10485760\r\n\r\n"
    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
        connection.sendall(head)
        assert status(connection.recv(1000)) == 413


def test_a_large_body_sent_whole_is_413_and_the_connection_goes_on(running: Running) -> None:
    answer = exchange(running.port, post(b"x" * (10 << 20), close=False) + post(b"mark-after-413"))
    assert status(answer) == 413
    assert b"HTTP/1.1 200" in answer
    assert recorded(running, b"mark-after-413")


def test_a_large_chunked_body_is_413(running: Running) -> None:
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    head = b"POST /e HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert status(exchange(running.port, head + chunk * 32 + b"0\r\n\r\n")) == 413


def test_a_chunked_body_is_put_together(running: Running) -> None:
    head = b"POST /e HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert status(exchange(running.port, head + b"5\r\nmark-\r\n6\r\nchunks\r\n0\r\n\r\n")) == 200
    assert [one.body for one in recorded(running, b"mark-chunks")] == [b"mark-chunks"]


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n8\r\nmark-cut\r\n", id="chunked, no last chunk"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n8\r\nmark-cut\r\nzz\r\n", id="chunked, bad size"),
        pytest.param(b"Content-Length: 20\r\n\r\nmark-cut", id="fewer bytes than announced"),
    ],
)
def test_a_cut_body_is_not_recorded(running: Running, rest: bytes) -> None:
    answer = exchange(running.port, b"POST /e HTTP/1.1\r\nHost: a\r\n" + rest, half_close=True)
    assert status(answer) in (0, 400)
    assert not [one for one in running.envelopes() if one.body == b"mark-cut"]


def test_half_a_header_is_no_request(running: Running) -> None:
    assert exchange(running.port, b"POST /e HTTP/1.1\r\nHost: a\r\nContent-Le", half_close=True) == b""
    assert ask(running.port, "GET", "/health")[0] == 200


def test_a_client_that_closes_its_half_after_the_request_still_gets_the_answer(running: Running) -> None:
    answer = exchange(running.port, post(b"mark-half-closed", close=False), half_close=True)
    assert status(answer) == 200


def test_pipelined_requests_are_answered_in_order(running: Running) -> None:
    gif = b"GET /p.gif?site=shop&mark-pipe HTTP/1.1\r\nHost: a\r\n\r\n"
    answer = exchange(running.port, (post(b"mark-pipe", close=False) + gif) * 10 + post(b"mark-pipe"))
    kinds = [part.split(b"\r\n\r\n")[1][:6] for part in answer.split(b"HTTP/1.1 200 OK")[1:]]
    assert len(kinds) == 21
    assert [kind == b"GIF89a" for kind in kinds] == [False, True] * 10 + [False]
    assert len(recorded(running, b"mark-pipe")) == 21


def test_http_1_0_without_host_and_a_blank_line_after_the_body_are_fine(running: Running) -> None:
    old = exchange(running.port, b"POST /e HTTP/1.0\r\nContent-Length: 8\r\n\r\nmark-1.0")
    blank = exchange(running.port, post(b"mark-blank", close=False) + b"\r\n" + post(b"mark-blank"))
    assert status(old) == 200
    assert blank.count(b"HTTP/1.1 200") == 2
    assert len(recorded(running, b"mark-1.0")) == 1


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"GET\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
)
def test_what_is_not_http_1_is_400(running: Running, data: bytes) -> None:
    assert status(exchange(running.port, data)) == 400


def test_a_preflight_is_granted_what_it_asks_for(running: Running) -> None:
    code, headers, body = ask(
        running.port,
        "OPTIONS",
        "/e",
        Origin="https://shop.example",
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="anonymousid,content-type",
    )
    assert (code, body) == (204, b"")
    assert headers["access-control-allow-origin"] == "https://shop.example"
    assert headers["access-control-allow-credentials"] == "true"
    assert headers["access-control-allow-headers"] == "anonymousid,content-type"
    assert headers["access-control-max-age"] == "86400"
    assert "POST" in headers["access-control-allow-methods"]


def test_the_tag_is_served_byte_for_byte_and_revalidated(running: Running) -> None:
    built = (files("ingest.snippet") / "t.js").read_bytes()
    code, headers, body = ask(running.port, "GET", "/t.js")
    assert (code, body) == (200, built)
    assert headers["cache-control"] == "public, max-age=3600"
    assert ask(running.port, "GET", "/t.js", If_None_Match=headers["etag"])[0] == 304
    _, packed_headers, packed = ask(running.port, "GET", "/t.js", Accept_Encoding="br, gzip")
    assert packed_headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed) == built
    assert packed_headers["etag"] != headers["etag"]
    assert ask(running.port, "GET", "/t.js", Accept_Encoding="gzip;q=0")[2] == built


def test_images_for_browsers_and_for_wap_come_end_to_end(running: Running) -> None:
    code, headers, gif = ask(running.port, "GET", "/p.gif?site=shop&n=mark-gif")
    assert (code, headers["content-type"], gif[:6], len(gif)) == (200, "image/gif", b"GIF89a", 43)
    assert "no-store" in headers["cache-control"]
    code, headers, wbmp = ask(
        running.port, "GET", "/w/shop?p=/wap/hats&n=mark-wap", Accept="image/vnd.wap.wbmp; level=0"
    )
    assert (code, headers["content-type"], wbmp) == (200, "image/vnd.wap.wbmp", b"\x00\x00\x01\x01\x80")
    assert [one.protocol for one in recorded(running, b"mark-gif")] == ["pixel"]
    (wap,) = recorded(running, b"mark-wap")
    assert (wap.protocol, wap.path, wap.site_key) == ("wap", "/w/shop", "shop")


def test_head_shows_the_head_of_get_and_records_nothing(running: Running) -> None:
    for target in ("/t.js", "/p.gif?site=shop&n=mark-head"):
        code, headers, body = ask(running.port, "HEAD", target)
        assert (code, body) == (200, b"")
        assert int(headers["content-length"]) > 0
    assert not recorded(running, b"mark-head")


@pytest.mark.parametrize("target", ["/", "/nobody", "/t.js/", "/e/../metrics", "/%2e%2e/etc/passwd"])
def test_other_paths_are_404(running: Running, target: str) -> None:
    assert ask(running.port, "GET", target)[0] == 404
    assert ask(running.port, "PUT", target, b"x")[0] == 404


def test_health_readiness_and_metrics(running: Running) -> None:
    assert ask(running.port, "GET", "/health")[0] == 200
    assert ask(running.port, "GET", "/ready")[0] == 200
    ask(running.port, "POST", "/e", EVENT % b"counted")
    code, headers, body = ask(running.port, "GET", "/metrics")
    assert code == 200
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = dict(line.rsplit(" ", 1) for line in body.decode().splitlines() if not line.startswith("#"))
    assert int(lines['clicktrail_requests_total{protocol="native",status="200"}']) >= 1
    assert int(lines["clicktrail_append_requests_total"]) == len(running.envelopes())
    assert int(lines["clicktrail_append_bytes_total"]) > 0
    assert int(lines["clicktrail_append_seconds_count"]) >= 1
    assert int(lines["clicktrail_log_bytes"]) > 0
    assert int(lines["clicktrail_waiting_bytes"]) == 0


def test_the_metrics_are_not_for_the_outside(running: Running) -> None:
    assert ask(running.port, "GET", "/metrics", X_Forwarded_For="203.0.113.9")[0] == 404
