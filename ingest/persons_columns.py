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
    found = [_persons_of_site(part) for part in taken.partition_by("site_id", maintain_order=True)]
    nobody = pl.DataFrame(schema=dict.fromkeys(PERSON, pl.String()))
    return PersonRows(
        pl.concat([nobody, *(part.persons for part in found)]),
        pl.concat([taken.select(PAIR).clear(), *(part.refused for part in found)]),
    )


def _persons_of_site(edges: pl.DataFrame) -> PersonRows:
    ids, ends = _numbered(edges)
    is_user, forced = ids.str.starts_with(USER), edges["source"] == FORCED
    ends_a, ends_b = ends[: edges.height], ends[edges.height :]
    root, refused = _joined(is_user.to_list(), ends_a, ends_b, forced.to_list())
    rows = _rows(pl.DataFrame({"visitor_id": ids, "is_user": is_user, "root": root}))
    site = pl.lit(str(edges["site_id"][0])).alias("site_id")
    return PersonRows(rows.select(site, *PERSON[1:]), edges.select(PAIR)[refused])


def _numbered(edges: pl.DataFrame) -> tuple[pl.Series, list[int]]:
    """Every id once, users before visitors; and the places of all ends, first those of id_a."""
    ends = pl.concat([edges["id_a"], edges["id_b"]]).to_arrow(compat_level=pl.CompatLevel.oldest())
    encoded = ends.dictionary_encode()
    ids = pl.Series("visitor_id", encoded.dictionary)
    order = np.argsort(~ids.str.starts_with(USER).to_numpy(), kind="stable")
    place = np.empty(len(ids), dtype=np.int64)
    place[order] = np.arange(len(ids))
    return ids.gather(order), place[encoded.indices.to_numpy()].tolist()


def _joined(
    is_user: list[bool], ends_a: list[int], ends_b: list[int], forced: list[bool]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], list[int]]:
    """The root of each id's person, and which edges are refused.

    The least place of a person is its root; as users come first, a person is known if its root is a user.
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
    root = np.array(above, dtype=np.int64)
    while not np.array_equal(further := root[root], root):
        root = further
    return root, refused


def _rows(ids: pl.DataFrame) -> pl.DataFrame:
    """Who is joined: a person is named after the least of its user ids, else of its visitor ids."""
    root = ids["root"].to_numpy()
    ids = ids.with_columns(is_known=ids["is_user"].gather(root))
    ids = ids.filter(np.bincount(root, minlength=len(root))[root] > 1)
    naming = ids.filter(pl.col("is_user") == pl.col("is_known"))
    called = naming.group_by("root").agg(person_id=pl.col("visitor_id").min())
    return ids.join(called, on="root").filter(
        ~pl.col("is_user") | (pl.col("visitor_id") != pl.col("person_id"))
    )
