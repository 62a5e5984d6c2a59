"""A site whose people come back by rule, so that every number of retention is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from dashboards.period import midnight
from schemas.event import Event
from schemas.objects import Site
from schemas.session import Session
from store.objects import put_site
from store.tables.client import Store
from tests.dashboards.history import History, write

ZONE = "Europe/Vienna"
WEEKS, PEOPLE = 12, 40
"""Cohorts, the last of which still runs, and people in each: person i of channel wap where 4 divides i."""


def back(person: int, week: int) -> bool:
    """Whether a person is there so many weeks after the first: fewer each week, and hardly any of WAP."""
    if week == 0:
        return True
    if person % 4 == 0:
        return person % (20 * week) == 0
    return person % (2 * week) == 1


def open_club(store: Store, site_id: str, now: datetime) -> Site:
    """Twelve weekly cohorts up to the week of `now`; each visit of a member is an hour of one weekday."""
    site = Site(site_id, f"{site_id}.example", ZONE, "EUR")
    put_site(store, site)
    monday = now.date() - timedelta(days=now.weekday())
    first = monday - timedelta(weeks=WEEKS - 1)
    sessions = [
        session
        for cohort in range(WEEKS)
        for person in range(PEOPLE)
        for session in _of(site_id, first, cohort, person)
        if session.end <= now
    ]
    daily = [
        replace(session, visitor_id=f"daily-{at}", session_id=f"d{at:015x}", revenue=Decimal(0), orders=0)
        for at, session in enumerate(sessions[:: PEOPLE // 4])
    ]
    made = [*sessions, *daily]
    write(store, History(site_id, [_event(one) for one in made], made, {}))
    return site


def _of(site_id: str, first: date, cohort: int, person: int) -> list[Session]:
    found = []
    for week in range(WEEKS - cohort):
        if not back(person, week):
            continue
        day = first + timedelta(weeks=cohort + week, days=person % 2)
        start = midnight(day, ZONE) + timedelta(hours=1, minutes=person)
        paid = Decimal(20) if person % 5 == 1 else Decimal(0)
        wap = person % 4 == 0
        found.append(
            Session(
                site_id, f"c{cohort}p{person}", f"{cohort:04x}{person:04x}{week:08x}", start,
                start + timedelta(minutes=10), events=1, page_views=1, channel="wap" if wap else "web",
                source="google" if person % 3 else "direct", country="AT", orders=int(paid > 0), revenue=paid,
            )
        )  # fmt: skip
    return found


def _event(session: Session) -> Event:
    daily = session.visitor_id.startswith("daily")
    return Event(
        session.site_id, f"e-{session.session_id}", "order" if session.orders else "page_view", "native",
        session.start, session.start, session.visitor_id, channel=session.channel, path="/",
        id_quality="salted_daily" if daily else "cookie", country=session.country, source=session.source,
        order_id=session.session_id if session.orders else "", revenue=session.revenue,
    )  # fmt: skip
