"""What the tables know of the visitors of a block: from memory where that suffices, else read back.

Look-ups are per block, never per visitor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files

import polars as pl

from pipelines.seen import Seen
from sessionize.cache import OpenSessions
from sessionize.read_back import EMPTY, ReadBack
from sessionize.recut import STORED, Recut
from sessionize.repeats import KEYS
from sessionize.rule import Rule
from store.tables.client import Store

VISITOR = ["site_id", "visitor_id"]


def read_sql(name: str) -> str:
    """A query of this package; `{columns}` in it are those of a stored event."""
    text = (files("pipelines") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return text.replace("{columns}", ", ".join(STORED))


def read_back(
    store: Store, events: pl.DataFrame, rules: Mapping[str, Rule]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Stored events (STORED columns) and sessions around these events, from the tables alone."""
    reading = ReadBack(events, rules)
    reading.add_copies(store.query(COPIES, tables={"ids": reading.keys}))
    return _read_chains(reading, lambda sql, name, asked: _of_visitors(store, sql, name, asked))


COPIES, DAYS, EXTENT = (read_sql(name) for name in ("stored_copies", "stored_days", "stored_extent"))
SESSIONS = read_sql("stored_sessions")


class KnownEvents:
    """Stored events and sessions around new ones. All but the store itself may be lost at any moment."""

    def __init__(self, store: Store, settle: Callable[[], None]) -> None:
        self._store, self._settle = store, settle  # what is still being written must be there to be read
        self._open = OpenSessions()
        self._seen: dict[str, Seen | None] = {}  # None: the site had events before, the store is asked

    def forget(self) -> None:
        """Drop what memory holds: another writer may have changed the tables."""
        self._open.drop()
        self._seen.clear()

    def around(self, new: pl.DataFrame, rules: Mapping[str, Rule]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Stored events (STORED columns) and sessions: all that a re-cut of the new events must know."""
        for site_id in self._open.unknown_sites(new):
            self._settle()
            extent = self._store.rows(EXTENT, site_id=site_id)[0]
            self._open.complete(site_id, extent["latest"] if extent["events"] else None)
            self._seen[site_id] = None if extent["events"] else Seen()
        copies = self._copies(new)
        known = self._open.known(new, rules, copies)
        if known.missing.is_empty():
            return pl.concat([known.events, copies]), known.sessions
        reading = ReadBack(new.join(known.missing, on=VISITOR, how="semi"), rules)
        reading.add_copies(copies)
        events, sessions = _read_chains(reading, self._read)
        return pl.concat([known.events, events]), pl.concat(
            [known.sessions, sessions.select(known.sessions.columns)]
        )

    def _read(self, sql: str, name: str, asked: pl.DataFrame) -> pl.DataFrame:
        """Rows of the visitors asked about (the tables find them by a hash, which two may share)."""
        self._settle()
        return _of_visitors(self._store, sql, name, asked)

    def _copies(self, new: pl.DataFrame) -> pl.DataFrame:
        """Stored copies of the new events, wherever they lie."""
        ids = new.select(KEYS)
        asked = [ids.filter(self._maybe_seen(site_id, ids)) for (site_id,), ids in ids.group_by("site_id")]
        ids = pl.concat([ids.clear(), *asked])
        if ids.is_empty():
            return EMPTY
        self._settle()
        return self._store.query(COPIES, tables={"ids": ids.unique()}).cast(EMPTY.schema)

    def _maybe_seen(self, site_id: object, ids: pl.DataFrame) -> pl.Series:
        seen = self._seen[str(site_id)]
        return (
            pl.Series([True]).new_from_index(0, ids.height) if seen is None else seen.maybe(ids["event_id"])
        )

    def remember(self, done: Recut) -> None:
        """Take over what was written."""
        self._open.put(done)
        for (site_id,), rows in done.insert.select("site_id", "event_id").group_by("site_id"):
            if (seen := self._seen[str(site_id)]) is not None:
                seen.add(rows["event_id"])


def _read_chains(
    reading: ReadBack, read: Callable[[str, str, pl.DataFrame], pl.DataFrame]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read day by day until all chains are closed, and the sessions in them."""
    while (days := reading.wanted()).height:
        reading.add_days(days, read(DAYS, "days", days))
    return reading.known, read(SESSIONS, "chains", reading.chains())


def _of_visitors(store: Store, sql: str, name: str, asked: pl.DataFrame) -> pl.DataFrame:
    return store.query(sql, tables={name: asked}).join(asked, on=VISITOR, how="semi")
