"""The overview: what happened in a period and in the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from dashboards.computed import Computed
from dashboards.period import Period
from dashboards.rate import Rate
from schemas.objects import Site
from store.tables.client import Store


@dataclass(frozen=True)
class Totals:
    """The sums of one period; rates are derived from them."""

    visitors: int = 0  # persons with a human session that starts in the period
    sessions: int = 0
    page_views: int = 0  # of those sessions
    events: int = 0  # human events by event_time
    bounces: int = 0  # sessions
    engaged: int = 0  # sessions
    single_page: int = 0  # sessions with exactly one view
    engaged_s: float = 0.0  # visible seconds of all sessions together
    orders: int = 0
    converted: int = 0  # sessions with an order
    revenue: Decimal = Decimal(0)  # net of refunds, in the site's currency
    wap_sessions: int = 0
    bot_sessions: int = 0  # left out of all numbers above
    bot_events: int = 0  # left out of all numbers above

    @property
    def bounce_rate(self) -> Rate:
        """Sessions that were not engaged, of all sessions."""
        return Rate(self.bounces, self.sessions)

    @property
    def engaged_rate(self) -> Rate:
        """Engaged sessions of all sessions."""
        return Rate(self.engaged, self.sessions)

    @property
    def single_page_rate(self) -> Rate:
        """Sessions with exactly one view, of all sessions."""
        return Rate(self.single_page, self.sessions)

    @property
    def converted_rate(self) -> Rate:
        """Sessions with an order, of all sessions (the one with an interval)."""
        return Rate(self.converted, self.sessions)

    @property
    def wap_share(self) -> Rate:
        """Sessions of channel wap, of all sessions."""
        return Rate(self.wap_sessions, self.sessions)

    @property
    def conversion(self) -> float | None:
        """Orders per session."""
        return self.orders / self.sessions if self.sessions else None

    @property
    def engaged_s_per_session(self) -> float | None:
        """Mean visible seconds of a session."""
        return self.engaged_s / self.sessions if self.sessions else None


@dataclass(frozen=True)
class Bucket:
    """One local day, or one hour when the period is a single day."""

    start: datetime  # first instant, UTC
    label: str  # local: 2026-11-01, or 2026-11-01T13:00
    visitors: int
    sessions: int
    page_views: int
    unfinished: bool  # still running at the moment of asking


@dataclass(frozen=True)
class TopRow:
    """One value of a session field with its sessions."""

    value: str  # '' = not set; sources: "google / organic"
    condition: str  # a filter text that keeps this row's sessions
    visitors: int
    sessions: int
    page_views: int
    bounces: int

    @property
    def bounce_rate(self) -> Rate:
        """Sessions that were not engaged, with interval."""
        return Rate(self.bounces, self.sessions)


@dataclass(frozen=True)
class PageRow:
    """One path with its views (by event_time in the period)."""

    value: str
    condition: str  # a filter text: sessions that saw this page
    visitors: int
    page_views: int


@dataclass(frozen=True)
class Overview:
    """Everything the overview shows; the top lists hold at most ten rows."""

    site_id: str
    period: Period
    previous_period: Period
    filters: tuple[str, ...]
    asked_at: datetime
    totals: Totals
    previous: Totals
    unit: str  # of the trend: day | hour
    trend: tuple[Bucket, ...]  # buckets that had not begun at asked_at are left out
    previous_trend: tuple[Bucket, ...]
    pages: tuple[PageRow, ...]
    entry_pages: tuple[TopRow, ...]
    sources: tuple[TopRow, ...]
    channel_groups: tuple[TopRow, ...]
    devices: tuple[TopRow, ...]
    browsers: tuple[TopRow, ...]
    os: tuple[TopRow, ...]
    countries: tuple[TopRow, ...]
    campaigns: tuple[TopRow, ...]
    computed: tuple[Computed, ...]

    @property
    def unfinished(self) -> bool:
        """Whether the period was still running when it was asked for."""
        return self.period.ends > self.asked_at

    def to_json(self) -> dict[str, Any]:
        """Totals first, then lists; what depends on the moment of asking under `meta`."""
        raise NotImplementedError


def overview(
    store: Store, site: Site, period: Period, filters: Sequence[str] = (), *, now: datetime
) -> Overview:
    """The overview of a site for a period."""
    raise NotImplementedError
