"""Identity by hand: who is who and why, an edge taken away, an edge added."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta, timezone

import polars as pl

from clicktrail.errors import ConfigError
from clicktrail.settings import Settings
from ingest.identity import names_nobody
from ingest.persons import Persons, naming_order, resolve
from ingest.persons_columns import EDGE, STATEMENT, changed_edges
from pipelines.known import read_sql
from pipelines.lease import lease_of
from pipelines.persons import connected, ids_of, put_edges
from pipelines.write import Batch
from schemas.arrow import schema
from schemas.identity_edge import FORCED, GROUP, MANUAL, UNLINKED, USER, IdentityEdge
from store.tables.client import Store

KNOWN_ID = read_sql("known_id")
_TICK = timedelta(milliseconds=1)


@dataclass(frozen=True)
class ShownEdge:
    """An edge as `identity show` prints it."""

    id_a: str
    id_b: str
    since: datetime
    source: str
    refused: bool  # it would join two known users
    unlinked: bool  # it was taken away, and nothing was said since
    unlinked_at: datetime | None


@dataclass(frozen=True)
class ShownPerson:
    """Who an id is, and why."""

    id: str
    person: str
    ids: list[str]  # users first
    edges: list[ShownEdge]


@dataclass(frozen=True)
class Changed:
    """What a link or an unlink did."""

    id_a: str
    id_b: str
    changed: bool  # False: it was so before
    at: datetime
    person_a: str
    person_b: str
    joined: bool  # whether both are one person now, over this edge or another way


def show(store: Store, site_id: str, name: str) -> ShownPerson:
    """The person of a visitor id, of `user:<id>` or of a bare user id. Raises ConfigError for an unknown one."""
    name = _named(store, site_id, name)
    edges = _around(store, site_id, [name])
    found = resolve(edges)
    person = found.person_of.get(name, name)
    ids = sorted(
        {name, *(one for one in found.person_of if found.person_of[one] == person)}, key=naming_order
    )
    return ShownPerson(name, person, ids, _shown(edges, set(ids), found))


def _shown(edges: list[IdentityEdge], ids: set[str], found: Persons) -> list[ShownEdge]:
    """The edges of these ids, by time; an unlink, which holds for both directions, once."""
    shown = {}
    for edge in sorted(edges, key=lambda one: (one.since, one.id_a, one.id_b)):
        pair = (edge.id_a, edge.id_b)
        if edge.is_deleted and edge.source != UNLINKED or not ids & set(pair):
            continue
        both = tuple(sorted(pair, key=naming_order, reverse=True)) if edge.is_deleted else pair
        shown[both, edge.is_deleted] = ShownEdge(
            *both, edge.since, edge.source, pair in found.refused, edge.is_deleted, edge.unlinked_at
        )
    return list(shown.values())


def unlink(settings: Settings, store: Store, site_id: str, name_a: str, name_b: str) -> Changed:
    """Take away what joins two ids directly; what was said of them until now does not count any more.

    Waits for its turn. Unlinking twice is no error. Raises ConfigError if no edge joins them.
    """
    with _turn(settings, store) as batch:
        id_a, id_b = (_named(store, site_id, name) for name in (name_a, name_b))
        pair = {id_a, id_b}
        edges = _around(store, site_id, [id_a, id_b])
        known = [edge for edge in edges if {edge.id_a, edge.id_b} == pair]
        if not known:
            raise ConfigError(
                f"no edge joins {id_a} and {id_b}; `clicktrail identity show --site {site_id} {id_a}` lists them"
            )
        stands = [edge.since for edge in known if not edge.is_deleted]
        at = max([_now(), *stands]) if stands else max(edge.since for edge in known)
        mark = IdentityEdge(site_id, id_a, id_b, at, UNLINKED, unlinked_at=at, is_deleted=True)
        # In both directions: what was said of the pair the other way round must not bring it back either.
        marks = [mark, replace(mark, id_a=id_b, id_b=id_a)] if stands else []
        after = put_edges(store, batch, _frame(edges), _frame(marks))
    return _changed(after, id_a, id_b, bool(stands), at)


def link(
    settings: Settings, store: Store, site_id: str, name_a: str, name_b: str, *, force: bool = False
) -> Changed:
    """Say by hand that two ids are one person; with `force` also if both are known users.

    Waits for its turn. Raises ConfigError for ids that cannot be joined, or not without force.
    """
    with _turn(settings, store) as batch:
        id_a, id_b = (_named(store, site_id, name) for name in (name_a, name_b))
        if id_a == id_b or GROUP in (id_a[: len(GROUP)], id_b[: len(GROUP)]):
            raise ConfigError(f"{id_a} and {id_b}: two ids are needed, and a group is no person")
        if id_a.startswith(USER):
            id_a, id_b = id_b, id_a
        edges = _around(store, site_id, [id_a, id_b])
        stored = {(edge.id_a, edge.id_b): edge for edge in edges}.get((id_a, id_b))
        last = stored.unlinked_at if stored else None
        at = _now() if last is None else max(_now(), last + _TICK)
        said = IdentityEdge(site_id, id_a, id_b, at, FORCED if force else MANUAL)
        changed = changed_edges(_frame(edges), _frame([said]))
        _refuse_two_users(_after(edges, changed), id_a, id_b)
        after = put_edges(store, batch, _frame(edges), changed)
    return _changed(after, id_a, id_b, not changed.is_empty(), at)


def _refuse_two_users(edges: list[IdentityEdge], id_a: str, id_b: str) -> None:
    if (id_a, id_b) in (found := resolve(edges)).refused:
        users = " and ".join(found.person_of.get(name, name) for name in (id_a, id_b))
        raise ConfigError(f"{id_a} and {id_b} belong to two known users, {users}; --force joins them")


def _changed(after: pl.DataFrame, id_a: str, id_b: str, changed: bool, at: datetime) -> Changed:
    person_of = resolve(_records(after)).person_of
    person_a, person_b = (person_of.get(name, name) for name in (id_a, id_b))
    return Changed(id_a, id_b, changed, at, person_a, person_b, person_a == person_b)


@contextmanager
def _turn(settings: Settings, store: Store) -> Iterator[Batch]:
    """Hold the lease; other writers forget what memory holds of the tables afterwards."""
    with lease_of(settings, store).turn() as turn:
        yield Batch(turn.version(1), f"identity{turn.epoch}")


def _named(store: Store, site_id: str, name: str) -> str:
    """The id as it stands in the tables: a visitor id or `user:…` as given, else a bare user id."""
    if names_nobody(name):
        raise ConfigError(f"{name!r} is a word for nobody, not an id")
    for candidate in (name, USER + name):
        if store.rows(KNOWN_ID, site_id=site_id, id=candidate):
            return candidate
    raise ConfigError(
        f"site {site_id} knows no visitor or user {name}; "
        f"`clicktrail report sessions --site {site_id}` lists visitors"
    )


def _around(store: Store, site_id: str, names: list[str]) -> list[IdentityEdge]:
    """All edges that can be reached from the ids, unlinked ones too."""
    ids = pl.DataFrame({"site_id": [site_id] * len(names), "id": names})
    edges = connected(store, ids)
    return _records(edges.filter(pl.col("site_id") == site_id))


def _after(edges: list[IdentityEdge], changed: pl.DataFrame) -> list[IdentityEdge]:
    later = {(edge.id_a, edge.id_b): edge for edge in [*edges, *_records(changed)]}
    return list(later.values())


def _records(edges: pl.DataFrame) -> list[IdentityEdge]:
    return [IdentityEdge(**row) for row in edges.iter_rows(named=True)]


def _frame(edges: list[IdentityEdge]) -> pl.DataFrame:
    return pl.DataFrame([asdict(edge) for edge in edges], schema=schema(IdentityEdge)).select(EDGE)


def _now() -> datetime:
    now = datetime.now(timezone.utc)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
