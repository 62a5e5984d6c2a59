"""The reports: one folder each, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clicktrail.errors import ConfigError
from dashboards.breakdown import breakdown
from dashboards.coverage import coverage
from dashboards.goals import ORDERS, Goal, goal_of
from dashboards.period import Period
from dashboards.reports.campaigns import query as campaigns
from dashboards.reports.churn import options as churn_options
from dashboards.reports.churn.query import churn
from dashboards.reports.content import lists as content_lists
from dashboards.reports.content.query import content
from dashboards.reports.failed.query import failed
from dashboards.reports.funnel import options as funnel_options
from dashboards.reports.funnel.people import people_json
from dashboards.reports.funnel.query import funnel
from dashboards.reports.funnel.question import question
from dashboards.reports.goals.query import reached
from dashboards.reports.lifecycle import query as lifecycle_query
from dashboards.reports.live.query import live
from dashboards.reports.overview.query import overview
from dashboards.reports.people.query import OPTIONS as PEOPLE_OPTIONS
from dashboards.reports.people.query import Slice, everybody, people
from dashboards.reports.retention import options as retention_options
from dashboards.reports.retention.query import retention
from dashboards.reports.sessions.query import sessions
from dashboards.reports.sites.query import sites
from dashboards.reports.visitor import options as visitor_options
from dashboards.reports.visitor.query import visitor
from schemas.objects import Site
from store.tables.client import Store


@dataclass(frozen=True)
class ReportOptions:
    """What a report is asked with; a report reads what it needs."""

    period: Period
    now: datetime  # UTC
    filters: Sequence[str] = ()
    limit: int = 1000
    own: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The report's own options as they were written: name → every value that was given."""

    @property
    def once(self) -> dict[str, str]:
        """The own options of a report whose options are given once: name → value, the last one counts."""
        return {name: values[-1] for name, values in self.own.items() if values}


@dataclass(frozen=True)
class Report:
    """A report by name: `run(store, site, options)` gives its JSON document."""

    name: str
    title: str
    run: Callable[[Store, Site, ReportOptions], dict[str, Any]]
    takes: tuple[str, ...] = ()
    """Names of its own options; `run` reads them from `ReportOptions.own`."""


def _funnel(store: Store, site: Site, asked: ReportOptions) -> dict[str, Any]:
    options = funnel_options.parse(asked.own)
    found = funnel(store, site, asked.period, options, asked.filters, now=asked.now).to_json()
    people = None
    if options.people:
        ready = question(store, site, asked.period, options, asked.filters, now=asked.now)
        people = people_json(store, ready, options.people, asked.limit)
    return {**found, "people": people}


def _retention(store: Store, site: Site, asked: ReportOptions) -> dict[str, Any]:
    options = retention_options.parse(asked.once)
    return retention(store, site, asked.period, options, asked.filters, now=asked.now).to_json()


def _goal(store: Store, site: Site, asked: ReportOptions) -> Goal:
    return goal_of(store, site.id, asked.once.get("goal", ORDERS.id))


def _campaigns(store: Store, site: Site, asked: ReportOptions) -> dict[str, Any]:
    by, listing = campaigns.parse(asked.once, asked.limit)
    goal = _goal(store, site, asked)
    return breakdown(store, site, asked.period, by, goal, listing, asked.filters, now=asked.now).to_json()


def _content(store: Store, site: Site, asked: ReportOptions) -> dict[str, Any]:
    name, listing = content_lists.parse(asked.once, asked.limit)
    goal = _goal(store, site, asked)
    return content(store, site, asked.period, name, goal, listing, asked.filters, now=asked.now).to_json()


def _people(store: Store, site: Site, asked: ReportOptions) -> dict[str, Any]:
    chosen = everybody(store, site, asked.period, asked.filters, "")
    wanted = Slice(asked.limit, sort=asked.once.get("sort", "last_seen"))
    meta = {"site": site.id, **asked.period.to_json(), "filters": list(asked.filters), "sort": wanted.sort}
    return {**people(store, site, chosen, wanted, asked.period).to_json(), "meta": meta}


def _visitor(store: Store, site: Site, asked: ReportOptions) -> dict[str, Any]:
    options = visitor_options.parse(asked.own)
    return visitor(store, site, asked.period, options, asked.limit).to_json()


def _churn(store: Store, site: Site, asked: ReportOptions) -> dict[str, Any]:
    options, listing = churn_options.parse(asked.once), churn_options.Listing(limit=asked.limit)
    return churn(store, site, options, asked.filters, listing, now=asked.now).to_json()


def _lifecycle(store: Store, site: Site, asked: ReportOptions) -> dict[str, Any]:
    unit = lifecycle_query.parse(asked.once)
    return lifecycle_query.lifecycle(store, site, asked.period, unit, asked.filters, now=asked.now).to_json()


_ALL = (
    Report("overview", "Overview", lambda t, s, o: overview(t, s, o.period, o.filters, now=o.now).to_json()),
    Report("sessions", "Sessions", lambda t, s, o: sessions(t, s, o.period, o.filters, o.limit).to_json()),
    Report("live", "Live", lambda t, s, o: live(t, s, o.now).to_json()),
    Report("sites", "Sites", lambda t, s, o: sites(t, [s.id], now=o.now).to_json()),
    Report(
        "failed", "Failed events", lambda t, s, o: failed(t, s, o.period, now=o.now, limit=o.limit).to_json()
    ),
    Report("funnel", "Funnel", _funnel, funnel_options.OPTIONS),
    Report("retention", "Retention", _retention, retention_options.OPTIONS),
    Report("campaigns", "Campaigns", _campaigns, campaigns.OPTIONS),
    Report("content", "Content", _content, content_lists.OPTIONS),
    Report("goals", "Goals", lambda t, s, o: reached(t, s, o.period, o.filters, now=o.now).to_json()),
    Report("people", "People", _people, PEOPLE_OPTIONS),
    Report("visitor", "Visitor", _visitor, visitor_options.OPTIONS),
    Report("churn", "Churn risk", _churn, churn_options.OPTIONS),
    Report("lifecycle", "Lifecycle", _lifecycle, lifecycle_query.OPTIONS),
    Report("coverage", "Coverage", lambda t, s, o: coverage(t, s, o.period, now=o.now).to_json()),
)

REPORTS: dict[str, Report] = {report.name: report for report in _ALL}
"""Name → report."""


def check_taken(report: Report, own: Mapping[str, Sequence[str]]) -> None:
    """ConfigError for an option that the report does not take."""
    for name in own:
        if name not in report.takes:
            others = [one.name for one in _ALL if name in one.takes]
            belongs = f"; it belongs to {' and '.join(others)}" if others else ""
            raise ConfigError(f"the report {report.name} takes no --{name}{belongs}")
