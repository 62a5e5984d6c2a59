"""What happens now: the last 30 minutes of a site."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from dashboards.computed import Computed, iso, jsonable, read_sql, sql_instant
from schemas.objects import Site
from store.tables.client import Store

MINUTES = 30
_COUNTS_SQL, _NEWEST_SQL, _SOURCES_SQL, _BOTS_SQL = (
    read_sql(__package__ or "", f"{name}.sql") for name in ("counts", "newest", "sources", "bots")
)
_COUNTS = "Persons and human events of the running minute and the 29 before it, by the time they happened."
_NEWEST = "The 50 human events of that time which were received last."
_SOURCES = "The sessions these events lie in, by the source and medium that began them."
_BOTS = "Events of bots in that time. No other number holds them."


@dataclass(frozen=True)
class Minute:
    """One calendar minute."""

    start: datetime  # UTC
    visitors: int
    events: int
    running: bool  # the minute of asking


@dataclass(frozen=True)
class LiveEvent:
    """One event of the ticker."""

    event_id: str
    event_time: datetime
    received_at: datetime
    visitor_id: str
    event_type: str
    event_name: str
    path: str
    title: str
    source: str
    medium: str
    device_class: str
    channel: str
    country: str
    target: str
    search_term: str
    value: float
    order_id: str
    revenue: Decimal
    currency: str


@dataclass(frozen=True)
class LiveRow:
    """One value with who is there now."""

    value: str
    visitors: int
    events: int


@dataclass(frozen=True)
class Live:
    """Human events of the running minute and the 29 before it; lists hold at most ten rows."""

    site_id: str
    asked_at: datetime
    visitors: int  # persons
    events: int
    page_views: int
    visitors_5m: int  # persons of the last five minutes exactly
    minutes: tuple[Minute, ...]  # 30, oldest first
    newest: tuple[LiveEvent, ...]  # at most 50, newest received first
    pages: tuple[LiveRow, ...]  # paths of views
    sources: tuple[LiveRow, ...]  # "source / medium" of the sessions
    channels: tuple[LiveRow, ...]  # web, wap, app …
    bot_events: int  # in no other number
    computed: tuple[Computed, ...]

    def to_json(self) -> dict[str, Any]:
        """Counts first, then minutes, newest events and lists; asked_at under `meta`."""
        lists = {"pages": self.pages, "sources": self.sources, "channels": self.channels}
        return {
            "visitors": self.visitors,
            "events": self.events,
            "page_views": self.page_views,
            "visitors_5m": self.visitors_5m,
            "minutes": [_plain(minute) for minute in self.minutes],
            "newest": [_plain(event) for event in self.newest],
            **{name: [_plain(row) for row in rows] for name, rows in lists.items()},
            "bot_events": self.bot_events,
            "meta": {"site": self.site_id, "asked_at": iso(self.asked_at)},
        }


def live(store: Store, site: Site, now: datetime) -> Live:
    """The last 30 minutes of a site before `now` (UTC)."""
    since = now.replace(second=0, microsecond=0) - timedelta(minutes=MINUTES - 1)
    given: dict[str, object] = {"site_id": site.id, "since": sql_instant(since), "now": sql_instant(now)}
    counts = Computed("counts", _COUNTS, _COUNTS_SQL, given)
    newest = Computed("newest", _NEWEST, _NEWEST_SQL, given)
    sources = Computed("sources", _SOURCES, _SOURCES_SQL, given)
    bots = Computed("bots", _BOTS, _BOTS_SQL, given)
    rows = counts.rows(store)
    everything = next(row for row in rows if row["list"] == "all")
    return Live(
        site_id=site.id,
        asked_at=now,
        visitors=everything["visitors"],
        events=everything["events"],
        page_views=everything["page_views"],
        visitors_5m=everything["visitors_5m"],
        minutes=_minutes(rows, since),
        newest=tuple(LiveEvent(**row) for row in newest.rows(store)),
        pages=_listed(rows, "page"),
        sources=tuple(
            LiveRow(f"{row['source']} / {row['medium']}", row["visitors"], row["events"])
            for row in sources.rows(store)
        ),
        channels=_listed(rows, "channel"),
        bot_events=bots.rows(store)[0]["events"],
        computed=(counts, newest, sources, bots),
    )


def _minutes(rows: list[dict[str, Any]], since: datetime) -> tuple[Minute, ...]:
    found = {row["minute"]: (row["visitors"], row["events"]) for row in rows if row["list"] == "minute"}
    return tuple(
        Minute(since + timedelta(minutes=at), *found.get(at, (0, 0)), running=at == MINUTES - 1)
        for at in range(MINUTES)
    )


def _listed(rows: list[dict[str, Any]], name: str) -> tuple[LiveRow, ...]:
    found = [row for row in rows if row["list"] == name]
    return tuple(LiveRow(row["value"], row["visitors"], row["events"]) for row in found[:10])


def _plain(record: Minute | LiveEvent | LiveRow) -> dict[str, Any]:
    return {f.name: jsonable(getattr(record, f.name)) for f in fields(record)}
