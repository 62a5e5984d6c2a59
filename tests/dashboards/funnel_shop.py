"""A shop with a funnel known by heart: 110 view, 60 see a product, 30 fill a cart, 20 order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import polars as pl

from schemas.arrow import schema
from schemas.event import Event
from schemas.objects import Site
from store.objects import put_site
from store.tables.client import Store

VIEW, PRODUCT, CART, ORDER = (
    f"event_type={one}" for one in ("page_view", "product_view", "add_to_cart", "order")
)
STEPS = (VIEW, PRODUCT, CART, ORDER)
COUNTS = (110, 60, 30, 20)
LEFT, WAITING = (40, 30, 10, 0), (10, 0, 0, 0)
SEARCHED, READ = 10, 5
"""Of those who left after they saw a product: what they did next. The others did nothing more."""

_WEB, _WAP = (60, 40, 24, 18), (40, 20, 6, 2)
_FRESH = 10
_TYPES = ("page_view", "product_view", "add_to_cart", "order")


@dataclass(frozen=True)
class FunnelShop:
    """The site and the moment of asking."""

    site: Site
    now: datetime


def open_funnel_shop(store: Store, site_id: str, now: datetime | None = None) -> FunnelShop:
    """Sixty on the web and forty on WAP twenty days ago; ten more yesterday, who only viewed."""
    shop = FunnelShop(
        Site(site_id, f"{site_id}.example", "Europe/Vienna"),
        (now or datetime.now(timezone.utc)).replace(microsecond=0),
    )
    put_site(store, shop.site)
    old = shop.now - timedelta(days=20)
    events: list[Event] = []
    for channel, counts in (("web", _WEB), ("wap", _WAP)):
        for number in range(counts[0]):
            done = [kind for kind, count in zip(_TYPES, counts, strict=True) if number < count]
            events += _visit(site_id, f"{channel}{number}", channel, old, done)
    for number in range(_FRESH):
        events += _visit(site_id, f"new{number}", "web", shop.now - timedelta(days=1), ["page_view"])
    gone = [f"web{n}" for n in range(24, 40)]  # saw a product, filled no cart
    for visitor in gone[:SEARCHED]:
        events.append(_event(site_id, visitor, "web", old, 9, "search", "/search"))
    for visitor in gone[SEARCHED : SEARCHED + READ]:
        events.append(_event(site_id, visitor, "web", old, 9, "page_view", "/help"))
    columns = {name: [getattr(one, name) for one in events] for name in schema(Event)}
    store.insert("events", pl.DataFrame(columns, schema=schema(Event)))
    return shop


def _visit(site: str, visitor: str, channel: str, at: datetime, types: list[str]) -> list[Event]:
    return [_event(site, visitor, channel, at, minute, kind, f"/{kind}") for minute, kind in enumerate(types)]


def _event(
    site: str, visitor: str, channel: str, start: datetime, minute: int, kind: str, path: str
) -> Event:
    at = start + timedelta(minutes=minute)
    return Event(
        site_id=site, event_id=f"{visitor}-{minute}", event_type=kind, protocol="native", received_at=at,
        event_time=at, visitor_id=visitor, channel=channel, path=path,
        country="KE" if channel == "wap" else "DE",
    )  # fmt: skip
