"""Live demo traffic against a listener that records it, goes away and is overloaded."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from urllib.parse import parse_qs, urlsplit

from clicktrail.demo.traffic import LiveShop, run
from clicktrail.settings import Settings

NOW = 1_780_000_000_000


class Recorder(ThreadingHTTPServer):
    """Keeps every request; answers with `status`."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.refused = 0
        self.status = 200


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Recorder

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.server.status == 200:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.server.seen.append((self.command, self.path, headers, body))
        else:
            self.server.refused += 1
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_POST

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def listening(port: int = 0) -> Iterator[Recorder]:
    server = Recorder(port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def traffic(port: int, rate: float = 200.0) -> Iterator[None]:
    stop = threading.Event()
    settings = Settings(collect_host="0.0.0.0", collect_port=port)
    thread = threading.Thread(target=run, args=(settings, stop, rate, 3))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=15)
        assert not thread.is_alive()


def until(happened: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_traffic_speaks_like_the_tag_like_a_pixel_and_like_a_wap_gateway() -> None:
    with listening() as server, traffic(server.server_port):
        until(
            lambda: {path.partition("?")[0] for _, path, _, _ in server.seen} == {"/e", "/p.gif", "/w/demo"}
        )
    posts = [(headers, json.loads(body)) for method, _, headers, body in server.seen if method == "POST"]
    for headers, body in posts:
        assert headers["content-type"].startswith("text/plain")
        assert headers["user-agent"].startswith("Mozilla/")
        assert body["site"] == "demo"
        assert abs(body["sent_at"] - time.time() * 1000) < 60_000
        for event in body["events"]:
            assert event["event_id"]
            assert event["device_time"] <= body["sent_at"]
            assert not event.keys() & {"received_at", "event_time", "user_agent", "country"}
    paths = [urlsplit(path) for _, path, _, _ in server.seen]
    pixel = next(parse_qs(path.query) for path in paths if path.path == "/p.gif")
    assert pixel["site"] == ["demo"]
    wap = next(headers for _, path, headers, _ in server.seen if path.startswith("/w/demo"))
    assert "wbmp" in wap["accept"]
    assert "x-wap-gateway" in wap
    assert wap["via"].startswith("WAP/1.1")


def test_events_wait_while_the_collector_is_away_and_arrive_when_it_is_back() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with traffic(port):
        time.sleep(1.0)
        back_at = time.time() * 1000
        with listening(port) as server:
            until(lambda: len(server.seen) > 50)
    early = [
        event
        for method, _, _, body in server.seen
        if method == "POST"
        for event in json.loads(body)["events"]
        if event["device_time"] < back_at - 200
    ]
    assert early


def test_a_request_answered_with_503_is_sent_again_with_the_same_event_ids() -> None:
    with listening() as server:
        server.status = 503
        with traffic(server.server_port):
            until(lambda: server.refused >= 2)
            server.status = 200
            until(lambda: len(server.seen) > 20)
    ids = [e["event_id"] for m, _, _, body in server.seen if m == "POST" for e in json.loads(body)["events"]]
    assert ids
    assert len(ids) == len(set(ids))


def test_the_rate_holds_and_each_event_is_handed_out_once() -> None:
    shop = LiveShop(Random(5), 20.0, NOW)
    events = [event for second in range(600) for _, some in shop.due(NOW + second * 1000) for event in some]
    assert 0.6 < len(events) / (20.0 * 600) < 1.4
    assert len({event["event_id"] for event in events}) == len(events)
    assert min(event["event_time"] for event in events) >= NOW


def test_visitors_of_the_history_come_back_live() -> None:
    from datetime import datetime, timezone

    from clicktrail.demo.shop import history

    past = {e["visitor_id"] for e in history(datetime(2026, 6, 17, tzinfo=timezone.utc), days=20)}
    shop = LiveShop(Random(5), 50.0, NOW)
    live = {e["visitor_id"] for _, some in shop.due(NOW + 120_000) for e in some}
    assert len(live & past) > 20
    assert live - past
