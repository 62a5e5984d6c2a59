"""Whether data comes in: per site, and from senders whose site nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards.computed import Computed
from store.tables.client import Store


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
    events_24h: int  # received in the last 24 hours, bots included
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
        raise NotImplementedError


def sites(store: Store, ids: Sequence[str] = (), *, now: datetime) -> Sites:
    """Health of the sites `ids`; with none given, of every site that has rows."""
    raise NotImplementedError
