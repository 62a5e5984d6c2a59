"""What the tables know of the visitors of a block: from memory where that suffices, else read back.

Look-ups are per block, never per visitor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files

import polars as pl

from pipelines.seen import Seen
from sessionize.cache import OpenSessions
from sessionize.read_back import EMPTY, ReadBack, to_read_back
from sessionize.recut import STORED, Recut
from sessionize.refunds import orders_named
from sessionize.repeats import KEYS
from sessionize.rule import Rule
from store.tables.client import Store

VISITOR = ["site_id", "visitor_id"]
SEEN_BYTES = 256 << 20
"""Of all filters of seen ids."""


def read_sql(name: str) -> str:
    """A query of this package; `{columns}` in it are those of a stored event."""
    text = (files("pipelines") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return text.replace("{columns}", ", ".join(STORED))


COPIES, DAYS, EXTENT, ORDERS = (
    read_sql(name) for name in ("stored_copies", "stored_days", "stored_extent", "stored_orders")
)
SESSIONS = read_sql("stored_sessions")


class KnownEvents:
    """Stored events and sessions around new ones. All but the store itself may be lost at any moment."""

    def __init__(self, store: Store, settle: Callable[[], None]) -> None:
        self._store, self._settle = store, settle  # what is still being written must be there to be read
        self._open = OpenSessions()
        self._seen: dict[str, Seen | None] = {}  # None: the site had events before, the store is asked
        self._refunding: set[str] = set()  # sites that have refunds

    def forget(self) -> None:
        """Drop what memory holds: another writer may have changed the tables."""
        self._open.drop()
        self._seen.clear()
        self._refunding.clear()

    def around(self, new: pl.DataFrame, rules: Mapping[str, Rule]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Stored events (STORED columns) and sessions: all that a re-cut of the new events must know."""
        for site_id in self._open.unknown_sites(new):
            self._look_at(site_id)
        copies = self._copies(new)
        given_back = [orders_named(frame, "refund") for frame in (copies, new)]
        copies = pl.concat([copies, self._of_orders(*given_back)])
        known = self._open.known(new, rules, copies)
        events, sessions = pl.concat([known.events, copies]), known.sessions
        if not known.missing.is_empty():
            reading = ReadBack(to_read_back(new, copies, known.missing), rules)
            reading.add_copies(copies)
            read, of_chains = _read_chains(reading, self._read)
            events = pl.concat([known.events, read])
            sessions = pl.concat([sessions, of_chains.select(sessions.columns)])
        bought = [orders_named(frame, "order") for frame in (events, new)]
        refunding = pl.col("site_id").is_in(list(self._refunding))  # most sites have no refunds to ask for
        return pl.concat(
            [events, self._of_orders(*(orders.filter(refunding) for orders in bought))]
        ), sessions

    def _look_at(self, site_id: str) -> None:
        """Learn what the tables hold of a site."""
        self._settle()
        extent = self._store.rows(EXTENT, site_id=site_id)[0]
        self._open.complete(site_id, extent["latest"] if extent["events"] else None)
        self._seen[site_id] = None if extent["events"] else Seen()
        if extent["refunds"]:
            self._refunding.add(site_id)

    def _read(self, sql: str, name: str, asked: pl.DataFrame) -> pl.DataFrame:
        """Rows of the visitors asked about (the tables find them by a hash, which two may share)."""
        self._settle()
        return _of_visitors(self._store, sql, name, asked)

    def _of_orders(self, *orders: pl.DataFrame) -> pl.DataFrame:
        """Stored orders and refunds of these orders."""
        asked = pl.concat(orders).unique()
        if asked.is_empty():
            return EMPTY
        self._settle()
        return _of_orders(self._store, asked)

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
        self._refunding.update(orders_named(done.insert, "refund")["site_id"])
        for (site_id,), rows in done.insert.select("site_id", "event_id").group_by("site_id"):
            if (seen := self._seen[str(site_id)]) is not None:
                seen.add(rows["event_id"])
        self._bound_seen()

    def _bound_seen(self) -> None:
        """Of a site with very many events the tables are asked: memory must not grow with time."""
        sizes = {site_id: seen.bytes for site_id, seen in self._seen.items() if seen is not None}
        while sum(sizes.values()) > SEEN_BYTES:
            largest = max(sizes, key=lambda site_id: sizes[site_id])
            self._seen[largest] = None
            del sizes[largest]


def _read_chains(
    reading: ReadBack, read: Callable[[str, str, pl.DataFrame], pl.DataFrame]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read day by day until all chains are closed, and the sessions in them."""
    while (days := reading.wanted()).height:
        reading.add_days(days, read(DAYS, "days", days))
    return reading.known, read(SESSIONS, "chains", reading.chains())


def _of_visitors(store: Store, sql: str, name: str, asked: pl.DataFrame) -> pl.DataFrame:
    return store.query(sql, tables={name: asked}).join(asked, on=VISITOR, how="semi")


def _of_orders(store: Store, orders: pl.DataFrame) -> pl.DataFrame:
    return store.query(ORDERS, tables={"orders": orders}).cast(EMPTY.schema)


def read_back(
    store: Store, events: pl.DataFrame, rules: Mapping[str, Rule]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Stored events (STORED columns) and sessions around these events, from the tables alone."""
    reading = ReadBack(events, rules)
    reading.add_copies(store.query(COPIES, tables={"ids": reading.keys}))
    given_back = [orders_named(frame, "refund") for frame in (reading.known, events)]
    reading.add_copies(_of_orders(store, pl.concat(given_back).unique()))
    known, sessions = _read_chains(reading, lambda sql, name, asked: _of_visitors(store, sql, name, asked))
    bought = [orders_named(frame, "order") for frame in (known, events)]
    return pl.concat([known, _of_orders(store, pl.concat(bought).unique())]), sessions
