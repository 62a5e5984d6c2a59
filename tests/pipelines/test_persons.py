"""Persons: connected components of identity edges, named the same whatever came first."""

from __future__ import annotations

import itertools
from datetime import datetime, timezone

import polars as pl

from pipelines.persons import persons_of
from schemas.arrow import schema
from schemas.identity_edge import IdentityEdge
from store.tables.client import Store

WHEN = datetime(2026, 3, 1, tzinfo=timezone.utc)


def edges(*pairs: tuple[str, str], site: str = "shop") -> pl.DataFrame:
    rows = [{"site_id": site, "id_a": a, "id_b": b, "since": WHEN, "source": "identify"} for a, b in pairs]
    names = ("site_id", "id_a", "id_b", "since", "source")
    return pl.DataFrame(rows, schema={name: schema(IdentityEdge)[name] for name in names})


def named(frame: pl.DataFrame) -> dict[tuple[str, str], str]:
    return {(site, visitor): person for site, visitor, person in frame.iter_rows()}


def test_a_chain_is_followed_through_stored_edges_to_its_ends(store: Store) -> None:
    store.insert(
        "identity_edges", edges(("v1", "user:b"), ("v2", "user:b"), ("v2", "user:a"), ("v9", "user:z"))
    )
    found = named(persons_of(store, edges(("v3", "v1"))))
    assert found == {("shop", visitor): "user:a" for visitor in ("v1", "v2", "v3")}


def test_the_name_does_not_depend_on_the_order_of_arrival(store: Store) -> None:
    pairs = [("v2", "v1"), ("v3", "v2"), ("v3", "user:x"), ("v4", "user:x")]
    results = []
    for order in itertools.permutations(pairs):
        store.command("TRUNCATE TABLE identity_edges")
        found: dict[tuple[str, str], str] = {}
        for pair in order:
            store.insert("identity_edges", edges(pair))
            found |= named(persons_of(store, edges(pair)))
        results.append(found)
    assert results[0] == {("shop", f"v{n}"): "user:x" for n in (1, 2, 3, 4)}
    assert all(result == results[0] for result in results)


def test_the_same_ids_on_two_sites_are_two_people(store: Store) -> None:
    store.insert("identity_edges", edges(("v1", "user:a"), site="other"))
    both = pl.concat([edges(("v1", "user:b")), edges(("v2", "user:a"), site="other")])
    assert named(persons_of(store, both)) == {
        ("shop", "v1"): "user:b",
        ("other", "v1"): "user:a",
        ("other", "v2"): "user:a",
    }
