"""The session rule for one visitor, row by row: the form to read, and what the columnar form is held to.

Pure. `sessionize.columns` says the same for any number of visitors at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import xxhash

from schemas.event import INTERACTIVE, OUTSIDE_SESSIONS, VIEWS, Event
from schemas.objects import Site
from schemas.session import Session

ENGAGED_S = 10.0
ENGAGED_VIEWS = 2
ID_SEPARATOR = "\0"


@dataclass(frozen=True)
class Rule:
    """How a site cuts its visitors' events; times in milliseconds."""

    timeout_ms: int = 1_800_000  # a pause of exactly this long continues the session
    max_length_ms: int = 86_400_000
    max_events: int = 10_000
    currency: str = "EUR"  # of the revenue; amounts in other currencies are left out

    @classmethod
    def of(cls, site: Site) -> Rule:
        """The rule a site has chosen."""
        return cls(timeout_ms=site.timeout_s * 1000, currency=site.currency)


@dataclass(frozen=True)
class Cut:
    """One visitor's sessions, oldest first; the session of each member event; passive events in none."""

    sessions: list[Session] = field(default_factory=list)
    members: dict[str, str] = field(default_factory=dict)  # event_id → session_id
    strays: int = 0


def cut(events: Iterable[Event], rule: Rule) -> Cut:
    """Cut one visitor's events, in any order and without repeats, into sessions."""
    result, strays = [], 0
    current: list[Event] = []
    for event in sorted(events, key=_order):
        if event.channel in OUTSIDE_SESSIONS:
            continue
        if current and _joins(event, current, rule):
            current.append(event)
        elif event.event_type in INTERACTIVE:
            current = [event]
            result.append(current)
        else:
            strays += 1
    sessions = [summary(members, rule) for members in result]
    of = {e.event_id: s.session_id for s, members in zip(sessions, result, strict=True) for e in members}
    return Cut(sessions, of, strays)


def session_id(site_id: str, visitor_id: str, first_event_id: str) -> str:
    """16 hex digits, the same on every machine and in every version."""
    return hash_id(ID_SEPARATOR.join((site_id, visitor_id, first_event_id)).encode())


def hash_id(text: bytes) -> str:
    """16 hex digits of a 64-bit hash (XXH3): ten times as fast as a cryptographic one, and as stable."""
    return xxhash.xxh3_64_hexdigest(text)


def summary(members: list[Event], rule: Rule) -> Session:
    """The session row of its member events, which are in order and not empty."""
    first, last = members[0], members[-1]
    views = [e.path for e in members if e.event_type in VIEWS]
    orders = {_order_key(e) for e in members if e.event_type == "order"}
    engaged_s = _engaged_ms(members) / 1000
    engaged = engaged_s > ENGAGED_S or len(views) >= ENGAGED_VIEWS or bool(orders)
    return Session(
        site_id=first.site_id,
        visitor_id=first.visitor_id,
        session_id=session_id(first.site_id, first.visitor_id, first.event_id),
        start=first.event_time,
        end=last.event_time,
        events=len(members),
        page_views=len(views),
        engaged_s=engaged_s,
        entry_path=views[0] if views else "",
        exit_path=views[-1] if views else "",
        host=first.host,
        channel=first.channel,
        source=first.source,
        medium=first.medium,
        campaign=first.utm_campaign,
        channel_group=first.channel_group,
        device_class=first.device_class,
        os=first.os,
        browser=first.browser,
        country=first.country,
        orders=len(orders),
        revenue=_revenue(members, rule.currency),
        is_bounce=not engaged,
        is_engaged=engaged,
        is_bot=any(e.is_bot for e in members),
    )


def _order(event: Event) -> tuple[object, ...]:
    return event.event_time, event.seq or 0, event.event_id.encode()


def _joins(event: Event, members: list[Event], rule: Rule) -> bool:
    return (
        event.event_time - members[-1].event_time <= timedelta(milliseconds=rule.timeout_ms)
        and event.event_time - members[0].event_time <= timedelta(milliseconds=rule.max_length_ms)
        and len(members) < rule.max_events
    )


def _engaged_ms(members: list[Event]) -> int:
    """Sum over pages of the longest visible time.

    A page is named by page_view_id; a view without one is a page of its own; any other event without one
    belongs to the page of the event before it, and so does the visible time a ping reports.
    """
    longest: dict[str | int, int] = {}
    page: str | int = 0
    for number, event in enumerate(members):
        if event.page_view_id:
            page = event.page_view_id
        elif event.event_type in VIEWS:
            page = number
        longest[page] = max(longest.get(page, 0), event.engaged_ms)
    return sum(longest.values())


def _revenue(members: list[Event], currency: str) -> Decimal:
    """Amounts of the session's orders, each order_id once, less what its members give back of them.

    An order sent twice under two event ids counts with its first amount; an order without order_id stands
    for itself; a refund of an order that is not of this session has no effect on it.
    """
    paid = [e for e in members if e.currency in ("", currency)]
    orders: dict[tuple[str, str], Decimal] = {}
    for event in paid:
        if event.event_type == "order":
            orders.setdefault(_order_key(event), event.revenue)
    back = (e.revenue for e in paid if e.event_type == "refund" and (e.order_id, "") in orders)
    return sum(orders.values(), Decimal(0)) - sum(back, Decimal(0))


def _order_key(event: Event) -> tuple[str, str]:
    return event.order_id, "" if event.order_id else event.event_id
