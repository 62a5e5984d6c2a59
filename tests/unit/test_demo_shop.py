"""The simulated shop: repeatable, in order, acceptable to the native protocol, and with its stories in it."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from clicktrail.demo.catalogue import EMPTY_TERMS, LEAKY, PRODUCTS, WAP_COUNTRIES
from clicktrail.demo.people import DAY_MS, weekday
from clicktrail.demo.shop import LEAK_DAYS, history, write_history
from schemas.arrow import schema
from schemas.event import CHANNELS, EVENT_TYPES, Event

END = datetime(2026, 6, 17, 10, 0, tzinfo=timezone.utc)
END_MS = int(END.timestamp() * 1000)
NativeEvent = dict[str, Any]


@pytest.fixture(scope="module")
def events() -> list[NativeEvent]:
    return list(history(END, days=90, visitors_per_day=60, seed=4))


def of(events: list[NativeEvent], keep: Callable[[NativeEvent], bool]) -> list[NativeEvent]:
    return [event for event in events if keep(event)]


def test_the_same_seed_gives_the_same_history_and_another_seed_another() -> None:
    def run(seed: int) -> list[NativeEvent]:
        return list(history(END, days=5, visitors_per_day=10, seed=seed))

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_events_come_in_the_order_of_time_and_inside_the_range(events: list[NativeEvent]) -> None:
    times = [event["event_time"] for event in events]
    assert times == sorted(times)
    assert times[0] >= END_MS - 90 * DAY_MS
    assert times[-1] < END_MS
    assert all(event["received_at"] > event["event_time"] for event in events)


def test_every_event_uses_names_types_and_channels_of_the_event_record(events: list[NativeEvent]) -> None:
    assert {name for event in events for name in event} <= set(schema(Event))
    assert {event["event_type"] for event in events} <= set(EVENT_TYPES)
    assert {event["channel"] for event in events} <= set(CHANNELS)
    assert len({event["event_id"] for event in events}) == len(events)
    assert all(event["visitor_id"] for event in events)


def test_only_invented_hosts_and_nameless_customers_occur(events: list[NativeEvent]) -> None:
    text = "\n".join(json.dumps(event) for event in events)
    hosts = set(re.findall(r"https?://([^/\"?]+)", text))
    assert hosts
    assert all(host.endswith(".example") for host in hosts)
    assert all(re.fullmatch(r"customer-\d+", event["user_id"]) for event in events if "user_id" in event)


def test_weekends_are_quieter_than_midweek(events: list[NativeEvent]) -> None:
    views = Counter(weekday(e["event_time"]) for e in events if e["event_type"] == "page_view")
    assert views[5] < min(views[0], views[1], views[2])


def test_most_paid_visitors_leave_after_one_page(events: list[NativeEvent]) -> None:
    paid = {e["visitor_id"] for e in events if "utm_campaign=kettle-banner" in e.get("url", "")}
    views = Counter(e["visitor_id"] for e in events if e["event_type"] == "page_view")
    assert len(paid) > 100
    assert sum(views[visitor] == 1 for visitor in paid) / len(paid) > 0.8


def test_the_kettle_page_stopped_selling_on_phones_three_weeks_ago(events: list[NativeEvent]) -> None:
    sku = next(p.sku for p in PRODUCTS if p.slug == LEAKY)

    def rate(phone: bool, recent: bool) -> float:
        mine = of(
            events,
            lambda e: (
                e.get("target") == sku
                and ("Mobile" in e["user_agent"] and "iPad" not in e["user_agent"]) == phone
                and (e["event_time"] >= END_MS - LEAK_DAYS * DAY_MS) == recent
            ),
        )
        kinds = Counter(e["event_type"] for e in mine)
        return kinds["add_to_cart"] / kinds["product_view"]

    assert rate(phone=True, recent=True) < rate(phone=True, recent=False) / 3
    assert rate(phone=False, recent=True) > rate(phone=False, recent=False) / 2


def test_some_searches_find_nothing(events: list[NativeEvent]) -> None:
    empty = of(events, lambda e: e["event_type"] == "search" and e["properties"]["results"] == 0)
    assert {e["search_term"] for e in empty} == set(EMPTY_TERMS)


def test_loyal_customers_complain_and_fall_silent(events: list[NativeEvent]) -> None:
    complained = {e["visitor_id"]: e["event_time"] for e in events if e["event_type"] == "complaint"}
    assert len(complained) >= 8
    later = of(
        events,
        lambda e: (
            e["event_type"] == "page_view"
            and e["event_time"] > complained.get(e["visitor_id"], END_MS) + DAY_MS
        ),
    )
    assert not later
    before = Counter(e["visitor_id"] for e in events if e["event_type"] == "page_view")
    assert min(before[visitor] for visitor in complained) >= 10


def test_wap_visitors_come_from_two_countries_through_gateways(events: list[NativeEvent]) -> None:
    wap = of(events, lambda e: e["channel"] == "wap")
    assert {e["country"] for e in wap} == {c.code for c in WAP_COUNTRIES}
    assert all(e["gateway"] and e["url"].startswith("http://wap.shop.example/") for e in wap)


def test_orders_have_items_that_add_up_and_refunds_name_an_order(events: list[NativeEvent]) -> None:
    orders = {e["order_id"]: e for e in events if e["event_type"] == "order"}
    assert len(orders) > 100
    for order in orders.values():
        items = order["items"]
        assert round(sum(i["price"] * i["quantity"] for i in items), 2) == float(order["revenue"])
    refunds = of(events, lambda e: e["event_type"] == "refund")
    assert refunds
    assert all(e["order_id"] in orders for e in refunds)


def test_a_customer_logs_in_on_two_devices(events: list[NativeEvent]) -> None:
    devices: dict[str, set[str]] = {}
    for e in of(events, lambda e: e["event_type"] == "identify"):
        devices.setdefault(e["user_id"], set()).add(e["visitor_id"])
    assert sum(len(ids) == 2 for ids in devices.values()) >= 10


def test_a_history_is_written_as_lines_plain_or_zipped(tmp_path: Path) -> None:
    plain, zipped = tmp_path / "h.ndjson", tmp_path / "h.ndjson.gz"
    written = write_history(plain, END, days=3, visitors_per_day=5, seed=2)
    assert write_history(zipped, END, days=3, visitors_per_day=5, seed=2) == written
    assert gzip.decompress(zipped.read_bytes()) == plain.read_bytes()
    lines = plain.read_bytes().splitlines()
    assert len(lines) == written
    assert [json.loads(line) for line in lines] == list(history(END, 3, 5, 2))
