"""A report for the command line: the same function and the same numbers as the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from clicktrail.errors import ConfigError
from clicktrail.settings import Settings
from clicktrail.tables import known_site, tables
from dashboards.period import Period, last_days, local_date, period
from dashboards.reports import REPORTS, ReportOptions, check_taken
from schemas.objects import Site

DAYS = 30


def run_report(  # noqa: PLR0913 - the options of the command
    settings: Settings,
    name: str,
    site_id: str,
    *,
    first: str | None = None,
    last: str | None = None,
    filters: Sequence[str] = (),
    limit: int = 1000,
    own: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """Run a report as a reader; `own`: the report's own options, name → every value that was given.

    Raises ConfigError for an unknown report, site, date or condition, and for an option of another report.
    """
    if name not in REPORTS:
        raise ConfigError(f"no report {name!r}; there are {', '.join(sorted(REPORTS))}")
    check_taken(REPORTS[name], own or {})
    now = datetime.now(timezone.utc)
    with tables(settings, "reader") as store:
        site = known_site(store, site_id)
        options = ReportOptions(_period(site, first, last, now), now, tuple(filters), limit, own or {})
        return REPORTS[name].run(store, site, options)


def _period(site: Site, first: str | None, last: str | None, now: datetime) -> Period:
    """The days asked for; an end left out is today, a begin left out is 29 days before the end."""
    end = last or local_date(now, site.timezone).isoformat()
    begin = first or last_days(DAYS, period(end, end, site.timezone).start, site.timezone).start.isoformat()
    return period(begin, end, site.timezone)
