"""The tag in a real Chromium on a real page, served by the real collector from another origin."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.collector_process import Running, collector

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
SECONDS = 15.0


class Shop(ThreadingHTTPServer):
    """Pages that carry the tag; `attributes` and `head` change between tests."""

    daemon_threads = True

    def __init__(self, tag: str) -> None:
        super().__init__(("127.0.0.1", 0), Page)
        self.tag, self.attributes, self.head = tag, "", ""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Page(BaseHTTPRequestHandler):
    server: Shop

    def do_GET(self) -> None:
        shop = self.server
        body = f"""<!doctype html><html><head><title>Hats {self.path}</title><link rel="icon" href="data:,">
            {shop.head}<script defer src="{shop.tag}" data-site="shop" {shop.attributes}></script></head>
            <body style="height: 4000px"><button data-ct-event="wish" data-ct-sku="hat-1">wish</button>
            <a id="out" href="http://127.0.0.1:9/away" onclick="event.preventDefault()">away</a>
            <a id="file" href="/list.pdf" onclick="event.preventDefault()">list</a>
            <form id="news" onsubmit="event.preventDefault()"><button id="send">send</button></form></body>"""
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(shop: Shop) -> Iterator[Shop]:
    thread = threading.Thread(target=shop.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield shop
    finally:
        shop.shutdown()
        shop.server_close()
        thread.join()


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with collector(tmp_path_factory.mktemp("edge")) as running:
        yield running


@pytest.fixture
def shop(edge: Running) -> Iterator[Shop]:
    with serving(Shop(f"{edge.origin}/t.js")) as shop:
        yield shop


@pytest.fixture
def tab(chromium: Any) -> Iterator[Any]:
    """A tab of a new visitor."""
    context = chromium.new_context(locale="en-GB", timezone_id="Europe/Berlin")
    yield context.new_page()
    context.close()


@pytest.fixture
def page(tab: Any, shop: Shop, edge: Running) -> Iterator[Any]:
    """A tab that must say nothing on the console and speak to nobody else."""
    complaints: list[str] = []
    hosts: set[str] = set()
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.context.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    yield tab
    assert complaints == []
    assert hosts - {""} <= {urlsplit(shop.origin).netloc, urlsplit(edge.origin).netloc}


def sent(edge: Running, shop: Shop) -> list[dict[str, Any]]:
    """All events of a shop's pages in the log, each with the time its batch was sent."""
    found = []
    for envelope in edge.envelopes():
        if dict(envelope.headers).get("origin") == shop.origin:
            batch = json.loads(envelope.body)
            assert batch["site"] == "shop"
            assert len(batch["events"]) <= 20
            found += [{**event, "_sent_at": batch["sent_at"]} for event in batch["events"]]
    return found


def wait_for(
    edge: Running, shop: Shop, enough: Callable[[list[dict[str, Any]]], bool]
) -> list[dict[str, Any]]:
    deadline = time.monotonic() + SECONDS
    while not enough(events := sent(edge, shop)):
        assert time.monotonic() < deadline, events
        time.sleep(0.05)
    return events


