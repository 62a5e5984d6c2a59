"""A small shop whose numbers are known by heart, written straight into the tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import polars as pl

from schemas.arrow import schema
from schemas.event import Event
from schemas.failed_event import FailedEvent
from schemas.objects import Site
from schemas.session import Session
from store.objects import put_site
from store.tables.client import Store

ODD_PATH = "/<img src=x onerror=alert(1)>"
VISITORS, SESSIONS, PAGE_VIEWS, BOUNCE_RATE, BEFORE = 10, 12, 36, "25.0%", 5


@dataclass(frozen=True)
class Shop:
    """The site and the instant around which its history lies."""

    site: Site
    now: datetime

    @property
    def id(self) -> str:
        """The id of the site."""
        return self.site.id


def open_shop(store: Store, site_id: str, now: datetime | None = None) -> Shop:
    """Twelve human sessions of ten visitors in the last ten days, five in the 30 days before, two of bots."""
    shop = Shop(
        Site(site_id, f"{site_id}.example", "Europe/Vienna"),
        (now or datetime.now(timezone.utc)).replace(microsecond=0),
    )
    put_site(store, shop.site)
    recent = [_session(shop, number, days=1 + number % 9) for number in range(SESSIONS)]
    earlier = [_session(shop, 100 + number, days=40 + number) for number in range(BEFORE)]
    bots = [replace(_session(shop, 200 + number, days=3), is_bot=True) for number in range(2)]
    _insert(store, "sessions", Session, [*recent, *earlier, *bots])
    _insert(store, "events", Event, [view for s in (*recent, *earlier, *bots) for view in _views(s)])
    return shop


def click(store: Store, shop: Shop, event_id: str, at: datetime, **fields: Any) -> None:
    """One event that the pipeline would have written now."""
    made = Event(
        site_id=shop.id, event_id=event_id, event_type="page_view", protocol="native", received_at=at,
        event_time=at, visitor_id=f"late-{event_id}", path="/hats", country="KE", channel="wap",
    )  # fmt: skip
    _insert(store, "events", Event, [replace(made, **fields)])


def refuse(store: Store, detail: str, at: datetime) -> None:
    """A request for a site nobody has."""
    failed = FailedEvent("", f"failed-{detail}", at, "collection", "unknown_site", "native", detail)
    _insert(store, "failed_events", FailedEvent, [failed])


def _session(shop: Shop, number: int, days: int) -> Session:
    start = shop.now - timedelta(days=days, hours=1)
    wap, visitor = number % 3 == 0, f"v{number % VISITORS if number < 100 else number}"
    return Session(
        site_id=shop.id, visitor_id=visitor, session_id=f"{number:016x}", start=start,
        end=start + timedelta(minutes=2), events=3, page_views=3, engaged_s=30.0, entry_path="/",
        exit_path=ODD_PATH, channel="wap" if wap else "web", source="google" if number % 2 else "direct",
        medium="organic" if number % 2 else "none", campaign="winter" if number % 6 == 1 else "",
        channel_group="Organic search" if number % 2 else "Direct", browser="Firefox",
        device_class="feature_phone" if wap else "desktop", country="KE" if wap else "DE",
        is_bounce=number % 4 == 0, is_engaged=number % 4 != 0,
    )  # fmt: skip


def _views(session: Session) -> list[Event]:
    return [
        Event(
            site_id=session.site_id, event_id=f"{session.session_id}-{at}", event_type="page_view",
            protocol="native", received_at=session.start + timedelta(minutes=at),
            event_time=session.start + timedelta(minutes=at), visitor_id=session.visitor_id, path=path,
            title=path, country=session.country, channel=session.channel, is_bot=session.is_bot,
        )
        for at, path in enumerate(("/", "/hats", ODD_PATH))
    ]  # fmt: skip


def _insert(store: Store, table: str, record: type, rows: list[Any]) -> None:
    columns = {name: [getattr(row, name) for row in rows] for name in schema(record)}
    store.insert(table, pl.DataFrame(columns, schema=schema(record)))
