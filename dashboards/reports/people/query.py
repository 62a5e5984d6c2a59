"""A list of people: those behind a number, or everybody with a session in the period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from clicktrail.errors import ConfigError
from dashboards.computed import Computed, jsonable, read_sql, sql_instant
from dashboards.filters import MOST_SENT, session_filter
from dashboards.people import Selection
from dashboards.period import DAY, Period
from schemas.objects import Site
from store.tables.client import Store, measured

OPTIONS = ("sort",)
SORTS: Mapping[str, int] = {
    "last_seen": -1, "first_seen": -1, "sessions": -1, "orders": -1, "revenue": -1,
    "channel_group": 1, "country": 1, "id_quality": 1,
}  # fmt: skip
"""Column by which people can be put in order → 1 upwards, -1 downwards; words stand upwards."""

_EVERYBODY_SQL, _PEOPLE_SQL = (read_sql(__package__ or "", name) for name in ("everybody.sql", "people.sql"))
_ALWAYS = ("1970-01-01 00:00:00.000", "2149-01-01 00:00:00.000")
_DEFINITION = (
    "People: a visitor, or the person to whom visitors were joined. First and last seen, sessions, "
    "orders and value are of all their human sessions, not only of those in the period; value is net of"
    " refunds. The channel is that of the first session, the country that of the last one."
)


@dataclass(frozen=True)
class Person:
    """One person in a list. Without a session (only events outside sessions) there are no instants."""

    person_id: str
    id_quality: str  # user | durable | salted_daily
    first_seen: datetime | None
    last_seen: datetime | None
    sessions: int
    orders: int
    revenue: Decimal  # net, in the site's currency
    channel_group: str  # of the first session
    country: str  # of the last session


@dataclass(frozen=True)
class People:
    """One page of the people asked for."""

    rows: tuple[Person, ...]
    total: int  # of all pages, with those below unless they were left out
    daily: int  # people whose id lasts one day only
    sort: str
    computed: Computed
    chosen: Computed  # who they are

    def to_json(self) -> dict[str, Any]:
        """The rows and the counts."""
        return {
            "people": [{name: jsonable(value) for name, value in vars(row).items()} for row in self.rows],
            "total": self.total,
            "daily_only": self.daily,
        }


@dataclass(frozen=True)
class Slice:
    """Which part of a list is wanted."""

    limit: int
    offset: int = 0
    sort: str = "last_seen"
    with_daily: bool = True  # also people whose id lasts one day only

    def __post_init__(self) -> None:
        if self.sort not in SORTS:
            raise ConfigError(f"sort={self.sort}: people can be sorted by {', '.join(SORTS)}")
        if self.limit < 1 or self.offset < 0:
            raise ConfigError(f"limit={self.limit}, offset={self.offset}: ask for at least one person")


def everybody(store: Store, site: Site, period: Period, filters: Sequence[str], title: str) -> Selection:
    """Everybody with a session in the period that the filters keep; ConfigError for a filter."""
    kept = session_filter(store, filters)
    given: dict[str, object] = {
        "site_id": site.id,
        "since": sql_instant(period.begins),
        "until": sql_instant(period.ends),
        "bots": int(kept.bots),
        **kept.parameters,
    }
    asked = kept.computed("people", "", _EVERYBODY_SQL, given)
    return Selection(title, asked.sql, given, asked.ahead)


def people(
    store: Store, site: Site, chosen: Selection, wanted: Slice, during: Period | None = None
) -> People:
    """The part `wanted` of a selection. `during`: days in which each of them has a session, if known.

    Raises StoreError.
    """
    days = (sql_instant(during.begins - DAY), sql_instant(during.ends + DAY)) if during else _ALWAYS
    given = {
        "site_id": site.id,
        **chosen.parameters,
        "bots": chosen.parameters.get("bots", 0),
        "daily_since": days[0],
        "daily_until": days[1],
        "with_daily": int(wanted.with_daily),
        "sort": wanted.sort,
        "direction": SORTS[wanted.sort],
        "page_size": wanted.limit,
        "page_begin": wanted.offset,
    }
    who = Computed("chosen", chosen.title, chosen.sql, chosen.parameters, chosen.ahead)
    ahead = f"WITH chosen AS (\n{who.whole}\n)\n"
    asked = Computed("people", _DEFINITION, _PEOPLE_SQL, given, ahead)
    with measured(who.cost):
        found = store.query(who.whole, None, **who.used())
    rows = asked.rows(store, {"chosen": found} if found.height <= MOST_SENT else None)
    total, daily = (rows[0]["total"], rows[0]["daily"]) if rows else (0, 0)
    return People(tuple(_person(row) for row in rows), total, daily, wanted.sort, asked, who)


def _person(row: Mapping[str, Any]) -> Person:
    seen = bool(row["sessions"])
    return Person(
        person_id=row["person_id"],
        id_quality=row["id_quality"],
        first_seen=row["first_seen"] if seen else None,
        last_seen=row["last_seen"] if seen else None,
        sessions=row["sessions"],
        orders=row["orders"],
        revenue=row["revenue"],
        channel_group=row["channel_group"],
        country=row["country"],
    )
