"""An invented history of one site, and what the overview must say of it, counted row by row in Python."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import polars as pl

from dashboards.period import Period, local_date
from schemas.arrow import schema
from schemas.event import VIEWS, Event
from schemas.identity_edge import Person
from schemas.session import Session
from store.tables.client import Store

FIRST = datetime(2026, 10, 18, 20, tzinfo=timezone.utc)
PATHS = ("/", "/pricing", "/blog/a", "/blog/b & c", "/it's", "")


@dataclass(frozen=True)
class History:
    """The rows that count, without the replaced and the removed ones."""

    site_id: str
    events: list[Event]
    sessions: list[Session]
    persons: dict[str, str]

    def person(self, visitor_id: str) -> str:
        return self.persons.get(visitor_id, visitor_id)

    def inside(self, session: Session) -> list[Event]:
        return [
            event
            for event in self.events
            if event.visitor_id == session.visitor_id and session.start <= event.event_time <= session.end
        ]


def invented(site_id: str, seed: int, visitors: int = 40) -> History:
    """About 500 events of some days around the end of summer time."""
    rng = random.Random(seed)
    events: list[Event] = []
    sessions: list[Session] = []
    for number in range(visitors):
        visitor, at = f"v{number}", FIRST + timedelta(seconds=rng.randrange(5 * 86400))
        for _ in range(rng.randint(0, 5)):
            members = _members(rng, site_id, visitor, at)
            sessions.append(_session(rng, members, f"{number:08x}{len(sessions):08x}"))
            events += members
            at = members[-1].event_time + timedelta(milliseconds=rng.randint(1_900_000, 300_000_000))
        if rng.random() < 0.3:  # a stray event: in no session
            events.append(_event(rng, site_id, visitor, at + timedelta(hours=2), 10_000, event_type="ping"))
    persons = {f"v{number}": f"user:{number % 4}" for number in range(0, visitors, 3)}
    return History(site_id, events, sessions, persons)


def write(store: Store, history: History) -> None:
    """Into the tables, together with older versions and removed rows that must not count."""
    older = [replace(s, events=s.events + 7, page_views=99, is_bounce=True) for s in history.sessions[::3]]
    gone = [
        replace(s, session_id=f"{'f' * 8}{s.session_id[8:]}", page_views=50) for s in history.sessions[::4]
    ]
    _insert(store, "sessions", Session, [*older, *gone])
    _insert(store, "sessions", Session, [replace(s, version=2) for s in history.sessions])
    _insert(store, "sessions", Session, [replace(s, version=3, is_deleted=True) for s in gone])
    copies = [replace(e, event_id=f"{e.event_id}-copy") for e in history.events[::5]]
    _insert(store, "events", Event, [*copies, *(replace(e, path="/old") for e in history.events[::6])])
    _insert(store, "events", Event, [replace(e, version=2) for e in history.events])
    _insert(store, "events", Event, [replace(e, version=3, is_deleted=True) for e in copies])
    _insert(store, "persons", Person, [Person(history.site_id, v, p, 1) for v, p in history.persons.items()])


@dataclass(frozen=True)
class Kept:
    """A filter as the reference understands it; None: not asked."""

    session: Callable[[Session], bool] = lambda _: True
    event: tuple[Callable[[Event], bool], ...] = ()
    active: bool = True
    bots: bool = False

    def keeps(self, history: History, session: Session) -> bool:
        """Whether the session fits, each event condition by one event inside it."""
        inside = history.inside(session)
        return self.session(session) and all(any(fits(e) for e in inside) for fits in self.event)


def totals(history: History, period: Period, kept: Kept) -> dict[str, Any]:
    """The numbers of the overview for a period."""
    fitting = [s for s in history.sessions if kept.keeps(history, s)]
    starting = [s for s in fitting if period.begins <= s.start < period.ends]
    counted = [s for s in starting if kept.bots or not s.is_bot]
    inside = {id(e): s for s in fitting for e in history.inside(s)} if kept.active else {}
    events = [e for e in history.events if period.begins <= e.event_time < period.ends]
    events = [e for e in events if not kept.active or id(e) in inside]
    human = [e for e in events if kept.bots or not (e.is_bot or (kept.active and inside[id(e)].is_bot))]
    return {
        "visitors": len({history.person(s.visitor_id) for s in counted}),
        "sessions": len(counted),
        "page_views": sum(s.page_views for s in counted),
        "events": len(human),
        "bounces": sum(s.is_bounce for s in counted),
        "engaged": sum(s.is_engaged for s in counted),
        "single_page": sum(s.page_views == 1 for s in counted),
        "orders": sum(s.orders for s in counted),
        "converted": sum(s.orders > 0 for s in counted),
        "revenue": sum((s.revenue for s in counted), Decimal(0)),
        "wap_sessions": sum(s.channel == "wap" for s in counted),
        "bot_sessions": sum(s.is_bot for s in starting),
        "bot_events": sum(e.is_bot for e in events),
        "by_day": top((day(s, period.zone), history.person(s.visitor_id)) for s in counted),
        "pages": top((e.path, history.person(e.visitor_id)) for e in human if e.event_type in VIEWS),
        "countries": top((s.country, history.person(s.visitor_id)) for s in counted),
        "sources": top((f"{s.source} / {s.medium}", history.person(s.visitor_id)) for s in counted),
        "entry_pages": top((s.entry_path, history.person(s.visitor_id)) for s in counted),
    }


def day(session: Session, zone: str) -> str:
    """The local date on which it starts."""
    return local_date(session.start, zone).isoformat()


def top(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Value → (persons, rows)."""
    found: dict[str, list[str]] = {}
    for value, person in pairs:
        found.setdefault(value, []).append(person)
    return {value: (len(set(persons)), len(persons)) for value, persons in found.items()}


