"""What lifecycle means, row by row: readable, slow, and what the query is held to."""

from __future__ import annotations

from collections import defaultdict

from dashboards.reports.retention.calendar import Calendar
from dashboards.reports.retention.reference import Known

Stages = dict[tuple[int, str], set[str]]


def stages(known: Known, calendar: Calendar) -> Stages:
    """(period, stage) → people, for the periods of a calendar that have begun."""
    daily = known.daily()
    active: dict[str, set[int]] = defaultdict(set)
    for session in known.sessions:
        if not session.is_bot and session.visitor_id not in daily and session.start <= calendar.now:
            touched = range(calendar.index(session.start), calendar.index(session.end) + 1)
            active[known.person(session.visitor_id)].update(touched)
    found: Stages = defaultdict(set)
    for person, own in active.items():
        for at in range(calendar.begun):
            if stage := _stage(own, at):
                found[at, stage].add(person)
    return dict(found)


def _stage(own: set[int], at: int) -> str:
    before = at - 1 in own
    if at not in own:
        return "dormant" if before else ""
    if before:
        return "returning"
    return "resurrecting" if min(own) < at else "new"
