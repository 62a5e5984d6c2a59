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
from ingest.persons_columns import EDGE, changed_edges
from pipelines.known import read_sql
from pipelines.persons import connected, put_edges
from pipelines.turns import Turns
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


class SiteIdentity:
    """The edges and persons of one site. An id is a visitor id, `user:<id>`, or the bare id of a user."""

    def __init__(self, settings: Settings, store: Store, site_id: str) -> None:
        self._settings, self._store, self._site = settings, store, site_id

    def show(self, name: str) -> ShownPerson:
        """The person of an id. Raises ConfigError for one that stands nowhere."""
        name = self._known(name)
        edges = self._around(name)
        found = resolve(edges)
        person = found.person_of.get(name, name)
        ids = {name, *(one for one, whose in found.person_of.items() if whose == person)}
        return ShownPerson(name, person, sorted(ids, key=naming_order), _shown(edges, ids, found))

    def unlink(self, name_a: str, name_b: str) -> Changed:
        """Take away what joins two ids directly; what was said of them up to now does not count any more.

        Waits for its turn. Unlinking twice is no error. Raises ConfigError if no edge is there.
        """
        with self._turn() as batch:
            id_a, id_b = self._known(name_a), self._known(name_b)
            edges = self._around(id_a, id_b)
            between = [edge for edge in edges if {edge.id_a, edge.id_b} == {id_a, id_b}]
            if not between:
                raise ConfigError(
                    f"no edge between {id_a} and {id_b}; "
                    f"`clicktrail identity show --site {self._site} {id_a}` lists the edges there are"
                )
            stands = not all(edge.is_deleted for edge in between)
            newest = max(edge.since for edge in between)
            at = max(_now(), newest) if stands else newest
            mark = IdentityEdge(self._site, id_a, id_b, at, UNLINKED, unlinked_at=at, is_deleted=True)
            # Both ways: what was said of the pair the other way round must not bring it back either.
            marks = [mark, replace(mark, id_a=id_b, id_b=id_a)] if stands else []
            after = put_edges(self._store, batch, _frame(edges), _frame(marks))
        return _changed(_records(after), id_a, id_b, stands, at)

    def link(self, name_a: str, name_b: str, *, force: bool = False) -> Changed:
        """Say by hand that two ids are one person; with `force` also if both are known users.

        Waits for its turn. Raises ConfigError for ids that cannot be joined, or not without force.
        """
        with self._turn() as batch:
            id_a, id_b = sorted((self._known(name_a), self._known(name_b)), key=_users_last)
            if id_a == id_b or id_a.startswith(GROUP) or id_b.startswith(GROUP):
                raise ConfigError(f"{id_a} and {id_b}: two different ids are needed, and no group")
            edges = self._around(id_a, id_b)
            marks = [edge.unlinked_at for edge in edges if (edge.id_a, edge.id_b) == (id_a, id_b)]
            at = max([_now(), *(mark + _TICK for mark in marks if mark)])
            said = IdentityEdge(self._site, id_a, id_b, at, FORCED if force else MANUAL)
            changed = changed_edges(_frame(edges), _frame([said]))
            _refuse_two_users(_after(edges, changed), id_a, id_b)
            after = put_edges(self._store, batch, _frame(edges), changed)
        return _changed(_records(after), id_a, id_b, not changed.is_empty(), at)

    @contextmanager
    def _turn(self) -> Iterator[Batch]:
        """Hold the lease; other writers forget afterwards what memory holds of the tables."""
        with Turns(self._settings, self._store).turn() as turn:
            yield Batch(turn.version(1), f"identity{turn.epoch}")

    def _known(self, name: str) -> str:
        """The id as it stands in the tables."""
        if names_nobody(name):
            raise ConfigError(f"{name!r} is a word for nobody, not an id")
        for candidate in (name, USER + name):
            if self._store.rows(KNOWN_ID, site_id=self._site, id=candidate):
                return candidate
        raise ConfigError(
            f"site {self._site} knows no visitor or user {name}; "
            f"`clicktrail report sessions --site {self._site}` lists visitors"
        )

    def _around(self, *names: str) -> list[IdentityEdge]:
        """All edges that can be reached from the ids, unlinked ones too."""
        ids = pl.DataFrame({"site_id": [self._site] * len(names), "id": names}).unique()
        return _records(connected(self._store, ids))


def _shown(edges: list[IdentityEdge], ids: set[str], found: Persons) -> list[ShownEdge]:
    """The edges of these ids, by time; an unlink, which holds both ways, once."""
    shown: dict[tuple[str, str, bool], ShownEdge] = {}
    for edge in sorted(edges, key=lambda one: (one.since, one.id_a, one.id_b)):
        id_a, id_b = edge.id_a, edge.id_b
        refused = (id_a, id_b) in found.refused
        if edge.is_deleted:
            id_a, id_b = sorted((id_a, id_b), key=_users_last)
        if {id_a, id_b} & ids and (edge.unlinked_at or not edge.is_deleted):
            shown[id_a, id_b, edge.is_deleted] = ShownEdge(
                id_a, id_b, edge.since, edge.source, refused, edge.is_deleted, edge.unlinked_at
            )
    return list(shown.values())


def _users_last(name: str) -> tuple[bool, str]:
    return (name.startswith(USER), name)


def _refuse_two_users(edges: list[IdentityEdge], id_a: str, id_b: str) -> None:
    found = resolve(edges)
    if (id_a, id_b) in found.refused:
        users = " and ".join(found.person_of.get(name, name) for name in (id_a, id_b))
        raise ConfigError(f"{id_a} and {id_b} belong to two known users, {users}; --force joins them")


def _changed(after: list[IdentityEdge], id_a: str, id_b: str, changed: bool, at: datetime) -> Changed:
    person_of = resolve(after).person_of
    person_a, person_b = (person_of.get(name, name) for name in (id_a, id_b))
    return Changed(id_a, id_b, changed, at, person_a, person_b, person_a == person_b)


def _after(edges: list[IdentityEdge], changed: pl.DataFrame) -> list[IdentityEdge]:
    return list({(edge.id_a, edge.id_b): edge for edge in [*edges, *_records(changed)]}.values())


def _records(edges: pl.DataFrame) -> list[IdentityEdge]:
    return [IdentityEdge(**row) for row in edges.iter_rows(named=True)]


def _frame(edges: list[IdentityEdge]) -> pl.DataFrame:
    return pl.DataFrame([asdict(edge) for edge in edges], schema=schema(IdentityEdge)).select(EDGE)


def _now() -> datetime:
    now = datetime.now(timezone.utc)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