def _members(rng: random.Random, site_id: str, visitor: str, at: datetime) -> list[Event]:
    events, bot = [], rng.random() < 0.1
    for number in range(rng.randint(1, 8)):
        events.append(_event(rng, site_id, visitor, at, number, is_bot=bot))
        at += timedelta(milliseconds=rng.randint(1, 1_800_000))
    return events


def _event(rng: random.Random, site_id: str, visitor: str, at: datetime, number: int, **more: Any) -> Event:
    values: dict[str, Any] = {
        "event_id": f"{visitor}-{number}-{at.timestamp()}",
        "event_type": rng.choice(("page_view", "page_view", "click", "order", "screen_view")),
        "protocol": "native",
        "received_at": at + timedelta(seconds=rng.choice((0, 1, 1800, 1801))),
        "id_quality": rng.choice(("cookie", "user", "salted_daily")),
        "channel": rng.choice(("web", "wap", "server")),
        "path": rng.choice(PATHS),
        "source": rng.choice(("google", "direct")),
        "value": float(rng.randrange(20)),
        "currency": rng.choice(("", "EUR", "USD")),
        "order_id": f"o{rng.randrange(30)}",
        "revenue": Decimal(rng.randrange(10_000)) / 100,
        "properties": rng.choice(("", '{"plan":"pro"}', '{"plan":"it\'s","n":3,"a":{"b":true}}', "{broken")),
    }
    return Event(site_id=site_id, event_time=at, visitor_id=visitor, **{**values, **more})


def _session(rng: random.Random, members: list[Event], session_id: str) -> Session:
    bounce, first = rng.random() < 0.4, members[0]
    return Session(
        site_id=first.site_id,
        visitor_id=first.visitor_id,
        session_id=session_id,
        start=first.event_time,
        end=members[-1].event_time,
        events=len(members),
        page_views=sum(e.event_type in VIEWS for e in members),
        engaged_s=float(rng.randrange(100)),
        entry_path=first.path,
        exit_path=members[-1].path,
        channel=rng.choice(("web", "wap")),
        source=rng.choice(("google", "newsletter", "it's")),
        medium=rng.choice(("organic", "email", "")),
        campaign=rng.choice(("", "spring & summer")),
        channel_group=rng.choice(("Organic search", "Email")),
        device_class=rng.choice(("phone", "desktop")),
        country=rng.choice(("DE", "FR", "CN")),
        orders=rng.choice((0, 0, 1, 2)),
        revenue=Decimal(rng.randrange(100_000)) / 10_000,
        is_bounce=bounce,
        is_engaged=not bounce,
        is_bot=first.is_bot or rng.random() < 0.05,
    )


def _insert(store: Store, table: str, record: type, rows: list[Any]) -> None:
    store.insert(table, pl.DataFrame([vars(row) for row in rows], schema=schema(record)))
