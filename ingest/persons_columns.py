"""The rule of persons.py on columns, for any number of sites at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ingest.identity import PAIR
from ingest.persons import PERSON
from schemas.identity_edge import FORCED, GROUP, USER

STATEMENT = (*PAIR, "since", "source")
EDGE = (*STATEMENT, "unlinked_at", "is_deleted")
"""Columns of an edge; of a statement, those before the last two."""


def changed_edges(stored: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """The edges (EDGE columns) that are new or differ once this is said too.

    `stored`: the rows of these pairs, deleted ones too; more do no harm. `said`: one statement a pair.
    """
    both = said.select(STATEMENT).join(stored.select(EDGE), on=PAIR, how="left", suffix="_before")
    both = both.filter(pl.col("unlinked_at").is_null() | (pl.col("since") > pl.col("unlinked_at")))
    stood = pl.col("is_deleted").eq_missing(False)
    same_time = pl.col("since") == pl.col("since_before")
    first = (pl.col("since") < pl.col("since_before")) | (
        same_time & (pl.col("source") < pl.col("source_before"))
    )
    forced = (pl.col("source") == FORCED) | (stood & (pl.col("source_before") == FORCED))
    said_first = ~stood | first
    source = pl.when(said_first).then("source").otherwise("source_before")
    now = both.with_columns(
        since=pl.when(said_first).then("since").otherwise("since_before"),
        source=pl.when(forced).then(pl.lit(FORCED)).otherwise(source),
        is_deleted=pl.lit(False),
        _stood=stood,
    )
    same = pl.all_horizontal(pl.col(name) == pl.col(f"{name}_before") for name in ("since", "source"))
    return now.filter(~(pl.col("_stood") & same)).select(EDGE)


@dataclass(frozen=True)
class PersonRows:
    """What edges say, as rows."""

    persons: pl.DataFrame  # site_id, visitor_id, person_id: what should stand in the table
    refused: pl.DataFrame  # PAIR columns of edges that would join two known users


def persons_of(edges: pl.DataFrame) -> PersonRows:
    """The persons that these edges (EDGE columns, in any order) make."""
    group = pl.any_horizontal(pl.col(end).str.starts_with(GROUP) for end in ("id_a", "id_b"))
    taken = edges.filter(~pl.col("is_deleted") & ~group).sort("since", "id_a", "id_b")
    names = _names(taken)
    ends_a, ends_b = (_places(taken, end, names) for end in ("id_a", "id_b"))
    forced = (taken["source"] == FORCED).to_list()
    person, refused = _joined(names["is_user"].to_list(), ends_a, ends_b, forced)
    return PersonRows(_rows(names, person), taken.select(PAIR)[refused])


def _names(edges: pl.DataFrame) -> pl.DataFrame:
    """Every id with its place `at` in the order of naming: by site, users first."""
    ends = pl.concat([edges.select("site_id", name=end) for end in ("id_a", "id_b")]).unique()
    order = ends.with_columns(is_user=pl.col("name").str.starts_with(USER))
    order = order.sort("site_id", "is_user", "name", descending=[False, True, False])
    return order.with_row_index("at")


def _places(edges: pl.DataFrame, end: str, names: pl.DataFrame) -> list[int]:
    ids = edges.select("site_id", name=end)
    return ids.join(names, on=["site_id", "name"], how="left", maintain_order="left")["at"].to_list()


def _joined(
    is_user: list[bool], ends_a: list[int], ends_b: list[int], forced: list[bool]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], list[int]]:
    """The place of each id's person, and which edges are refused.

    The least place of a person is its root and its name; as users come first, it is known if its root is.
    """
    above = list(range(len(is_user)))
    refused = []
    for number, (one, other) in enumerate(zip(ends_a, ends_b, strict=True)):
        low, high = one, other
        while above[low] != low:
            above[low] = low = above[above[low]]
        while above[high] != high:
            above[high] = high = above[above[high]]
        if low > high:
            low, high = high, low
        if is_user[high] and low != high and not forced[number]:
            refused.append(number)
        else:
            above[high] = low
    person = np.array(above, dtype=np.int64)
    while not np.array_equal(further := person[person], person):
        person = further
    return person, refused


def _rows(names: pl.DataFrame, person: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pl.DataFrame:
    joined = np.bincount(person, minlength=len(person))[person] > 1
    own = person == np.arange(len(person))
    kept = joined & ~(own & names["is_user"].to_numpy())
    rows = names.with_columns(person_id=names["name"].gather(person)).filter(kept)
    return rows.select("site_id", pl.col("name").alias("visitor_id"), "person_id").select(PERSON)
