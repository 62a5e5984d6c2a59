"""The reports: one folder each, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clicktrail.errors import ConfigError
from dashboards.coverage import coverage
from dashboards.period import Period
from dashboards.reports.failed.query import failed
from dashboards.reports.live.query import live
from dashboards.reports.overview.query import overview
from dashboards.reports.retention import options as retention_options
from dashboards.reports.retention.query import retention
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
    extra: Mapping[str, str] = field(default_factory=dict)  # options that only some reports take


@dataclass(frozen=True)
class Report:
    """A report by name: `run(store, site, options)` gives its JSON document."""

    name: str
    title: str
    run: Callable[[Store, Site, ReportOptions], dict[str, Any]]
    takes: tuple[str, ...] = ()  # names of its own options


def _retention(store: Store, site: Site, asked: ReportOptions) -> dict[str, Any]:
    options = retention_options.parse(asked.extra)
    return retention(store, site, asked.period, options, asked.filters, now=asked.now).to_json()


_ALL = (
    Report("overview", "Overview", lambda t, s, o: overview(t, s, o.period, o.filters, now=o.now).to_json()),
    Report("sessions", "Sessions", lambda t, s, o: sessions(t, s, o.period, o.filters, o.limit).to_json()),
    Report("live", "Live", lambda t, s, o: live(t, s, o.now).to_json()),
    Report("sites", "Sites", lambda t, s, o: sites(t, [s.id], now=o.now).to_json()),
    Report(
        "failed", "Failed events", lambda t, s, o: failed(t, s, o.period, now=o.now, limit=o.limit).to_json()
    ),
    Report("retention", "Retention", _retention, retention_options.NAMES),
    Report("coverage", "Coverage", lambda t, s, o: coverage(t, s, o.period, now=o.now).to_json()),
)

REPORTS: dict[str, Report] = {report.name: report for report in _ALL}
"""Name → report."""


def check_extra(name: str, extra: Mapping[str, str]) -> None:
    """ConfigError for an option that the report does not take; it says which report does."""
    for option in extra:
        if option not in REPORTS[name].takes:
            takers = ", ".join(sorted(other.name for other in _ALL if option in other.takes))
            raise ConfigError(f"report {name} takes no --{option.replace('_', '-')}: {takers or 'none'} does")
