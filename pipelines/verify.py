"""The tables compared with what they must follow from: sessions from events, these from the raw log, persons.

Events are read in slices of visitors and cut by the readable row form, while nobody writes; so it is the
oracle of the tests, and a check that anybody can run on their own tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import polars as pl

from clicktrail.output import Progress, silent
from clicktrail.settings import Settings
from ingest.persons import persons_again
from pipelines.known import read_sql
from pipelines.lease import lease_of
from pipelines.verify_log import Difference, LogCheck, differing_events
from pipelines.worker import worker
from schemas.event import Event
from schemas.objects import Site
from schemas.session import Session
from sessionize.repeats import SLIM, winner
from sessionize.rule import Rule, cut
from store.tables.client import Store

SLICE_EVENTS = 200_000
SIZE, SESSIONS = read_sql("verify_size"), read_sql("verify_sessions")
EVENTS, REFUNDS = (
    read_sql(name).replace("{rule_columns}", ", ".join(SLIM))
    for name in ("verify_events", "standing_refunds")
)
EDGES, PERSONS = read_sql("verify_edges"), read_sql("verify_persons")
BEGIN = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
END = datetime.fromisoformat("2149-06-06T00:00:00+00:00")


@dataclass
class Verified:
    """How much of a site was compared, and what differs."""

    events: int = 0
    visitors: int = 0
    sessions: int = 0
    log: LogCheck = field(default_factory=LogCheck)
    differences: list[Difference] = field(default_factory=list)


def verify(
    settings: Settings,
    site: Site,
    start: datetime = BEGIN,
    end: datetime = END,
    progress: Progress = silent,
) -> Verified:
    """Compare the sessions of a site that start in [start, end), and its events with the log.

    Other writers wait while one slice of the visitors is read. Raises StoreError and LogError.
    """
    store, lease = worker(settings).store, lease_of(settings, worker(settings).store)
    slices = store.rows(SIZE, site_id=site.id)[0]["events"] // SLICE_EVENTS + 1
    found = Verified()
    for number in range(slices):
        asked = {"site_id": site.id, "slices": slices, "slice": number, "start": start, "end": end}
        with lease.still():
            events, refunds, sessions = _read(store, asked)
        _compare(found, events, refunds, sessions, Rule.of(site), (start, end))
        progress(number + 1, f"{found.events} events")
    with lease.still():
        found.differences += _persons(store, site)
    found.differences += differing_events(settings, lease, site, found.log)
    return found


def _read(store: Store, asked: dict[str, Any]) -> tuple[list[Event], list[Event], list[Session]]:
    """Events of a slice of the visitors, the refunds of their orders, and their sessions."""
    everyone = (asked["start"], asked["end"]) == (BEGIN, END)
    events = store.query(EVENTS, every=everyone, **asked)
    orders = events.filter((pl.col("event_type") == "order") & (pl.col("order_id") != "")).select("order_id")
    refunds = events.clear()
    if orders.height:
        refunds = store.query(REFUNDS, tables={"orders": orders.unique()}, site_id=asked["site_id"])
    sessions = store.query(SESSIONS, **asked).iter_rows(named=True)
    return _events(events), _events(refunds), [replace(Session(**row), version=0) for row in sessions]


def _events(rows: pl.DataFrame) -> list[Event]:
    """Rows of the columns that matter to sessions as records."""
    return [Event(**row, protocol="") for row in rows.iter_rows(named=True)]


def _compare(  # noqa: PLR0913 - what a slice consists of
    found: Verified,
    events: list[Event],
    refunds: list[Event],
    sessions: list[Session],
    rule: Rule,
    span: tuple[datetime, datetime],
) -> None:
    visitors: dict[str, dict[str, list[Event]]] = {}
    for event in events:
        visitors.setdefault(event.visitor_id, {}).setdefault(event.event_id, []).append(event)
    expected: dict[str, Session] = {}
    for copies in visitors.values():
        found.differences += _repeats(copies)
        made = cut((winner(same) for same in copies.values()), rule, refunds).sessions
        expected.update({one.session_id: one for one in made if span[0] <= one.start < span[1]})
    found.differences += _differing(sessions, expected)
    found.events += len(events)
    found.visitors += len(visitors)
    found.sessions += len(sessions)


def _repeats(copies: dict[str, list[Event]]) -> Iterator[Difference]:
    for event_id, same in copies.items():
        if len(same) > 1:
            yield Difference("repeat", same[0].visitor_id, event_id, len(same), 1)


def _differing(stored: list[Session], expected: dict[str, Session]) -> Iterator[Difference]:
    """Sessions that stand twice, should not stand, differ or are missing."""
    missing = dict(expected)
    for one in stored:
        should = missing.pop(one.session_id, None)
        if one != should:
            yield Difference("session", one.visitor_id, one.session_id, *_unlike(one, should))
    for one in missing.values():
        yield Difference("session", one.visitor_id, one.session_id, None, _named(one))


def _persons(store: Store, site: Site) -> Iterator[Difference]:
    """Visitors that stand for another person than their edges make them."""
    tables = [store.query(sql, site_id=site.id) for sql in (EDGES, PERSONS)]
    expected, stored = (
        {row["visitor_id"]: row["person_id"] for row in rows.iter_rows(named=True)}
        for rows in (persons_again(tables[0]), tables[1])
    )
    for visitor_id in sorted(expected.keys() | stored.keys()):
        before, after = stored.get(visitor_id), expected.get(visitor_id)
        if before != after:
            yield Difference("person", visitor_id, str(after or before), before, after)


def _unlike(stored: Session, expected: Session | None) -> tuple[object, object]:
    """The fields that differ, of both."""
    if expected is None:
        return _named(stored), None
    names = [name for name, value in vars(stored).items() if value != getattr(expected, name)]
    return {name: getattr(stored, name) for name in names}, {name: getattr(expected, name) for name in names}


def _named(session: Session) -> dict[str, object]:
    return {"start": session.start, "end": session.end, "events": session.events}
