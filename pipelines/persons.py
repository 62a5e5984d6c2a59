"""The tables identity_edges and persons: kept for the ids that a batch touches, so that both follow from all
that was ever said.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from ingest.identity import PAIR
from ingest.persons import PERSON
from ingest.persons_columns import EDGE, changed_edges, persons_of
from pipelines.known import read_sql
from pipelines.write import Batch, write
from schemas.arrow import schema
from schemas.identity_edge import GROUP, IdentityEdge
from store.tables.client import Store

EDGES_OF, EDGES_OF_SITES = read_sql("edges_of"), read_sql("edges_of_sites")
PERSONS_OF, PERSONS_OF_SITES = read_sql("persons_of"), read_sql("persons_of_sites")
NO_EDGES = pl.DataFrame(schema={name: schema(IdentityEdge)[name] for name in EDGE})
HOPS = 8
"""Longer ways from edge to edge are not asked for one by one: the site's edges are read whole."""
MANY_IDS = 200_000
"""Nor are more ids than these."""
KNOWN_PAIRS = 100_000
"""Pairs held in memory, some 30 MB."""


class PersonTable:
    """Writes edges and persons. What memory holds may be lost at any moment."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known = KnownPairs()

    def forget(self) -> None:
        """Drop what memory holds of the tables."""
        self._known.forget()

    def take(self, batch: Batch, said: pl.DataFrame) -> None:
        """Write what these statements (site_id, id_a, id_b, since, source; one a pair) change.

        Costs no query if memory knows that they change nothing. Else persons are compared with the edges also
        where no edge changes: the batch may have ended between the two tables before.
        """
        said = self._known.new(said)
        if said.is_empty():
            return
        stored = connected(self._store, ids_of(said))
        after = put_edges(self._store, batch, stored, changed_edges(stored, said))
        if said.height <= KNOWN_PAIRS:
            self._known.add(after.join(said, on=PAIR, how="semi"))


class KnownPairs:
    """Pairs whose edges and persons are known to stand in the tables."""

    def __init__(self, most: int = KNOWN_PAIRS) -> None:
        self._most = most
        self._told: dict[tuple[str, str, str], tuple[int, int]] = {}

    def forget(self) -> None:
        """Drop all."""
        self._told.clear()

    def new(self, said: pl.DataFrame) -> pl.DataFrame:
        """The statements that may change something."""
        if not self._told or said.height > self._most:
            return said
        pairs = zip(*(said[name].to_list() for name in PAIR), strict=True)
        times = said["since"].dt.epoch("ms").to_list()
        changes = [self._changes(pair, at) for pair, at in zip(pairs, times, strict=True)]
        return said.filter(pl.Series(changes, dtype=pl.Boolean()))

    def _changes(self, pair: tuple[str, str, str], at: int) -> bool:
        """Statements change nothing up to the unlink, nor after the time since which the edge stands."""
        told = self._told.get(pair)
        return told is None or told[0] < at <= told[1]

    def add(self, edges: pl.DataFrame) -> None:
        """Remember edges (EDGE columns) that stand in the tables with what follows from them."""
        if len(self._told) + edges.height > self._most:
            self._told.clear()
        unlinked = edges["unlinked_at"].dt.epoch("ms").fill_null(_NEVER).to_list()
        stands = pl.when("is_deleted").then(_ALWAYS).otherwise(pl.col("since").dt.epoch("ms"))
        pairs = zip(*(edges[name].to_list() for name in PAIR), strict=True)
        since = edges.select(stands).to_series().to_list()
        self._told.update(zip(pairs, zip(unlinked, since, strict=True), strict=True))


_NEVER, _ALWAYS = -(1 << 62), 1 << 62


def ids_of(edges: pl.DataFrame) -> pl.DataFrame:
    """The ids (site_id, id) that edges may join: their ends, without groups."""
    ends = pl.concat([edges.select("site_id", id=pl.col(end)) for end in ("id_a", "id_b")])
    return ends.filter(~pl.col("id").str.starts_with(GROUP)).unique()


def connected(store: Store, ids: pl.DataFrame) -> pl.DataFrame:
    """All stored edges (EDGE columns) that can be reached from the ids over edges, and perhaps others.

    Refused and unlinked edges are ways as well: what joins on their other side may depend on this side.
    """
    edges, asked = NO_EDGES, ids.clear()
    for _ in range(HOPS):
        if asked.height + ids.height > MANY_IDS:
            break
        edges = pl.concat([edges, _edges(store, EDGES_OF, ids)]).unique(PAIR)
        asked = pl.concat([asked, ids])
        ids = ids_of(edges).join(asked, on=["site_id", "id"], how="anti")
        if ids.is_empty():
            return edges
    return _edges(store, EDGES_OF_SITES, _sites(pl.concat([asked, ids])))


def put_edges(store: Store, batch: Batch, stored: pl.DataFrame, changed: pl.DataFrame) -> pl.DataFrame:
    """Write the changed edges and the persons that differ by them; returns the edges that there are then.

    `stored`: all edges connected to the changed ones. Edges first: persons follow from them, so that
    doing it again mends what was cut short.
    """
    after = pl.concat([stored.join(changed, on=PAIR, how="anti"), changed])
    # What differs is written whatever an earlier try of this batch wrote: others may have written since.
    batch = replace(batch, token=f"{batch.token}@{batch.version}")
    write(store, batch, "identity_edges", changed)
    wanted, before = persons_of(after).persons, _persons(store, after)
    gone = before.join(wanted, on=PERSON[:2], how="anti")
    rows = wanted.join(before, on=PERSON, how="anti").with_columns(is_deleted=pl.lit(False))
    write(store, batch, "persons", pl.concat([rows, gone.with_columns(is_deleted=pl.lit(True))]))
    return after


def _edges(store: Store, sql: str, ids: pl.DataFrame) -> pl.DataFrame:
    return store.query(sql, tables={"ids": ids}).select(EDGE)


def _persons(store: Store, edges: pl.DataFrame) -> pl.DataFrame:
    """What stands of the ids of these edges."""
    if edges.height <= MANY_IDS:
        return store.query(PERSONS_OF, tables={"ids": ids_of(edges)}).select(PERSON)
    rows = store.query(PERSONS_OF_SITES, tables={"ids": _sites(edges)}).select(PERSON)
    if rows.is_empty():
        return rows
    return rows.join(ids_of(edges), left_on=PERSON[:2], right_on=["site_id", "id"], how="semi")


def _sites(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("site_id", id=pl.lit("")).unique()
