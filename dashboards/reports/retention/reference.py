"""What retention means, row by row: readable, slow, and what the queries are held to.

What is after now is not seen. Bots are left out, and so are visitors whose id lasts one day only: nobody
could know them again. The rest are counted by person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from dashboards.reports.retention.calendar import Calendar
from dashboards.reports.retention.options import RetentionOptions
from schemas.event import Event
from schemas.session import Session

Meets = Callable[[Event], bool]
Place = tuple[datetime, int, str, str]


@dataclass(frozen=True)
class Known:
    """All rows of a site that count; `persons` has the visitors that are joined to others.

    `ranks`: by which value of the breakdown a person is known whose first sessions start in one instant.
    """

    sessions: Sequence[Session]
    events: Sequence[Event]
    persons: Mapping[str, str]
    ranks: Mapping[str, int] = field(default_factory=dict)

    def person(self, visitor_id: str) -> str:
        """Who a visitor is; by default itself."""
        return self.persons.get(visitor_id, visitor_id)

    def daily(self) -> set[str]:
        """Visitors whose id lasts one day only."""
        return {event.visitor_id for event in self.events if event.id_quality == "salted_daily"}


@dataclass(frozen=True)
class Act:
    """Something that can start or return; `place` is its order among the acts of a person."""

    person: str
    touches: range  # the periods from its start to its end
    starts: bool
    returns: bool
    revenue: Decimal
    place: Place
    value: str  # of the field of the breakdown


Key = tuple[str, int, int]
"""(value of the breakdown, cohort, periods after it)."""


def cells(
    known: Known,
    options: RetentionOptions,
    calendar: Calendar,
    *,
    starts: Meets | None = None,
    returns: Meets | None = None,
) -> dict[Key, tuple[int, Decimal]]:
    """(people, revenue) where there is any; `starts` and `returns` None: active."""
    begun = calendar.begun
    acts = _by_person(known, options, calendar, starts, returns)
    people = members(known, options, calendar, starts=starts, returns=returns)
    revenue: dict[Key, Decimal] = defaultdict(Decimal)
    for (value, cohort, offset), own in people.items():
        for act in (act for person in own if offset == 0 for act in acts[person]):
            if cohort <= act.touches[0] < begun:
                revenue[value, cohort, act.touches[0] - cohort] += act.revenue
    found = {key: (len(people.get(key, ())), revenue[key]) for key in {*people, *revenue}}
    return {key: cell for key, cell in found.items() if any(cell)}


def members(
    known: Known,
    options: RetentionOptions,
    calendar: Calendar,
    *,
    starts: Meets | None = None,
    returns: Meets | None = None,
) -> dict[Key, set[str]]:
    """The people of each cell; those of the cohort itself 0 periods after it."""
    found: dict[Key, set[str]] = defaultdict(set)
    for person, own in _by_person(known, options, calendar, starts, returns).items():
        for cohort, value in _cohorts(own, options):
            if 0 <= cohort < calendar.begun:
                for period in {cohort, *_back(own, cohort, options, calendar)}:
                    found[value, cohort, period - cohort].add(person)
    return dict(found)


def earlier(
    known: Known,
    options: RetentionOptions,
    calendar: Calendar,
    *,
    starts: Meets | None = None,
    returns: Meets | None = None,
) -> int | None:
    """People whose first start lies before the calendar; None where that is not asked."""
    if options.start != "first":
        return None
    acts = _by_person(known, options, calendar, starts, returns)
    return sum(cohort < 0 for own in acts.values() for cohort, _ in _cohorts(own, options))


def waits(known: Known, calendar: Calendar) -> list[tuple[int, bool]]:
    """(whole seconds, whether back) of each person whose first visit of all history starts in the calendar.

    From the end of that visit to the start of the next, or to now. A visit on another device that starts
    before the first has ended is part of it.
    """
    begins, ends, now, daily = calendar.begins(0), calendar.ends, calendar.now, known.daily()
    visits: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for session in known.sessions:
        if not session.is_bot and session.visitor_id not in daily and session.start <= now:
            visits[known.person(session.visitor_id)].append((session.start, session.end))
    found = []
    for own in visits.values():
        start, end = min(own)
        if begins <= start < ends:
            later = [visit[0] for visit in own if visit[0] > end]
            wait = (min(later, default=now) - end).total_seconds()
            found.append((max(0, int(wait)), bool(later)))
    return found


def _by_person(
    known: Known, options: RetentionOptions, calendar: Calendar, starts: Meets | None, returns: Meets | None
) -> dict[str, list[Act]]:
    acts: dict[str, list[Act]] = defaultdict(list)
    for act in _acts(known, options, calendar, starts, returns):
        acts[act.person].append(act)
    return acts


def _acts(
    known: Known, options: RetentionOptions, calendar: Calendar, starts: Meets | None, returns: Meets | None
) -> Iterator[Act]:
    """Sessions where no condition is given, events where one is; sessions also bring the revenue."""
    daily, index, now, by = known.daily(), calendar.index, calendar.now, options.breakdown
    active = starts is None, returns is None
    for s in known.sessions:
        if not s.is_bot and s.visitor_id not in daily and s.start <= now:
            person, touches = known.person(s.visitor_id), range(index(s.start), index(s.end) + 1)
            value = str(getattr(s, by)) if by and active[0] else ""
            place = (s.start, known.ranks.get(value, 0), "", "")
            yield Act(person, touches, *active, s.revenue, place, value)
    for e in known.events:
        fits = bool(starts and starts(e)), bool(returns and returns(e))
        if any(fits) and not e.is_bot and e.visitor_id not in daily and e.event_time <= now:
            person, at = known.person(e.visitor_id), index(e.event_time)
            place = (e.event_time, e.seq, e.event_id, e.visitor_id)
            value = str(getattr(e, by)) if by and starts else ""
            yield Act(person, range(at, at + 1), *fits, Decimal(0), place, value)


def _cohorts(own: Sequence[Act], options: RetentionOptions) -> Iterator[tuple[int, str]]:
    """(period, value at the first start in it) of each cohort a person belongs to."""
    values: dict[int, str] = {}
    for act in sorted((act for act in own if act.starts), key=lambda act: act.place):
        for period in act.touches:
            values.setdefault(period, act.value)
    if options.start == "first" and values:
        yield min(values.items())
    else:
        yield from values.items()


def _back(own: Sequence[Act], cohort: int, options: RetentionOptions, calendar: Calendar) -> set[int]:
    """The later periods for which a person counts as having come back."""
    touched = {period for act in own if act.returns for period in act.touches}
    later = {period for period in touched if cohort < period < calendar.begun}
    if options.return_ == "on_or_after":
        return set(range(cohort + 1, max(later, default=cohort) + 1))
    return later
