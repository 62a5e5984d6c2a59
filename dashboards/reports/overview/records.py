"""What an overview holds, and its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from crm.rate import Rate
from dashboards.computed import Computed, iso, jsonable, money
from dashboards.period import Period

LISTS = {
    "entry_pages": "entry_path",
    "sources": "source",
    "channel_groups": "channel_group",
    "devices": "device_class",
    "browsers": "browser",
    "os": "os",
    "countries": "country",
    "campaigns": "campaign",
}
"""Top list → session field it lists."""

TOP = 10
"""Rows of a list."""


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
    bounces: int = 0  # sessions
    engaged_s: float = 0.0  # visible seconds of all sessions together


@dataclass(frozen=True)
class TopRow:
    """One value of a session field with its sessions."""

    value: str  # '' = not set; sources: "google / organic"
    condition: str  # a filter text that keeps this row's sessions
    visitors: int
    sessions: int
    page_views: int
    bounces: int
    visitors_before: int = 0  # in the period before, whatever its place there

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
    visitors_before: int = 0  # in the period before, whatever its place there


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
    faded: Mapping[str, tuple[TopRow | PageRow, ...]]  # list → rows of its top ten before that left it
    previous_until: datetime  # UTC; where the totals and rows of the period before are cut
    computed: tuple[Computed, ...]

    @property
    def unfinished(self) -> bool:
        """Whether the period was still running when it was asked for."""
        return self.period.ends > self.asked_at

    def to_json(self) -> dict[str, Any]:
        """Totals first, then the rest; what depends on the moment of asking under `meta`."""
        return {
            **_totals_json(self.totals),
            "previous": _totals_json(self.previous),
            "unit": self.unit,
            "trend": [_bucket_json(bucket) for bucket in self.trend],
            **{name: [_row_json(row) for row in getattr(self, name)] for name in ("pages", *LISTS)},
            "meta": {
                "site": self.site_id,
                "from": self.period.start.isoformat(),
                "to": self.period.end.isoformat(),
                "previous_from": self.previous_period.start.isoformat(),
                "previous_to": self.previous_period.end.isoformat(),
                "previous_until": iso(self.previous_until),
                "timezone": self.period.zone,
                "filters": list(self.filters),
                "asked_at": iso(self.asked_at),
                "unfinished": self.unfinished,
            },
        }


def _totals_json(totals: Totals) -> dict[str, Any]:
    """The keys scripts rely on come first."""
    return {
        "visitors": totals.visitors,
        "sessions": totals.sessions,
        "page_views": totals.page_views,
        "events": totals.events,
        "bounce_rate": totals.bounce_rate.value,
        "engaged_rate": totals.engaged_rate.value,
        "single_page_rate": totals.single_page_rate.value,
        "engaged_s": totals.engaged_s_per_session,
        "orders": totals.orders,
        "conversion": totals.conversion,
        "converted_rate": totals.converted_rate.value,
        "revenue": money(totals.revenue),
        "wap_share": totals.wap_share.value,
        "bots": {"sessions": totals.bot_sessions, "events": totals.bot_events},
    }


def _bucket_json(bucket: Bucket) -> dict[str, Any]:
    return {name: jsonable(value) for name, value in vars(bucket).items()}


def _row_json(row: TopRow | PageRow) -> dict[str, Any]:
    if isinstance(row, PageRow):
        return {
            "value": row.value,
            "visitors": row.visitors,
            "page_views": row.page_views,
            "previous_visitors": row.visitors_before,
        }
    rate = row.bounce_rate
    return {
        "value": row.value,
        "visitors": row.visitors,
        "sessions": row.sessions,
        "page_views": row.page_views,
        "previous_visitors": row.visitors_before,
        "bounce_rate": rate.value,
        "low": rate.low,
        "high": rate.high,
    }
