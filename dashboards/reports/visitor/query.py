"""One person: who it is, what it did, by whom we know it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

from dashboards.computed import Computed, read_sql
from dashboards.period import Period
from dashboards.reports.people.query import People, Slice, people
from dashboards.reports.visitor.find import alike, exact, these
from dashboards.reports.visitor.options import LINES, Options
from dashboards.reports.visitor.records import (
    ActiveDay,
    Channel,
    Country,
    Device,
    Edge,
    Facts,
    KnownId,
    Line,
    SessionHead,
    Touch,
    Visitor,
)
from schemas.event import OUTSIDE_SESSIONS
from schemas.identity_edge import GROUP
from schemas.objects import Site
from store.tables.client import Store

MATCHES = 50
"""People listed when several fit."""

_MEMBERS_SQL, _FACTS_SQL, _EVENTS_SQL, _EDGES_SQL, _TIMELINE_SQL = (
    read_sql(__package__ or "", name)
    for name in ("members.sql", "facts.sql", "events.sql", "edges.sql", "timeline.sql")
)
_FACTS = (
    "All human sessions of the person, whenever they were: of every visitor id that is joined to it. "
    "Value is net of refunds, in the site's currency. The usual gap is the median number of days from "
    "one day with a session to the next."
)
_EVENTS = "All events of the person by visitor id and by channel, first and last by the time they happened."
_EDGES = "Statements that an id of this person and another id are one; each can be taken away."
_TIMELINE = (
    "Every event of the person, the newest session first. Events that say the same and follow each "
    "other in a session are one line with their number. What happened outside of sessions (server, "
    "mail, calls, store) stands with the session that spans its time."
)


@dataclass(frozen=True)
class Answer:
    """One person, or those that fit, or neither."""

    asked: Options
    visitor: Visitor | None = None
    matches: People | None = None

    def to_json(self) -> dict[str, Any]:
        """`visitor` or null, and `matches` (empty if exactly one person fits)."""
        return {
            "visitor": self.visitor.to_json() if self.visitor else None,
            "matches": self.matches.to_json()["people"] if self.matches else [],
            "meta": self.asked.to_json(),
        }


def visitor(store: Store, site: Site, period: Period, asked: Options, limit: int = LINES) -> Answer:
    """Whom the options mean: an id in all history, the beginning of one or a property in the period.

    Raises ConfigError for a property that cannot be read, StoreError.
    """
    if asked.is_empty:
        return Answer(asked)
    found = exact(store, site, asked)
    if len(found) != 1:
        fitting = alike(store, site, period, asked)
        matches = people(store, site, these(fitting, found) if found else fitting, Slice(MATCHES))
        found = [row.person_id for row in matches.rows]
        if len(found) != 1:
            return Answer(asked, matches=matches)
    return Answer(asked, visitor=of_person(store, site, found[0], asked, limit))


def of_person(store: Store, site: Site, person_id: str, asked: Options, limit: int = LINES) -> Visitor:
    """All that is known of a person, `limit` lines of the timeline. Raises StoreError."""
    rows = store.rows(_MEMBERS_SQL, site_id=site.id, person_id=person_id)
    ids = sorted({person_id, *(row["visitor_id"] for row in rows)})
    given: dict[str, object] = {
        "site_id": site.id,
        "ids": ids,
        "zone": site.timezone,
        "channel": asked.channel,
        "outside": list(OUTSIDE_SESSIONS),
        "limit": limit,
        "offset": (asked.page - 1) * limit,
    }
    queries = (
        Computed("facts", _FACTS, _FACTS_SQL, given),
        Computed("events", _EVENTS, _EVENTS_SQL, given),
        Computed("edges", _EDGES, _EDGES_SQL, given),
        Computed("timeline", _TIMELINE, _TIMELINE_SQL, given),
    )
    with ThreadPoolExecutor(len(queries)) as pool:
        facts, events, edges, lines = pool.map(lambda one: one.rows(store), queries)
    return Visitor(
        person_id=person_id,
        facts=_facts(facts),
        days=tuple(sorted(_records(ActiveDay, facts, "day"), key=lambda one: one.day)),
        devices=_records(Device, facts, "devices"),
        countries=_records(Country, facts, "countries"),
        channels=_records(Channel, events, "channels"),
        ids=_ids(ids, events),
        edges=_edges(edges, ids),
        timeline=tuple(_line(row) for row in lines),
        lines=lines[0]["total"] if lines else 0,
        outside=OUTSIDE_SESSIONS,
        computed=queries,
    )


def _facts(rows: Sequence[dict[str, Any]]) -> Facts:
    for row in rows:
        if row["list"] == "all":
            plain = ("sessions", "page_views", "engaged_s", "orders", "revenue")
            return Facts(
                **{name: row[name] for name in plain},
                only_bots=bool(row["only_bots"]),
                first_touch=Touch(*row["first_touch"]),
                last_touch=Touch(*row["last_touch"]),
            )
    return Facts()


def _records(record: type[Any], rows: Sequence[dict[str, Any]], name: str) -> tuple[Any, ...]:
    """The rows of one list."""
    columns = [f.name for f in fields(record)]
    return tuple(record(*(row[c] for c in columns)) for row in rows if row["list"] == name)


def _ids(ids: Sequence[str], rows: Sequence[dict[str, Any]]) -> tuple[KnownId, ...]:
    """Every id of the person, also those without an event; most events first."""
    found = {row["visitor_id"]: row for row in rows if row["list"] == "ids"}
    known = [
        KnownId(one, row["id_quality"], row["events"], row["first_seen"], row["last_seen"])
        for one, row in found.items()
    ]
    return (*known, *(KnownId(one, "", 0, None, None) for one in ids if one not in found))


def _edges(rows: Sequence[dict[str, Any]], ids: Sequence[str]) -> tuple[Edge, ...]:
    """The edges, oldest first; one that was unlinked, which is noted both ways, once."""
    found: dict[object, Edge] = {}
    for row in rows:
        if row["is_deleted"] and not row["unlinked_at"]:
            continue  # it was erased
        state = _state(row, ids)
        pair = (row["id_a"], row["id_b"])
        key = (frozenset(pair), state) if state == "unlinked" else pair
        values = {name: row[name] for name in ("id_a", "id_b", "since", "source", "unlinked_at")}
        found.setdefault(key, Edge(**values, state=state))
    return tuple(sorted(found.values(), key=lambda one: (one.since, one.id_a, one.id_b)))


def _state(row: dict[str, Any], ids: Sequence[str]) -> str:
    if row["is_deleted"]:
        return "unlinked"
    if row["id_b"].startswith(GROUP) or row["id_a"].startswith(GROUP):
        return "group"
    return "joins" if row["id_a"] in ids and row["id_b"] in ids else "refused"


def _line(row: dict[str, Any]) -> Line:
    head = None
    if row["session_id"]:
        renamed = {**row, "start": row["session_start"], "end": row["session_end"]}
        head = SessionHead(**{f.name: renamed[f.name] for f in fields(SessionHead)})
    values = {f.name: row[f.name] for f in fields(Line) if f.name != "session"}
    return Line(session=head, **{**values, "is_bot": bool(row["is_bot"])})
