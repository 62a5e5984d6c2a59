"""Edges and persons in the tables: a function of what was said, however it came, whatever was cut short."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bench import identity as bench
from clicktrail.errors import StoreError
from ingest.persons_columns import changed_edges, persons_of
from pipelines import persons
from pipelines.persons import NO_EDGES, KnownPairs, PersonTable
from pipelines.write import Batch
from schemas.arrow import schema
from schemas.identity_edge import IdentityEdge
from store.tables.client import Store
from tests.pipelines.again import persons_of_edges, stored_persons

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
NAMES = ("site_id", "id_a", "id_b", "since", "source")
Said = tuple[str, str, int, str]  # id_a, id_b, minute, source


def said(*rows: Said | tuple[str, str], site: str = "shop") -> pl.DataFrame:
    """Statements; of a pair the first counts, as in one batch of events."""
    filled = [(site, row[0], row[1], *(row[2:] or (0, "identify"))) for row in rows]
    records = [(s, a, b, NOON + timedelta(minutes=int(at)), source) for s, a, b, at, source in filled]
    frame = pl.DataFrame(records, schema={name: schema(IdentityEdge)[name] for name in NAMES}, orient="row")
    return frame.sort("since", "source").unique(NAMES[:3], keep="first")


class Writing:
    """Batches under growing versions."""

    def __init__(self, store: Store) -> None:
        self.store, self.table, self.numbers = store, PersonTable(store), itertools.count(1)

    def __call__(self, *rows: Said | tuple[str, str], site: str = "shop") -> None:
        number = next(self.numbers)
        self.table.take(Batch(number, f"batch{number}"), said(*rows, site=site))


@pytest.fixture
def write(store: Store) -> Writing:
    """A writer of the empty tables."""
    return Writing(store)


def found(store: Store) -> dict[str, str]:
    """visitor → person; the table is what the edges say."""
    assert stored_persons(store) == persons_of_edges(store)
    return {visitor: person for (_, visitor), person in stored_persons(store).items()}


def edge_rows(store: Store) -> list[tuple[Any, ...]]:
    rows = store.query("SELECT * FROM identity_edges FINAL ORDER BY id_a, id_b").iter_rows()
    return [row[1:5] for row in rows]


def test_a_chain_is_followed_through_stored_edges_to_its_ends(write: Writing) -> None:
    write(("v1", "v2", 1, "alias"), ("v3", "v4", 1, "alias"), ("v9", "user:z"))
    write(("v4", "user:a"))
    write(("v2", "v3", 2, "alias"))
    assert found(write.store) == dict.fromkeys(("v1", "v2", "v3", "v4"), "user:a") | {"v9": "user:z"}


def test_a_long_chain_is_found_without_a_question_for_each_of_its_edges(
    write: Writing, counted: Callable[[], int]
) -> None:
    length = 3 * persons.HOPS
    write(*((f"v{n:02}", f"v{n + 1:02}", n, "alias") for n in range(length)))
    before = counted()
    write(("v00", "user:a", 99, "identify"))
    assert counted() - before < 2 * persons.HOPS
    assert found(write.store) == {f"v{n:02}": "user:a" for n in range(length + 1)}


def test_the_order_of_arrival_changes_neither_the_name_nor_the_time_nor_who_is_refused(store: Store) -> None:
    pairs: list[Said] = [
        ("v2", "v1", 5, "alias"), ("v3", "v2", 1, "alias"), ("v3", "user:x", 3, "identify"),
        ("v1", "user:a", 4, "identify"), ("v2", "v1", 2, "alias"),
    ]  # fmt: skip
    results = []
    for order in itertools.islice(itertools.permutations(pairs), 0, 120, 17):
        for table in ("identity_edges", "persons"):
            store.command(f"TRUNCATE TABLE {table}")
        write = Writing(store)
        for pair in order:
            write(pair)
        results.append((found(store), edge_rows(store)))
    assert results[0][0] == dict.fromkeys(("v1", "v2", "v3"), "user:x"), "user:a came last"
    assert ("v2", "v1", NOON + timedelta(minutes=2), "alias") in results[0][1]
    assert all(result == results[0] for result in results)


ids = st.sampled_from(["v1", "v2", "v3", "v4", "v5", "user:a", "user:b", "user:c", "group:g"])
statements = st.tuples(ids, ids, st.integers(0, 9), st.sampled_from(["identify", "alias", "forced"])).filter(
    lambda row: row[0] != row[1]
)


@hypothesis_settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(statements, min_size=1, max_size=24), st.integers(1, 6), st.randoms())
def test_batches_in_any_order_leave_what_one_batch_leaves(
    store: Store, rows: list[Said], size: int, rnd: random.Random
) -> None:
    results = []
    for shuffled, step in ((rows, len(rows)), (rnd.sample(rows, len(rows)), size)):
        for table in ("identity_edges", "persons"):
            store.command(f"TRUNCATE TABLE {table}")
        write = Writing(store)
        for at in range(0, len(shuffled), step):
            write(*shuffled[at : at + step])
            if rnd.random() < 0.3:
                write.table.forget()
        results.append((found(store), sorted(map(str, edge_rows(store)))))
    # A batch keeps one statement of a pair, so that what is forced may be lost in it: compare what is not.
    if not any(row[3] == "forced" for row in rows):
        assert results[0] == results[1]


def test_the_same_ids_on_two_sites_are_two_people(write: Writing) -> None:
    write(("v1", "user:a"), site="other")
    write(("v1", "user:b"))
    write(("v2", "user:a"), site="other")
    assert stored_persons(write.store) == {
        ("shop", "v1"): "user:b",
        ("other", "v1"): "user:a",
        ("other", "v2"): "user:a",
    }


def test_groups_are_kept_and_join_nobody(write: Writing) -> None:
    write(("v1", "group:acme", 0, "group"), ("v2", "group:acme", 0, "group"))
    assert not found(write.store)
    assert [row[1] for row in edge_rows(write.store)] == ["group:acme"] * 2


def test_a_device_of_two_users_stays_with_the_earlier_whichever_is_told_first(write: Writing) -> None:
    write(("tablet", "user:b", 9, "identify"), ("phone", "user:b", 0, "identify"))
    assert found(write.store) == {"tablet": "user:b", "phone": "user:b"}
    write(("tablet", "user:a", 1, "identify"))
    assert found(write.store) == {"tablet": "user:a", "phone": "user:b"}
    assert len(edge_rows(write.store)) == 3, "the refused edge is kept"
    write(("tablet", "user:b", 9, "forced"))
    assert found(write.store) == {"tablet": "user:a", "phone": "user:a", "user:b": "user:a"}


def rows_of(store: Store, table: str) -> int:
    return int(store.rows(f"SELECT count() AS n FROM {table}")[0]["n"])


def test_only_rows_that_differ_are_written(write: Writing) -> None:
    write(*((f"v{n}", "user:a", n, "identify") for n in range(20)))
    write(("v20", "user:a", 30, "identify"), ("v3", "user:a", 40, "identify"))
    assert (rows_of(write.store, "persons"), rows_of(write.store, "identity_edges")) == (21, 21)
    write.table.forget()
    write(("v5", "user:a", 50, "identify"))
    assert (rows_of(write.store, "persons"), rows_of(write.store, "identity_edges")) == (21, 21)


@pytest.fixture
def counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many queries were made so far."""
    asked, query = itertools.count(), store.query
    made = [0]

    def counting(*args: Any, **more: Any) -> pl.DataFrame:
        made[0] = next(asked) + 1
        return query(*args, **more)

    monkeypatch.setattr(store, "query", counting)
    return lambda: made[0]


