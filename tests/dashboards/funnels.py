"""Invented histories for funnels, and what a funnel must look at in them, row by row in Python."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from functools import cache, cached_property

import polars as pl

from dashboards.period import Period
from dashboards.reports.funnel.options import FunnelOptions
from dashboards.reports.funnel.reference import Reached, Seen, reached
from schemas.arrow import schema
from schemas.event import INTERACTIVE, Event
from schemas.identity_edge import Person
from schemas.session import Session
from store.tables.client import Store

PERIOD = Period(date(2026, 3, 10), date(2026, 3, 10))
MS = timedelta(milliseconds=1)
MINUTE = 60_000
DAY = 86_400_000
TIMES = (0, 0, 1, 20_000, 40_000, MINUTE - 1, MINUTE, MINUTE + 1, 80_000, 2 * MINUTE, 2 * MINUTE + 1, 180_000)
ENDS = (DAY - 2 * MINUTE, DAY - MINUTE, DAY - MINUTE - 1, DAY - 1, DAY)
"""Milliseconds after the begin of the period from which the times of a history count, beside 0."""

CONDITIONS: dict[str, Callable[[Event], bool]] = {
    "event_name=a": lambda e: e.event_name == "a",
    "event_name=b": lambda e: e.event_name == "b",
    "event_name=c": lambda e: e.event_name == "c",
    "event_name~^[ab]$": lambda e: e.event_name in ("a", "b"),
    "event_name~^[bcd]$ & path=/x": lambda e: e.event_name in ("b", "c", "d") and e.path == "/x",
    "path=/x": lambda e: e.path == "/x",
    "properties.plan=it's": lambda e: "it's" in e.properties,
    "event_type=error": lambda e: e.event_type == "error",
    "event_name=nobody": lambda e: e.event_name == "nobody",
}
FIELDS: dict[str, Callable[[Event], str]] = {
    "path": lambda e: e.path,
    "value": lambda e: f"{e.value:g}",
    "properties.plan": lambda e: "it's" if "it's" in e.properties else "",
    "is_bot": lambda e: str(e.is_bot).lower(),
}


@dataclass(frozen=True)
class Histories:
    """Many persons, each with a history of a few events, of up to two visitors."""

    site_id: str
    events: list[Event]
    sessions: list[Session]
    persons: dict[str, str]

    def session(self, event: Event) -> Session | None:
        same = self.by_visitor.get(event.visitor_id, [])
        return next((s for s in same if s.start <= event.event_time <= s.end), None)

    @cached_property
    def by_visitor(self) -> dict[str, list[Session]]:
        found: dict[str, list[Session]] = {}
        for session in self.sessions:
            found.setdefault(session.visitor_id, []).append(session)
        return found

    def write(self, store: Store) -> None:
        """Into the tables, with copies that have been removed."""
        people = [Person(self.site_id, v, p, 1) for v, p in self.persons.items()]
        gone = [replace(e, event_id=f"{e.event_id}-gone") for e in self.events[::7]]
        for table, record, rows in (
            ("events", Event, [*self.events, *gone]),
            ("events", Event, [replace(e, version=3, is_deleted=True) for e in gone]),
            ("sessions", Session, self.sessions),
            ("persons", Person, people),
        ):
            store.insert(table, pl.DataFrame([vars(row) for row in rows], schema=schema(record)))


@cache
def invented(site_id: str, seed: int, persons: int) -> Histories:
    """Histories full of ties, repeats, windows at their ends, and of the ends of the period."""
    rng = random.Random(seed)
    made = Histories(site_id, [], [], {})
    for number in range(persons):
        visitors = [f"v{number}"]
        if rng.random() < 0.4:
            visitors.append(f"w{number}")
            made.persons.update(dict.fromkeys(visitors, f"user:{number}"))
        base = rng.choice((0, 0, *ENDS))
        repeats = rng.choice((1, 3))
        for at in range(rng.randint(1, 9)):
            made.events.append(_event(rng, site_id, rng.choice(visitors), base, f"{number}-{at}", repeats))
        for visitor in visitors:
            made.sessions.extend(_sessions(rng, site_id, visitor, base))
    return made


def _event(rng: random.Random, site_id: str, visitor: str, base: int, event_id: str, repeats: int) -> Event:
    at = PERIOD.begins + timedelta(milliseconds=base + rng.choice(TIMES))
    return Event(
        site_id=site_id,
        event_id=f"{rng.randrange(10)}é{event_id}",
        event_type=rng.choice(("custom", "custom", "page_view", "error", "refund")),
        protocol="native",
        received_at=at,
        event_time=at,
        visitor_id=visitor,
        seq=rng.choice((0, 0, 1, 2, -1)),
        event_name=rng.choice("abcd" if repeats == 1 else "ab"),
        path=rng.choice(("/x", "/y")),
        value=float(rng.choice((1, 2.5))),
        properties=rng.choice(("", '{"plan":"it\'s"}', "{broken")),
        is_bot=rng.random() < 0.05,
    )


def _sessions(rng: random.Random, site_id: str, visitor: str, base: int) -> list[Session]:
    """One or two sessions that leave some times out."""
    first = base + rng.choice((-10, 0, 0, 0, 20_000))
    last = first + rng.choice((0, 30_000, MINUTE, 4 * MINUTE))
    spans = [(first, last), (last + 1, last + MINUTE)] if rng.random() < 0.4 else [(first, last)]
    return [_session(rng, site_id, visitor, start, end) for start, end in spans]


def _session(rng: random.Random, site_id: str, visitor: str, start: int, end: int) -> Session:
    return Session(
        site_id=site_id,
        visitor_id=visitor,
        session_id=f"{visitor}:{start}",
        start=PERIOD.begins + timedelta(milliseconds=start),
        end=PERIOD.begins + timedelta(milliseconds=end),
        country=rng.choice(("DE", "FR")),
        is_bot=rng.random() < 0.05,
    )


@dataclass(frozen=True)
class Asked:
    """A funnel, the filter of its report (on sessions) and the moment of asking."""

    options: FunnelOptions
    country: str
    bots: bool
    now: datetime

    @property
    def filters(self) -> list[str]:
        made = [f"country={self.country}"] if self.country else []
        return [*made, "is_bot=false"] if self.bots else made

    def keeps(self, session: Session | None) -> bool:
        """Whether an attempt may begin in this session."""
        if not self.filters:
            return True
        if session is None or (self.bots and session.is_bot):
            return False
        return not self.country or session.country == self.country


def seen(histories: Histories, asked: Asked) -> dict[str, list[Seen]]:
    """Unit → its events that the funnel may look at."""
    found: dict[str, list[Seen]] = {}
    for event in histories.events:
        session = histories.session(event)
        is_bot = event.is_bot or (session is not None and session.is_bot)
        late = event.event_time > asked.now or event.event_time < PERIOD.begins
        if late or (is_bot and not asked.bots) or (asked.options.unit == "session" and session is None):
            continue
        unit = {
            "person": histories.persons.get(event.visitor_id, event.visitor_id),
            "visitor": event.visitor_id,
            "session": session.session_id if session else "",
        }[asked.options.unit]
        found.setdefault(unit, []).append(_seen(event, session, asked))
    return found


def expected(histories: Histories, asked: Asked) -> dict[str, Reached]:
    """Unit → how far it came."""
    now = (asked.now - PERIOD.begins) // MS
    every = seen(histories, asked)
    found = {unit: reached(events, asked.options, now) for unit, events in every.items()}
    return {unit: one for unit, one in found.items() if one is not None}


def _seen(event: Event, session: Session | None, asked: Asked) -> Seen:
    options = asked.options
    return Seen(
        at=(event.event_time - PERIOD.begins) // MS,
        seq=event.seq,
        event_id=event.event_id,
        visitor_id=event.visitor_id,
        fits=frozenset(at for at, text in enumerate(options.steps, 1) if CONDITIONS[text](event)),
        excluded=frozenset(at for at, x in enumerate(options.exclusions) if CONDITIONS[x.condition](event)),
        inside=event.event_time < PERIOD.ends and asked.keeps(session),
        interactive=event.event_type in INTERACTIVE,
        held=tuple(FIELDS[name](event) for name in options.hold),
        value=FIELDS[options.breakdown](event) if options.breakdown else "",
        what=(event.event_type, event.event_name, event.path),
    )


def utc(milliseconds: int) -> datetime:
    """So long after the begin of the period."""
    return (PERIOD.begins + timedelta(milliseconds=milliseconds)).astimezone(timezone.utc)
