"""A store in memory that applies rows as the engine does: of one sort key the highest version stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from schemas.arrow import complete, schema
from schemas.event import Event
from schemas.session import Session
from sessionize.recut import Recut
from tests.unit.sessionize.histories import rows

EVENT_KEY = ("site_id", "visitor_id", "event_time", "event_id")
SESSION_KEY = ("site_id", "visitor_id", "start", "session_id")
Row = Mapping[str, Any]


class Memory:
    """Tables `events` and `sessions`; superseded rows stay visible to those who read without FINAL."""

    def __init__(self) -> None:
        self.version = 0
        self.events: list[Row] = []
        self.sessions: list[Row] = []

    def write_events(self, cut: Recut) -> None:
        """Insert the rows and the retractions under a new version."""
        self.version += 1
        both = [*complete(cut.insert, Event).to_dicts(), *complete(cut.retract, Event).to_dicts()]
        self.events += [{**row, "version": self.version} for row in both]

    def write_sessions(self, cut: Recut) -> None:
        """Insert the session rows under the current version."""
        self.sessions += [{**row, "version": self.version} for row in cut.sessions.to_dicts()]

    def read_events(self) -> pl.DataFrame:
        """All rows, without FINAL."""
        return pl.DataFrame(self.events, schema=schema(Event))

    def read_sessions(self) -> pl.DataFrame:
        """All rows, without FINAL."""
        return pl.DataFrame(self.sessions, schema=schema(Session))

    def final_events(self) -> set[Event]:
        """What stands in `events`."""
        return {Event(**{**row, "version": 0}) for row in _final(self.events, EVENT_KEY)}

    def final_sessions(self) -> set[Session]:
        """What stands in `sessions`."""
        return rows(pl.DataFrame(_final(self.sessions, SESSION_KEY), schema=schema(Session)))


def _final(table: list[Row], key: tuple[str, ...]) -> list[Row]:
    latest: dict[tuple[Any, ...], Row] = {}
    for row in table:
        at = tuple(row[k] for k in key)
        if at in latest and latest[at]["version"] == row["version"]:
            assert latest[at] == row, "two different rows of one key and version: which stands is chance"
        if at not in latest or latest[at]["version"] <= row["version"]:
            latest[at] = row
    return [row for row in latest.values() if not row["is_deleted"]]
