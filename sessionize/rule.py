"""The session rule for one visitor, row by row: the form to read, and what the columnar form is held to.

Pure. `sessionize.columns` says the same for any number of visitors at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import xxhash

from schemas.event import INTERACTIVE, OUTSIDE_SESSIONS, VIEWS, Event
from schemas.objects import Site
from schemas.session import Session

ENGAGED_S = 10.0
ENGAGED_VIEWS = 2
ID_SEPARATOR = "\0"
CAMPAIGN = ("utm_source", "utm_campaign", "click_id")
"""What names the campaign by which a visitor arrives."""


@dataclass(frozen=True)
class Rule:
    """How a site cuts its visitors' events; times in milliseconds."""

    timeout_ms: int = 1_800_000  # a pause of exactly this long continues the session
    max_length_ms: int = 86_400_000
    max_events: int = 10_000
    currency: str = "EUR"  # of the revenue; amounts in other currencies are left out
    cut_on_campaign: bool = False  # arriving by another campaign opens a session
    midnight_zone: str = ""  # a session ends with the day of this zone; '' = it does not

    @classmethod
    def of(cls, site: Site) -> Rule:
        """The rule a site has chosen."""
        return cls(
            timeout_ms=site.timeout_s * 1000,
            currency=site.currency,
            cut_on_campaign=site.cut_on_campaign,
            midnight_zone=site.timezone if site.cut_at_midnight else "",
        )


@dataclass(frozen=True)
class Cut:
    """One visitor's sessions, oldest first; the session of each member event; passive events in none."""

    sessions: list[Session] = field(default_factory=list)
    members: dict[str, str] = field(default_factory=dict)  # event_id → session_id
    strays: int = 0


def cut(events: Iterable[Event], rule: Rule, refunds: Iterable[Event] = ()) -> Cut:
    """Cut one visitor's events, in any order and without repeats, into sessions.

    `refunds`: those of the visitor's orders that came by another visitor id. More does no harm.
    """
    events = sorted(events, key=_order)
    result, strays = [], 0
    current: list[Event] = []
    arrived = Arrival()
    for event in events:
        if event.channel in OUTSIDE_SESSIONS:
            continue
        another = arrived.by_another_campaign(event, rule)
        if current and not another and _joins(event, current, rule):
            current.append(event)
        elif event.event_type in INTERACTIVE:
            current = [event]
            result.append(current)
        else:
            strays += 1
    given_back = _given_back([*events, *refunds], rule.currency)
    sessions = [summary(members, rule, given_back) for members in result]
    of = {e.event_id: s.session_id for s, members in zip(sessions, result, strict=True) for e in members}
    return Cut(sessions, of, strays)


@dataclass
class Arrival:
    """The campaign by which a visitor came last, since the last pause."""

    campaign: tuple[str, ...] = ()
    seen: datetime | None = None

    def by_another_campaign(self, event: Event, rule: Rule) -> bool:
        """Whether this event, the next one, arrives by a campaign that is not the one before."""
        if not rule.cut_on_campaign:
            return False
        paused = self.seen is None or event.event_time - self.seen > timedelta(milliseconds=rule.timeout_ms)
        before, self.seen = () if paused else self.campaign, event.event_time
        named = tuple(getattr(event, name) for name in CAMPAIGN)
        arrives = event.event_type in INTERACTIVE and any(named)
        self.campaign = named if arrives else before
        return arrives and named != before


def session_id(site_id: str, visitor_id: str, first_event_id: str) -> str:
    """16 hex digits, the same on every machine and in every version."""
    return hash_id(ID_SEPARATOR.join((site_id, visitor_id, first_event_id)).encode())


def hash_id(text: bytes) -> str:
    """16 hex digits of a 64-bit hash (XXH3): ten times as fast as a cryptographic one, and as stable."""
    return xxhash.xxh3_64_hexdigest(text)


def summary(members: list[Event], rule: Rule, given_back: Mapping[str, Decimal]) -> Session:
    """The session row of its member events, which are in order and not empty.

    `given_back`: order id → what was given back of it, in the site's currency.
    """
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
        revenue=_revenue(members, rule.currency, given_back),
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
        and (not rule.midnight_zone or _day(event, rule) == _day(members[0], rule))
    )


def _day(event: Event, rule: Rule) -> date:
    return event.event_time.astimezone(ZoneInfo(rule.midnight_zone)).date()


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


def _revenue(members: list[Event], currency: str, given_back: Mapping[str, Decimal]) -> Decimal:
    """Amounts of the session's orders in the site's currency, each order_id once, net of what was given back.

    An order sent twice under two event ids counts with its first amount; an order without order_id stands
    for itself.
    """
    orders: dict[tuple[str, str], Decimal] = {}
    for event in members:
        if event.event_type == "order" and event.currency in ("", currency):
            orders.setdefault(_order_key(event), event.revenue)
    back = (given_back.get(order_id, Decimal(0)) for order_id, _ in orders if order_id)
    return sum(orders.values(), Decimal(0)) - sum(back, Decimal(0))


def _given_back(events: Iterable[Event], currency: str) -> dict[str, Decimal]:
    """Order id → sum of its refunds, each event once, in the site's currency."""
    refunds = {
        (e.visitor_id, e.event_id): (e.order_id, e.revenue)
        for e in events
        if e.event_type == "refund" and e.order_id and e.currency in ("", currency)
    }
    sums: dict[str, Decimal] = {}
    for order_id, amount in refunds.values():
        sums[order_id] = sums.get(order_id, Decimal(0)) + amount
    return sums


def _order_key(event: Event) -> tuple[str, str]:
    return event.order_id, "" if event.order_id else event.event_id
