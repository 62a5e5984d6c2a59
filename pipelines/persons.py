"""Persons: the connected components of the identity edges, kept for the ids that a batch touched."""

from __future__ import annotations

from importlib.resources import files

import polars as pl

from store.tables.client import Store

EDGES_OF = (files("pipelines") / "sql" / "edges_of.sql").read_text(encoding="utf-8")
_COLUMNS = ("site_id", "id_a", "id_b")


def persons_of(store: Store, edges: pl.DataFrame) -> pl.DataFrame:
    """Rows for `persons` (site_id, visitor_id, person_id) of every visitor joined to one of these edges.

    Follows the stored edges outwards until nothing new is found. A person is named after the least of its
    user ids, else of its visitor ids, so that the name does not depend on the order of arrival.
    """
    known = edges.select(_COLUMNS)
    asked = _ids(known).clear()
    while not (ask := _ids(known).join(asked, on=["site_id", "id"], how="anti")).is_empty():
        known = pl.concat([known, store.query(EDGES_OF, tables={"ids": ask}).select(_COLUMNS)]).unique()
        asked = pl.concat([asked, ask])
    rows = [row for site in known.partition_by("site_id") for row in _persons_of_site(site)]
    return pl.DataFrame(rows, schema=["site_id", "visitor_id", "person_id"], orient="row")


def _ids(edges: pl.DataFrame) -> pl.DataFrame:
    ends = [edges.select("site_id", id=pl.col(end)) for end in ("id_a", "id_b")]
    return pl.concat(ends).unique()


def _persons_of_site(edges: pl.DataFrame) -> list[tuple[str, str, str]]:
    site = str(edges["site_id"][0])
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while (above := parent.setdefault(name, name)) != name:
            parent[name] = name = parent[above]
        return name

    for id_a, id_b in zip(edges["id_a"].to_list(), edges["id_b"].to_list(), strict=True):
        first, second = sorted((root(id_a), root(id_b)), key=_naming_order)
        parent[second] = first
    return [(site, name, root(name)) for name in parent if not name.startswith("user:")]


def _naming_order(name: str) -> tuple[bool, str]:
    return (not name.startswith("user:"), name)