def test_pairs_that_are_known_cost_no_query_until_memory_is_dropped(
    write: Writing, counted: Callable[[], int]
) -> None:
    write(("v1", "user:a", 5, "identify"), ("v2", "user:a", 5, "identify"))
    first = counted()
    write(("v1", "user:a", 7, "identify"))
    assert counted() == first
    write(("v1", "user:a", 3, "identify"))
    assert counted() > first, "an earlier time is news"
    assert edge_rows(write.store)[0][2] == NOON + timedelta(minutes=3)
    second = counted()
    write.table.forget()
    write(("v1", "user:a", 7, "identify"))
    assert counted() > second


def test_memory_of_pairs_is_bounded() -> None:
    known = KnownPairs(most=10)
    for begin in range(0, 40, 4):
        rows = said(*((f"v{n}", "user:a") for n in range(begin, begin + 4)))
        edges = rows.with_columns(
            unlinked_at=pl.lit(None, pl.Datetime("ms", "UTC")), is_deleted=pl.lit(False)
        )
        known.add(edges)
        assert len(known._told) <= 10
        later = rows.with_columns(since=pl.col("since") + timedelta(minutes=1))
        assert known.new(later).is_empty()
    assert known.new(said(("v0", "user:a"))).height == 1


@pytest.mark.parametrize("table", ["identity_edges", "persons"])
def test_what_was_cut_short_is_mended_by_the_retry(store: Store, write: Writing, table: str) -> None:
    write(("v1", "user:a", 2, "identify"))
    batch: Sequence[Said] = [("v2", "user:a", 3, "identify"), ("v1", "user:b", 1, "identify")]
    store.command(f"RENAME TABLE {table} TO {table}_away")
    try:
        with pytest.raises(StoreError, match=table):
            write(*batch)
    finally:
        store.command(f"RENAME TABLE {table}_away TO {table}")
    write.table.forget()
    write(*batch)
    assert found(store) == {"v1": "user:b", "v2": "user:a"}


def test_a_million_edges_are_resolved_in_ten_seconds() -> None:
    """Of processor time, so that what else the machine does is not counted."""
    said_once = bench.statements(1_000_000)
    began = time.process_time()
    stand = changed_edges(NO_EDGES, said_once)
    found = persons_of(stand)
    assert time.process_time() - began < 10
    assert stand.height == 1_000_000
    assert found.persons["person_id"].n_unique() > 100_000
    assert 0 < found.refused.height < 100_000
