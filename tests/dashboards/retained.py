"""Invented histories that crowd around the ends of days, weeks and months of a zone."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from dashboards.period import DAY, midnight
from dashboards.reports.retention.reference import Known
from schemas.event import Event
from schemas.session import Session
from tests.dashboards.history import History

MOMENT = timedelta(milliseconds=1)
PLACES = (
    ("UTC", date(2028, 2, 21)),  # a leap year
    ("Europe/Berlin", date(2026, 10, 19)),  # the 25th has 25 hours
    ("Europe/Berlin", date(2026, 3, 23)),  # the 29th has 23
    ("America/Santiago", date(2026, 8, 31)),  # September 6 has no midnight
    ("Asia/Kolkata", date(2026, 12, 24)),  # over a new year, half an hour off
)
"""A zone and the first date of its history."""

OFFSETS = (
    timedelta(0),
    -MOMENT,
    MOMENT,
    timedelta(hours=1),
    timedelta(hours=12),
    timedelta(hours=23, minutes=59),
)
LENGTHS = (timedelta(0), MOMENT, timedelta(minutes=5), timedelta(hours=6), DAY)


@dataclass(frozen=True)
class Visit:
    """What chance decides about a visit."""

    day: int
    offset: timedelta
    length: timedelta
    choice: int  # everything else


@dataclass(frozen=True)
class Visitor:
    """A device: of which person (None: of its own), with which id, and its visits."""

    person: int | None
    daily: bool
    visits: Sequence[Visit]


def visits(days: int) -> st.SearchStrategy[Visit]:
    """Some visit of so many days; most begin near a midnight."""
    return st.builds(
        Visit,
        st.integers(0, days - 1),
        st.sampled_from(OFFSETS),
        st.sampled_from(LENGTHS),
        st.integers(0, 2**20),
    )


def visitors(days: int) -> st.SearchStrategy[list[Visitor]]:
    """Up to 25 visitors, many of them joined."""
    one = st.builds(
        Visitor,
        st.none() | st.integers(0, 4),
        st.sampled_from((False, False, False, True)),
        st.lists(visits(days), max_size=6),
    )
    return st.lists(one, max_size=25)


def drawn(rng: random.Random, people: int, days: int) -> list[Visitor]:
    """The same by a generator: as many visitors as are asked for."""

    def visit() -> Visit:
        return Visit(rng.randrange(days), rng.choice(OFFSETS), rng.choice(LENGTHS), rng.randrange(2**20))

    return [
        Visitor(
            rng.choice((None, rng.randrange(people // 2))),
            rng.random() < 0.15,
            [visit() for _ in range(rng.randrange(8))],
        )
        for _ in range(people)
    ]


def history(found: Sequence[Visitor], zone: str, first: date) -> History:
    """The rows of visitors; sessions of one visitor do not overlap."""
    site_id = f"kept-{uuid.uuid4().hex[:10]}"
    events: list[Event] = []
    sessions: list[Session] = []
    persons: dict[str, str] = {}
    for number, visitor in enumerate(found):
        name = f"v{number}"
        if visitor.person is not None:
            persons[name] = f"user:{visitor.person}"
        made = list(_sessions(site_id, name, visitor, zone, first))
        sessions += [session for session, _ in made]
        for at, (session, choice) in enumerate(made):
            quality = "salted_daily" if visitor.daily else "cookie"
            events += _events(session, choice, quality, f"{name}-{at}")
    return History(site_id, events, sessions, persons)


def known(found: History) -> Known:
    """As the reference takes it."""
    return Known(found.sessions, found.events, found.persons)


def _sessions(
    site_id: str, name: str, visitor: Visitor, zone: str, first: date
) -> Iterator[tuple[Session, int]]:
    starts = {midnight(first + visit.day * DAY, zone) + visit.offset: visit for visit in visitor.visits}
    ordered = sorted(starts)
    for at, start in enumerate(ordered):
        visit = starts[start]
        end = start + visit.length
        if at + 1 < len(ordered):
            end = min(end, ordered[at + 1] - MOMENT)
        choice = visit.choice
        yield (
            Session(
                site_id,
                name,
                f"{choice % 4096:08x}{int(name[1:]):04x}{at:04x}",
                start,
                end,
                country=("DE", "FR", "")[choice % 3],
                source=("google", "letter")[choice // 3 % 2],
                orders=choice // 6 % 2,
                revenue=Decimal(choice // 6 % 2 * (choice % 7919) - choice // 12 % 3 * 100) / 100,
                is_bot=choice % 11 == 0,
            ),
            choice,
        )


def _events(session: Session, choice: int, quality: str, name: str) -> Iterator[Event]:
    """One at either end, one in the middle, and one after it that no session holds."""
    times = [session.start, session.start + (session.end - session.start) / 2, session.end]
    times = [_whole(at) for at in times] + [session.end + MOMENT] * (choice % 5 == 0)
    for at, time in enumerate(times):
        luck = choice // (at + 1)
        yield replace(
            Event(
                session.site_id,
                f"{luck % 3}-{name}-{at}",
                "page_view",
                "native",
                time,
                time,
                session.visitor_id,
            ),
            event_type=("page_view", "order", "click")[luck % 3],
            path=("/a", "/b", "/it's")[luck // 3 % 3],
            country=("DE", "FR", "")[luck // 9 % 3],
            source=session.source,
            seq=luck % 2,
            value=float(luck % 20),
            id_quality=quality,
            is_bot=luck % 13 == 0,
        )


def _whole(time: datetime) -> datetime:
    """Cut to milliseconds, as the tables keep it."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)
