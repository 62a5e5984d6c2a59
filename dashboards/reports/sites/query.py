"""Whether data comes in: per site, and from senders whose site nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboards.computed import Computed, iso, jsonable, read_sql, sql_instant
from store.tables.client import Store

_RECEIVED_SQL, _HAPPENED_SQL, _FAILED_SQL, _UNKNOWN_SQL, _HEARD_SQL = (
    read_sql(__package__ or "", f"{name}.sql")
    for name in ("received", "happened", "failed", "unknown", "heard")
)


@dataclass(frozen=True)
class FailedCount:
    """Failed events of one reason in the last 24 hours."""

    reason: str
    count: int
    detail: str  # of the newest one, for a person
    last: datetime


@dataclass(frozen=True)
class SiteHealth:
    """What arrived for one site."""

    site_id: str
    first_received: datetime | None  # None: nothing yet
    last_received: datetime | None
    last_event: datetime | None  # newest event_time
    events_24h: int  # that happened in the last 24 hours, bots included
    failed_24h: tuple[FailedCount, ...]  # most frequent first


@dataclass(frozen=True)
class UnknownSite:
    """Requests that named no site we have, in the last 24 hours."""

    detail: str
    protocol: str
    hits: int
    last: datetime


@dataclass(frozen=True)
class Sites:
    """Every asked site (or every site with rows), by id; unknown senders by hits."""

    asked_at: datetime
    sites: tuple[SiteHealth, ...]
    unknown: tuple[UnknownSite, ...]
    computed: tuple[Computed, ...]

    def site(self, site_id: str) -> SiteHealth | None:
        """One of them, None if it was not asked for and has no rows."""
        return next((health for health in self.sites if health.site_id == site_id), None)

    def to_json(self) -> dict[str, Any]:
        """{"sites": [...], "unknown": [...], "meta"}."""
        return {
            "sites": [
                {
                    "site_id": health.site_id,
                    "first_received": iso(health.first_received),
                    "last_received": iso(health.last_received),
                    "last_event": iso(health.last_event),
                    "events_24h": health.events_24h,
                    "failed_24h": [_plain(failed) for failed in health.failed_24h],
                }
                for health in self.sites
            ],
            "unknown": [_plain(sender) for sender in self.unknown],
            "meta": {"asked_at": iso(self.asked_at)},
        }


def sites(store: Store, ids: Sequence[str] = (), *, now: datetime) -> Sites:
    """Health of the sites `ids`; with none given, of every site that has rows."""
    given: dict[str, object] = {"ids": list(ids), "day_ago": sql_instant(now - timedelta(days=1))}
    computed = (
        Computed("received", "First and last event received for each site.", _RECEIVED_SQL, given),
        Computed("happened", "Events that happened in the last 24 hours.", _HAPPENED_SQL, given),
        Computed("failed", "Failed events received in the last 24 hours.", _FAILED_SQL, given),
        Computed("unknown", "Requests of the last 24 hours without a known site.", _UNKNOWN_SQL, given),
    )
    received, happened, failed, unknown = (one.rows(store) for one in computed)
    moments = {row.pop("site_id"): row for row in received}
    counts = {row["site_id"]: row["events"] for row in happened}
    failures: dict[str, list[FailedCount]] = {}
    for row in failed:
        counted = FailedCount(row["reason"], row["failed"], row["newest_detail"], row["last"])
        failures.setdefault(row["site_id"], []).append(counted)
    nothing = dict.fromkeys(("first_received", "last_received", "last_event"))
    return Sites(
        asked_at=now,
        sites=tuple(
            SiteHealth(
                site_id=name,
                events_24h=counts.get(name, 0),
                failed_24h=tuple(failures.get(name, ())),
                **moments.get(name, nothing),
            )
            for name in sorted({*ids} or {*moments, *failures})
        ),
        unknown=tuple(UnknownSite(**row) for row in unknown),
        computed=computed,
    )


def heard_of(store: Store, site_id: str) -> bool:
    """Whether a site ever sent an event. Raises StoreError."""
    return bool(store.rows(_HEARD_SQL, site_id=site_id))


def _plain(record: FailedCount | UnknownSite) -> dict[str, Any]:
    return {name: jsonable(value) for name, value in vars(record).items()}
