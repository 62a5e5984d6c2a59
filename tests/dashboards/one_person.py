"""Anna, who uses a browser, a WAP phone and the call centre, and others; written straight into the tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from hashlib import md5
from typing import Any

import polars as pl

from schemas.arrow import schema
from schemas.event import Event
from schemas.identity_edge import IdentityEdge, Person
from schemas.objects import Site
from schemas.session import Session
from store.objects import put_site
from store.tables.client import Store

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)
SITE = Site("tea", "tea.example", "Europe/Vienna")
ANNA, BROWSER, WAP = "user:anna", "browser-1", "wap-1"
ODD = "o'dd <b>&\"id"


def at(days: float, minutes: float = 0) -> datetime:
    """So long before now, plus minutes."""
    return NOW - timedelta(days=days) + timedelta(minutes=minutes)


def open_tea(store: Store, site_id: str = SITE.id, shift: timedelta = timedelta()) -> Site:
    """Anna's five sessions, an order of 80 and one by telephone; a visitor of one day; an odd id."""
    site = replace(SITE, id=site_id, domain=f"{site_id}.example")
    put_site(store, site)
    sessions = [
        _session(BROWSER, 40, minutes=10, source="google", medium="organic", channel_group="Organic search"),
        _session(BROWSER, 30, minutes=5),
        _session(WAP, 20, minutes=4, channel="wap", device_class="feature_phone", browser="", country="KE"),
        _session(BROWSER, 10, minutes=30, orders=1, revenue=Decimal(80), source="news", medium="email"),
        _session(WAP, 9.8, minutes=6, channel="wap", device_class="feature_phone", browser="", country="KE"),
        _session("day-hash", 5, minutes=1),
        _session(ODD, 3, minutes=1),
        _session("robot", 2, minutes=1, is_bot=True),
    ]
    events = [*_of_anna(), *_of_others()]
    moved = [
        replace(e, site_id=site_id, event_time=e.event_time + shift, received_at=e.received_at + shift)
        for e in events
    ]
    insert(store, "events", Event, moved)
    insert(
        store,
        "sessions",
        Session,
        [replace(s, site_id=site_id, start=s.start + shift, end=s.end + shift) for s in sessions],
    )
    edges = [
        IdentityEdge(site_id, BROWSER, ANNA, at(40, 2) + shift, "identify"),
        IdentityEdge(site_id, WAP, ANNA, at(20, 1) + shift, "identify"),
        IdentityEdge(site_id, WAP, "user:bert", at(9.8, 1) + shift, "identify"),
        IdentityEdge(site_id, BROWSER, "group:tea club", at(30) + shift, "group"),
    ]
    insert(store, "identity_edges", IdentityEdge, edges)
    insert(store, "persons", Person, [Person(site_id, one, ANNA) for one in (BROWSER, WAP)])
    return site


def _of_anna() -> list[Event]:
    first = [event(BROWSER, 40, 0, path="/"), event(BROWSER, 40, 1, path="/tea", title="All teas")]
    pings = [event(BROWSER, 40, 2 + n, event_type="ping", path="/tea", title="All teas") for n in range(3)]
    last = event(BROWSER, 40, 10, path="/tea/green")
    wap = [event(WAP, 20, n * 4, channel="wap", path="/w", country="KE") for n in range(2)]
    order = [
        event(BROWSER, 10, 0, path="/cart", properties='{"email":"anna@tea.example","plan":"gold"}'),
        event(BROWSER, 10, 30, event_type="order", order_id="A-1", revenue=Decimal(80), path="/thanks"),
    ]
    call = event(
        ANNA,
        10,
        15,
        channel="call_center",
        event_type="contact",
        event_name="asked for a cup",
        id_quality="user",
    )
    later = event(
        ANNA, 8, 0, channel="call_center", event_type="order", order_id="T-1", revenue=Decimal(20),
        id_quality="user",
    )  # fmt: skip
    back = [event(BROWSER, 30, 0, path="/"), event(BROWSER, 30, 5, path="/tea")]
    again = [event(WAP, 9.8, n * 6, channel="wap", path="/w", country="KE") for n in range(2)]
    return [*first, *pings, last, *back, *wap, *order, call, later, *again]


def _of_others() -> list[Event]:
    return [
        event("day-hash", 5, 0, id_quality="salted_daily", path="/"),
        event(ODD, 3, 0, path="/<img src=x onerror=alert(1)>", properties='{"plan":"gold"}'),
        event("robot", 2, 0, is_bot=True),
    ]


def event(visitor: str, days: float, minutes: float, **more: Any) -> Event:
    """A page view unless said otherwise."""
    moment = at(days, minutes)
    given = {"event_type": "page_view", "country": "DE", **more}
    return Event(
        site_id=SITE.id, event_id=f"{visitor[:20]}-{days}-{minutes}", protocol="native", received_at=moment,
        event_time=moment, visitor_id=visitor, raw_ref="log:0:0:0:0", **given,
    )  # fmt: skip


def _session(visitor: str, days: float, minutes: float, **more: Any) -> Session:
    given = {"channel": "web", "source": "direct", "medium": "none", "channel_group": "Direct", **more}
    made = Session(
        site_id=SITE.id, visitor_id=visitor, session_id=md5(f"{visitor}{days}".encode()).hexdigest()[:16],
        start=at(days), end=at(days, minutes), events=2, page_views=2, engaged_s=60.0, entry_path="/",
        country="DE", device_class="desktop", browser="Firefox", os="Linux", is_engaged=True,
    )  # fmt: skip
    return replace(made, **given)


def insert(store: Store, table: str, record: type, rows: list[Any]) -> None:
    """Rows into a table."""
    columns = {name: [getattr(row, name) for row in rows] for name in schema(record)}
    store.insert(table, pl.DataFrame(columns, schema=schema(record)))
