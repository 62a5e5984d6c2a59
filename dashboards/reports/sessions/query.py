"""The list of sessions that start in a period, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from clicktrail.errors import ConfigError
from dashboards.computed import Computed, jsonable, read_sql, sql_instant
from dashboards.filters import session_filter
from dashboards.period import Period
from schemas.objects import Site
from schemas.session import Session
from store.tables.client import Store

_LIST_SQL = read_sql(__package__ or "", "sessions.sql")
_TOTAL_SQL = read_sql(__package__ or "", "total.sql")
_LIST = "Human sessions that start in the period, the newest first."
_TOTAL = "Human sessions that start in the period."
_FLAGS = tuple(f.name for f in fields(Session) if f.type == "bool")


@dataclass(frozen=True)
class SessionRow:
    """One session and the person it belongs to."""

    session: Session
    person_id: str


@dataclass(frozen=True)
class Sessions:
    """At most `limit` human sessions, newest start first (then by session_id)."""

    site_id: str
    period: Period
    filters: tuple[str, ...]
    limit: int
    total: int  # sessions there are in all
    rows: tuple[SessionRow, ...]
    computed: tuple[Computed, ...]

    def to_json(self) -> dict[str, Any]:
        """{"sessions": [every Session column and person_id], "total", "meta"}."""
        listed = [{**vars(row.session), "person_id": row.person_id} for row in self.rows]
        return {
            "sessions": [{name: jsonable(value) for name, value in row.items()} for row in listed],
            "total": self.total,
            "meta": {
                "site": self.site_id,
                **self.period.to_json(),
                "filters": list(self.filters),
                "limit": self.limit,
            },
        }


def sessions(
    store: Store, site: Site, period: Period, filters: Sequence[str] = (), limit: int = 1000
) -> Sessions:
    """The newest sessions of a period; ConfigError when a filter cannot be read or the limit is below 1."""
    if limit < 1:
        raise ConfigError(f"limit={limit}: ask for at least one session")
    kept = session_filter(store, filters)
    given: dict[str, object] = {
        "site_id": site.id,
        "since": sql_instant(period.begins),
        "until": sql_instant(period.ends),
        "bots": int(kept.bots),
        "limit": limit,
        **kept.parameters,
    }
    listed = kept.computed("sessions", _LIST, _LIST_SQL, given)
    counted = kept.computed("total", _TOTAL, _TOTAL_SQL, given)
    tables = kept.tables(store, given)
    return Sessions(
        site_id=site.id,
        period=period,
        filters=tuple(filters),
        limit=limit,
        total=counted.rows(store, tables)[0]["total"],
        rows=tuple(_row(row) for row in listed.rows(store, tables)),
        computed=(listed, counted),
    )


def _row(row: dict[str, Any]) -> SessionRow:
    values = {f.name: row[f.name] for f in fields(Session)}
    values.update({name: bool(row[name]) for name in _FLAGS})
    return SessionRow(Session(**values), row["person_id"])
