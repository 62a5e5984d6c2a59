"""Conditions as a filter of sessions.

A clause on a field of the session (`SESSION_FIELDS`) is compared with the session. The other clauses of the
same condition must all hold for one event whose time lies in the session, whatever its channel; another
condition may be met by another event. Bots are left out unless a clause names `is_bot`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.computed import read_sql
from dashboards.conditions import (
    EVENT_FIELDS,
    SESSION_FIELDS,
    Clause,
    Expression,
    all_of,
    any_and_every,
    both,
    check_patterns,
    fill,
    parse,
)
from store.tables.client import Store

FIELDS = {**EVENT_FIELDS, **SESSION_FIELDS}
"""What a filter of a report on sessions may name."""

_MATCHED = read_sql("dashboards", "matched.sql")
_MATCH = "SELECT match('', {pattern:String}) AS found"


@dataclass(frozen=True)
class SessionFilter:
    """A boolean over a session of alias s; it also needs the parameters site_id, since and until.

    `bots`: bots were asked for. `active` is False when there is nothing to filter by.
    """

    where: Expression
    bots: bool = False
    active: bool = False


def session_filter(store: Store, texts: Sequence[str]) -> SessionFilter:
    """Read conditions, all of which hold; ConfigError says what is wrong with one."""
    parsed = [parse(text, FIELDS) for text in texts]
    clauses = [clause for one in parsed for clause in one]
    check_patterns(clauses, lambda pattern: store.rows(_MATCH, pattern=pattern))
    where = all_of((c for c in clauses if _of_session(c)), prefix="s", table="s")
    inside = [[c for c in one if not _of_session(c)] for one in parsed]
    events = [all_of(one, prefix=f"e{at}_", table="e") for at, one in enumerate(inside) if one]
    if events:
        fits_any, fits_every = any_and_every(events)
        where = both(where, Expression(fill(_MATCHED, any=fits_any, every=fits_every), fits_any.parameters))
    return SessionFilter(where, any(c.field == "is_bot" for c in clauses), bool(clauses))


def _of_session(clause: Clause) -> bool:
    return clause.field in SESSION_FIELDS
