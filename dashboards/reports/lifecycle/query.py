"""Lifecycle: of the people of each period, who is new, who stays, who is back after a pause, who is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from clicktrail.errors import ConfigError
from dashboards.computed import Computed, iso, read_sql
from dashboards.expressions import Expression, fill
from dashboards.period import DAY, Period
from dashboards.reports.retention.asked import Asked, ask
from dashboards.reports.retention.calendar import calendar
from dashboards.reports.retention.options import RetentionOptions, Unit
from dashboards.reports.retention.options import parse as parse_retention
from schemas.objects import Site
from store.tables.client import Store

STAGES = ("new", "returning", "resurrecting", "dormant")
"""How a person stands to a period; dormant ones are not in it."""

OPTIONS = ("period",)
_SQL = read_sql(__package__ or "", "lifecycle.sql")
_DEFINITION = (
    "People with a human session that touches the period: new (never before), returning (also in the period "
    "before), resurrecting (earlier, but not in the period before); and dormant: in the period before, not "
    "in this one. Visitors whose id lasts one day only are left out."
)


@dataclass(frozen=True)
class Stage:
    """The people of one period."""

    start: date
    new: int
    returning: int
    resurrecting: int
    dormant: int
    unfinished: bool  # it still runs: who is dormant may still come

    @property
    def active(self) -> int:
        """People who were there."""
        return self.new + self.returning + self.resurrecting

    def to_json(self) -> dict[str, Any]:
        """One row of "periods"."""
        counts = {name: getattr(self, name) for name in STAGES}
        return {
            "start": self.start.isoformat(), "active": self.active, **counts, "unfinished": self.unfinished,
        }  # fmt: skip


@dataclass(frozen=True)
class Lifecycle:
    """Every period of the report that has begun."""

    site_id: str
    period: Period  # widened to whole days, weeks or months
    unit: Unit
    filters: tuple[str, ...]
    asked_at: datetime
    periods: tuple[Stage, ...]
    computed: tuple[Computed, ...]

    def to_json(self) -> dict[str, Any]:
        """The keys scripts rely on."""
        return {
            "periods": [one.to_json() for one in self.periods],
            "meta": {
                "site": self.site_id,
                **self.period.to_json(),
                "period": self.unit,
                "filters": list(self.filters),
                "asked_at": iso(self.asked_at),
            },
        }


def parse(options: Mapping[str, str]) -> Unit:
    """Read the options by name; ConfigError for another option or a period there is not."""
    for name in options:
        if name not in OPTIONS:
            raise ConfigError(f"lifecycle has no option {name!r}; there is {', '.join(OPTIONS)}")
    return parse_retention(options).period


def lifecycle(  # noqa: PLR0913 - as every report
    store: Store,
    site: Site,
    period: Period,
    unit: Unit,
    filters: Sequence[str] = (),
    *,
    now: datetime,
) -> Lifecycle:
    """The whole days, weeks or months that hold a period, as seen at `now` (UTC); reads all history."""
    asked = ask_before(store, site, period, unit, filters, now=now)
    periods, given = asked.calendar, asked.given
    query = asked.kept.computed("lifecycle", _DEFINITION, fill(_SQL, people=Expression(asked.people)), given)
    found = {
        (row["period"], row["stage"]): row["people"]
        for row in query.rows(store, asked.kept.tables(store, given))
    }
    stages = tuple(
        Stage(
            start=periods.start(at),
            unfinished=periods.runs(at),
            new=found.get((at, "new"), 0),
            returning=found.get((at, "returning"), 0),
            resurrecting=found.get((at, "resurrecting"), 0),
            dormant=found.get((at, "dormant"), 0),
        )
        for at in range(1, periods.begun)
    )
    whole = Period(periods.start(1), asked.period.end, period.zone)
    return Lifecycle(site.id, whole, unit, tuple(filters), now, stages, (query,))


def ask_before(  # noqa: PLR0913 - as the report
    store: Store, site: Site, period: Period, unit: Unit, filters: Sequence[str], *, now: datetime
) -> Asked:
    """The people of the report and of one period before it, which has the number 0."""
    first = calendar(period, unit, now).start(0)
    longer = Period(first - DAY, period.end, period.zone)
    return ask(store, site, longer, RetentionOptions(unit), filters, now=now)