def of(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event_type"] == kind]


def test_a_page_view_says_what_when_and_where(page: Any, shop: Shop, edge: Running) -> None:
    before = time.time() * 1000
    page.goto(f"{shop.origin}/hats?utm_source=news#top")
    (view,) = wait_for(edge, shop, lambda events: len(events) >= 1)
    assert (view["event_type"], view["url"]) == ("page_view", f"{shop.origin}/hats?utm_source=news")
    assert view["title"] == "Hats /hats?utm_source=news"
    assert UUID7.fullmatch(view["event_id"])
    assert UUID7.fullmatch(view["page_view_id"])
    assert int(view["event_id"].replace("-", "")[:12], 16) == pytest.approx(view["device_time"], abs=50)
    assert before - 1000 <= view["device_time"] <= view["_sent_at"] <= time.time() * 1000 + 1000
    assert (view["seq"], view["language"], view["timezone"]) == (0, "en-GB", "Europe/Berlin")
    assert re.fullmatch(r"\d+x\d+", view["screen"])
    assert view["webdriver"] is True
    assert not {"anonymous_id", "referrer", "gpc", "user_id"} & view.keys()


def test_moves_inside_the_page_are_page_views(page: Any, shop: Shop, edge: Running) -> None:
    page.goto(f"{shop.origin}/a")
    page.evaluate("history.pushState({}, '', '/b'); document.title = 'B'")
    page.wait_for_timeout(150)
    page.evaluate("history.replaceState({scroll: 1}, '', location.href)")
    page.evaluate("history.replaceState({}, '', '/c')")
    page.go_back()
    events = wait_for(edge, shop, lambda events: len(of(events, "page_view")) >= 4)
    views = of(events, "page_view")
    assert [urlsplit(view["url"]).path for view in views] == ["/a", "/b", "/c", "/a"]
    assert views[1]["title"] == "B"
    assert views[1]["referrer"] == f"{shop.origin}/a"
    assert len({view["page_view_id"] for view in views}) == 4


def test_own_events_carry_their_properties_also_those_called_before_the_tag_came(
    page: Any, shop: Shop, edge: Running
) -> None:
    shop.head = """<script>
        window.clicktrail = function () { (clicktrail.q = clicktrail.q || []).push(arguments); };
        clicktrail('early', {from: 'queue'});</script>"""
    page.goto(f"{shop.origin}/own")
    page.evaluate("clicktrail('signup', {plan: 'pro', seats: 3})")
    page.evaluate("clicktrail('order', {order_id: '7', revenue: 9.5, currency: 'EUR', gift: true})")
    page.evaluate("clicktrail('identify', 'customer-42')")
    page.evaluate("clicktrail('after')")
    events = wait_for(edge, shop, lambda events: len(events) >= 6)
    early, signup, after = of(events, "custom")
    assert (early["event_name"], early["properties"]) == ("early", {"from": "queue"})
    assert (signup["event_name"], signup["properties"]) == ("signup", {"plan": "pro", "seats": 3})
    assert of(events, "order")[0].items() >= {
        "order_id": "7", "revenue": 9.5, "currency": "EUR", "gift": True,
    }.items()  # fmt: skip
    assert of(events, "identify")[0]["user_id"] == "customer-42"
    assert after["user_id"] == "customer-42"
    assert "user_id" not in signup
    assert [event["seq"] for event in events] == list(range(6))


def test_clicks_downloads_outlinks_and_forms_are_seen(page: Any, shop: Shop, edge: Running) -> None:
    page.goto(f"{shop.origin}/clicks")
    for selector in ("button[data-ct-event]", "#out", "#file", "#send"):
        page.click(selector)
    events = wait_for(edge, shop, lambda events: len(events) >= 5)
    (wish,) = of(events, "custom")
    assert (wish["event_name"], wish["properties"]) == ("wish", {"sku": "hat-1"})
    assert of(events, "outlink")[0]["target"] == "http://127.0.0.1:9/away"
    assert of(events, "download")[0]["target"] == f"{shop.origin}/list.pdf"
    assert of(events, "form")[0]["target"] == "news"


def test_leaving_the_page_delivers_the_rest_with_the_time_spent(page: Any, shop: Shop, edge: Running) -> None:
    page.goto(f"{shop.origin}/leave")
    page.wait_for_timeout(1300)
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(100)
    page.evaluate("clicktrail('last')")
    page.goto("about:blank")
    events = wait_for(edge, shop, lambda events: bool(of(events, "ping")))
    assert [event["event_name"] for event in of(events, "custom")] == ["last"]
    (ping,) = of(events, "ping")
    assert ping["page_view_id"] == events[0]["page_view_id"]
    assert 1000 <= ping["engaged_ms"] <= 60_000
    assert ping["scroll_pct"] == 100


def test_many_events_go_in_batches_of_twenty(page: Any, shop: Shop, edge: Running) -> None:
    page.goto(f"{shop.origin}/many")
    page.evaluate("for (var i = 0; i < 45; i++) clicktrail('n', {i: i})")
    events = wait_for(edge, shop, lambda events: len(of(events, "custom")) >= 45)
    assert sorted(event["properties"]["i"] for event in of(events, "custom")) == list(range(45))
    assert len({event["event_id"] for event in events}) == len(events)


def test_nothing_is_stored_about_a_visitor_unless_the_site_asks(page: Any, shop: Shop, edge: Running) -> None:
    page.goto(f"{shop.origin}/quiet")
    wait_for(edge, shop, lambda events: len(events) >= 1)
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_with_data_cookie_the_id_is_the_same_after_a_reload(page: Any, shop: Shop, edge: Running) -> None:
    shop.attributes = "data-cookie"
    page.goto(f"{shop.origin}/known")
    wait_for(edge, shop, lambda events: len(events) >= 1)
    page.reload()
    events = wait_for(edge, shop, lambda events: len(of(events, "page_view")) >= 2)
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["sameSite"]) == ("ct_id", "Lax")
    assert {event["anonymous_id"] for event in events} == {cookie["value"]}
    page.evaluate("clicktrail('consent', 'denied')")
    events = wait_for(edge, shop, lambda events: bool(of(events, "consent")))
    assert of(events, "consent")[0]["consent"] == "denied"
    assert "anonymous_id" not in of(events, "consent")[0]
    assert page.context.cookies() == []


def test_a_visitor_who_opts_out_gets_no_cookie(page: Any, shop: Shop, edge: Running) -> None:
    shop.attributes = "data-cookie"
    page.add_init_script("Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {value: true})")
    page.goto(f"{shop.origin}/gpc")
    (view,) = wait_for(edge, shop, lambda events: len(events) >= 1)
    assert view["gpc"] is True
    assert "anonymous_id" not in view
    assert page.context.cookies() == []


def test_while_consent_is_awaited_nothing_is_sent(page: Any, shop: Shop, edge: Running) -> None:
    shop.attributes = 'data-consent="wait" data-cookie'
    page.goto(f"{shop.origin}/wait")
    page.wait_for_timeout(1300)
    assert sent(edge, shop) == []
    assert page.context.cookies() == []
    page.evaluate("clicktrail('consent', 'granted')")
    events = wait_for(edge, shop, lambda events: len(events) >= 2)
    assert [event["event_type"] for event in events[:2]] == ["page_view", "consent"]
    assert {event["consent"] for event in events} == {"granted"}
    assert all(event["anonymous_id"] for event in events)


def test_what_could_not_be_sent_is_sent_after_a_reload(tab: Any, shop: Shop, edge: Running) -> None:
    tab.route("**/e", lambda route: route.fulfill(status=503))
    tab.goto(f"{shop.origin}/retry")
    tab.evaluate("clicktrail('kept')")
    tab.wait_for_function("sessionStorage.getItem('ct_pending')", timeout=SECONDS * 1000)
    tab.evaluate("navigator.sendBeacon = function () { return true; }")  # what leaves with the page is lost
    tab.unroute("**/e")
    tab.reload()
    events = wait_for(edge, shop, lambda events: len(of(events, "page_view")) >= 2)
    assert [event["event_name"] for event in of(events, "custom")] == ["kept"]
    tab.wait_for_function("!sessionStorage.getItem('ct_pending')", timeout=SECONDS * 1000)
