"""Who is who: statements make edges, edges make persons. The rule in readable form, for one site.

persons_columns.py has the same on columns; a property test holds them equal. Both depend on the set of the
statements alone, never on the order in which they come.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl

from schemas.arrow import schema
from schemas.identity_edge import FORCED, GROUP, USER, IdentityEdge, Person

PERSON = ("site_id", "visitor_id", "person_id")


def after(edge: IdentityEdge | None, statement: IdentityEdge) -> IdentityEdge:
    """The edge of a pair once this is said too.

    It stands since the first statement that counts, under the source of that one; what was forced stays so.
    Statements up to the time of an unlink do not count, whenever they come.
    """
    if edge is None:
        return statement
    if edge.unlinked_at is not None and statement.since <= edge.unlinked_at:
        return edge
    if edge.is_deleted:
        return replace(statement, unlinked_at=edge.unlinked_at)
    first = min(edge, statement, key=lambda one: (one.since, one.source))
    source = FORCED if FORCED in (edge.source, statement.source) else first.source
    return replace(edge, since=first.since, source=source)


@dataclass(frozen=True)
class Persons:
    """What the edges of a site say."""

    person_of: dict[str, str]  # id → person; only ids that are joined to others
    refused: frozenset[tuple[str, str]]  # (id_a, id_b) of edges that would join two known users


@dataclass
class _Group:
    """Ids that are one person so far."""

    ids: list[str]
    is_known: bool  # one of them is a known user


def resolve(edges: Iterable[IdentityEdge]) -> Persons:
    """The persons of one site.

    Edges are taken by (since, id_a, id_b). One that would join two persons who are both known users is
    refused, unless it is forced: two people used one device. A person is named after the least of its user
    ids, else of its visitor ids.
    """
    group_of: dict[str, _Group] = {}
    refused = set()
    for edge in sorted(edges, key=lambda edge: (edge.since, edge.id_a, edge.id_b)):
        if not joins(edge):
            continue
        ends = (edge.id_a, edge.id_b)
        for end in ends:
            if end not in group_of:
                group_of[end] = _Group([end], end.startswith(USER))
        one, other = group_of[edge.id_a], group_of[edge.id_b]
        if one is other:
            continue
        if one.is_known and other.is_known and edge.source != FORCED:
            refused.add(ends)
            continue
        small, large = sorted((one, other), key=lambda group: len(group.ids))
        large.ids += small.ids
        large.is_known |= small.is_known
        group_of.update(dict.fromkeys(small.ids, large))
    groups = {id(group): group for group in group_of.values() if len(group.ids) > 1}
    names = {key: min(group.ids, key=naming_order) for key, group in groups.items()}
    return Persons(
        {one: names[key] for key, group in groups.items() for one in group.ids}, frozenset(refused)
    )


def joins(edge: IdentityEdge) -> bool:
    """Whether the edge may join persons: it stands, and neither end is a group."""
    return not edge.is_deleted and not edge.id_a.startswith(GROUP) and not edge.id_b.startswith(GROUP)


def naming_order(name: str) -> tuple[bool, str]:
    """Users before visitors, then bytewise."""
    return (not name.startswith(USER), name)


def is_stored(name: str, person: str) -> bool:
    """Whether a joined id has a row in `persons`: visitors do; a user only where it is called otherwise."""
    return not name.startswith(USER) or name != person


def persons_again(edges: pl.DataFrame) -> pl.DataFrame:
    """What should stand in `persons` (site_id, visitor_id, person_id), from all rows of `identity_edges`.

    `edges` has the columns of schema(IdentityEdge); of a pair at most one row stands.
    """
    rows = []
    for (site,), part in edges.group_by("site_id", maintain_order=True):
        found = resolve(IdentityEdge(**row) for row in part.iter_rows(named=True)).person_of
        rows += [(site, name, person) for name, person in found.items() if is_stored(name, person)]
    return pl.DataFrame(rows, schema={name: schema(Person)[name] for name in PERSON}, orient="row")
