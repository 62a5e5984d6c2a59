"""Conditions as a filter of sessions.

A clause on a field of the session (`SESSION_FIELDS`) is compared with the session. The other clauses of the
same condition must all hold for one event whose time lies in the session, whatever its channel; another
condition may be met by another event. Bots are left out unless a clause names `is_bot`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from dashboards.computed import Computed, read_sql
from dashboards.conditions import (
    EVENT_FIELDS,
    SESSION_FIELDS,
    Clause,
    ConditionError,
    check_patterns,
    parse,
)
from dashboards.expressions import Expression, all_of, any_and_every, both, fill
from store.tables.client import Store

FIELDS = {**EVENT_FIELDS, **SESSION_FIELDS}
"""What a filter of a report on sessions may name."""

MOST_SENT = 1_000_000
"""Sessions that are sent along with a query; of more the query finds them itself."""

_MATCHED = read_sql("dashboards", "matched.sql")
_WITH = "WITH matched AS /*matched*/ 1\n"
_SEND = "SELECT vh, start FROM /*matched*/ 1 LIMIT {most:UInt64}"
_IS_MATCHED = Expression("(s.vh, s.start) IN (SELECT vh, start FROM matched)")
_MATCH = "SELECT match('', {pattern:String}) AS found"


@dataclass(frozen=True)
class SessionFilter:
    """A boolean over a session of alias s; it also needs the parameters site_id, since and until.

    `bots`: bots were asked for. `active` is False when there is nothing to filter by.
    `matched`: the sessions that hold the events asked for, which `where` reads as a table of that name.
    """

    where: Expression
    bots: bool = False
    active: bool = False
    matched: Expression | None = None

    @property
    def parameters(self) -> dict[str, object]:
        """The values of all conditions."""
        return {**self.where.parameters, **(self.matched.parameters if self.matched else {})}

    @property
    def ahead(self) -> str:
        """The WITH clause of the matched sessions; '' if events were not asked for."""
        return fill(_WITH, matched=self.matched) if self.matched else ""

    def computed(self, name: str, definition: str, sql: str, given: Mapping[str, object]) -> Computed:
        """A query with this filter in the place of its mark `/*sessions*/ 1`."""
        return Computed(name, definition, fill(sql, sessions=self.where), given, self.ahead)

    def tables(self, store: Store, given: Mapping[str, object]) -> dict[str, pl.DataFrame]:
        """The matched sessions, found once for all queries of a report; empty if there is nothing to send."""
        if self.matched is None:
            return {}
        asked = Computed("matched", "", fill(_SEND, matched=self.matched), {**given, "most": MOST_SENT + 1})
        found = store.query(asked.sql, None, **asked.used())
        return {"matched": found} if found.height <= MOST_SENT else {}


class FilterError(ConditionError):
    """A filter that cannot be read; a page's options, which hold conditions too, are refused as such."""


def session_filter(store: Store, texts: Sequence[str]) -> SessionFilter:
    """Read conditions, all of which hold; FilterError says what is wrong with one."""
    try:
        return _read(store, texts)
    except ConditionError as error:
        raise FilterError(error.key, **error.values) from None


def _read(store: Store, texts: Sequence[str]) -> SessionFilter:
    parsed = [parse(text, FIELDS) for text in texts]
    clauses = [clause for one in parsed for clause in one]
    check_by_engine(store, clauses)
    where = all_of((c for c in clauses if _of_session(c)), prefix="s", table="s")
    inside = [[c for c in one if not _of_session(c)] for one in parsed]
    events = [all_of(one, prefix=f"e{at}_", table="e") for at, one in enumerate(inside) if one]
    matched = None
    if events:
        fits_any, fits_every = any_and_every(events)
        matched = Expression(fill(_MATCHED, any=fits_any, every=fits_every), fits_any.parameters)
        where = both(where, _IS_MATCHED)
    return SessionFilter(where, any(c.field == "is_bot" for c in clauses), bool(clauses), matched)


def check_by_engine(store: Store, clauses: Iterable[Clause]) -> None:
    """Let the engine compile each regular expression; ConfigError if it refuses."""
    check_patterns(clauses, lambda pattern: store.rows(_MATCH, pattern=pattern))


def event_condition(store: Store, text: str, prefix: str) -> Expression:
    """A condition on an event of alias e, parameters prefix0 …; ConfigError says what is wrong with it."""
    clauses = parse(text)
    check_by_engine(store, clauses)
    return all_of(clauses, prefix=prefix, table="e")


def _of_session(clause: Clause) -> bool:
    return clause.field in SESSION_FIELDS
