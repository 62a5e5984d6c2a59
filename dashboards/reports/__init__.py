"""The reports: one folder each, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards.coverage import coverage
from dashboards.period import Period
from dashboards.reports.failed.query import failed
from dashboards.reports.live.query import live
from dashboards.reports.overview.query import overview
from dashboards.reports.sessions.query import sessions
from dashboards.reports.sites.query import sites
from schemas.objects import Site
from store.tables.client import Store


@dataclass(frozen=True)
class ReportOptions:
    """What a report is asked with; a report reads what it needs."""

    period: Period
    now: datetime  # UTC
    filters: Sequence[str] = ()
    limit: int = 1000


@dataclass(frozen=True)
class Report:
    """A report by name: `run(store, site, options)` gives its JSON document."""

    name: str
    title: str
    run: Callable[[Store, Site, ReportOptions], dict[str, Any]]


_ALL = (
    Report("overview", "Overview", lambda t, s, o: overview(t, s, o.period, o.filters, now=o.now).to_json()),
    Report("sessions", "Sessions", lambda t, s, o: sessions(t, s, o.period, o.filters, o.limit).to_json()),
    Report("live", "Live", lambda t, s, o: live(t, s, o.now).to_json()),
    Report("sites", "Sites", lambda t, s, o: sites(t, [s.id], now=o.now).to_json()),
    Report(
        "failed", "Failed events", lambda t, s, o: failed(t, s, o.period, now=o.now, limit=o.limit).to_json()
    ),
    Report("coverage", "Coverage", lambda t, s, o: coverage(t, s, o.period, now=o.now).to_json()),
)

REPORTS: dict[str, Report] = {report.name: report for report in _ALL}
"""Name → report."""
