"""What a retention report holds, and its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from crm.rate import Rate
from crm.survival import Survival
from dashboards.computed import Computed, iso, money
from dashboards.period import Period
from dashboards.reports.retention.calendar import Calendar
from dashboards.reports.retention.options import RetentionOptions
from dashboards.significance import CLEAR, against_rest

GROUPS = 10
"""Values of a breakdown that are listed: those with most people."""

CURVE_DAYS = 365
"""Last day of the curve of the time to return."""

_DAY_S = 86_400.0

Cells = Mapping[tuple[int, int], tuple[int, Decimal]]
"""(cohort, periods after it) → (people who were back, what the cohort paid in that period)."""


@dataclass(frozen=True)
class Cell:
    """A cohort some periods later."""

    back: Rate  # of the cohort; all of it in its own period
    revenue: Decimal  # of the cohort's sessions that start in that period, net, in the site's currency
    unfinished: bool  # that period still runs


def _ratio(part: Decimal, whole: Decimal) -> float | None:
    """A share of money; None where there is nothing, or less, to divide by."""
    return float(part / whole) if whole > 0 else None


@dataclass(frozen=True)
class Cohort:
    """People who started in one period; a cell for it and for each later one that has begun."""

    start: date
    cells: tuple[Cell, ...]

    @property
    def size(self) -> int:
        """Its people."""
        return self.cells[0].back.whole

    @property
    def revenue(self) -> Decimal:
        """What it paid in its own period."""
        return self.cells[0].revenue

    def money(self, offset: int) -> float | None:
        """What it paid so many periods later, as a share of what it paid in its own."""
        return _ratio(self.cells[offset].revenue, self.revenue)

    def to_json(self) -> dict[str, Any]:
        """Lists of equal length: element k is k periods after the start."""
        return {
            "start": self.start.isoformat(),
            "size": self.size,
            "retained": [cell.back.part for cell in self.cells],
            "rates": [cell.back.value for cell in self.cells],
            "low": [cell.back.low for cell in self.cells],
            "high": [cell.back.high for cell in self.cells],
            "unfinished": [cell.unfinished for cell in self.cells],
            "revenue": [money(cell.revenue) for cell in self.cells],
            "revenue_rates": [self.money(offset) for offset in range(len(self.cells))],
        }


@dataclass(frozen=True)
class Mean:
    """All cohorts whose period so much later has ended, as if they were one."""

    back: Rate
    revenue: Decimal  # of that period
    base: Decimal  # of the cohorts' own periods

    @property
    def money(self) -> float | None:
        """The share of money retained."""
        return _ratio(self.revenue, self.base)

    def to_json(self, offset: int) -> dict[str, Any]:
        """One row of the list "mean"."""
        return {
            "period": offset,
            "retained": self.back.part,
            "size": self.back.whole,
            "rate": self.back.value,
            "low": self.back.low,
            "high": self.back.high,
            "revenue": money(self.revenue),
            "revenue_base": money(self.base),
            "revenue_rate": self.money,
        }


@dataclass(frozen=True)
class Group:
    """The cohorts of everyone, or of those with one value of the breakdown, and their mean by offset."""

    value: str
    cohorts: tuple[Cohort, ...]
    mean: tuple[Mean, ...]
    p_value: float | None = None  # of the next period against the rest, adjusted; None: not compared

    @property
    def size(self) -> int:
        """People, once a cohort."""
        return sum(cohort.size for cohort in self.cohorts)

    def to_json(self) -> dict[str, Any]:
        """{"cohorts", "mean"}."""
        return {
            "cohorts": [cohort.to_json() for cohort in self.cohorts],
            "mean": [mean.to_json(offset) for offset, mean in enumerate(self.mean)],
        }

    @property
    def known(self) -> tuple[Mean, ...]:
        """The means up to the last that is of somebody."""
        last = max((at for at, mean in enumerate(self.mean) if mean.back.whole), default=-1)
        return self.mean[: last + 1]

    @property
    def next(self) -> Rate:
        """Who was back in the period after the start, where that has ended."""
        return self.mean[1].back if len(self.mean) > 1 else Rate(0, 0)

    @property
    def differs(self) -> bool:
        """Whether that is clearly more or less than the rest."""
        return self.p_value is not None and self.p_value < CLEAR

    def compared(self) -> dict[str, Any]:
        """Of a value of the breakdown: the next period against the rest."""
        return {
            "retained": self.next.part,
            "size": self.next.whole,
            "rate": self.next.value,
            "low": self.next.low,
            "high": self.next.high,
            "p_value": self.p_value,
            "differs": self.differs,
        }


@dataclass(frozen=True)
class TimeToReturn:
    """Seconds from the end of a person's first visit to the start of the next."""

    back: Rate  # people seen again so far, of those whose first visit starts in the report
    survival: Survival  # S = share not back yet

    def to_json(self) -> dict[str, Any]:
        """The curve holds the share that is back by the end of each whole day, as far as it is known."""
        median = self.survival.quantile(0.5)
        return {
            "people": self.back.whole,
            "returned": self.back.part,
            "median_s": None if median is None else int(median),
            "curve": [
                {"days": day, "returned": share, "low": low, "high": high}
                for day, share, low, high in self.curve()
            ],
        }

    def curve(self) -> list[tuple[int, float, float, float]]:
        """(whole days, share back by then, low, high) as far as it is known, at most CURVE_DAYS."""
        if not self.back.whole:
            return []
        last = min(int(self.survival.watched / _DAY_S), CURVE_DAYS)
        points = ((day, self.survival.at(day * _DAY_S) or (0.0, 0.0, 0.0)) for day in range(last + 1))
        return [(day, 1.0 - share, 1.0 - high, 1.0 - low) for day, (share, low, high) in points]


@dataclass(frozen=True)
class Retention:
    """Everything the report shows."""

    site_id: str
    period: Period  # widened to whole days, weeks or months
    options: RetentionOptions
    filters: tuple[str, ...]
    asked_at: datetime
    everyone: Group
    groups: tuple[Group, ...]  # of the breakdown, most people first, at most GROUPS
    values: int  # that the breakdown has in all
    earlier: int | None  # people whose first start lies before the report; None: recurring, not asked
    left_out: Rate  # visitors whose id lasts one day only, of those with a session that touches the report
    time_to_return: TimeToReturn
    computed: tuple[Computed, ...]

    @property
    def begins_with_the_data(self) -> bool:
        """Whether nobody is known from before the first cohort, so that some of its people are not new.

        With a filter or a condition that may be the truth, so nothing is said.
        """
        asked = bool(self.filters or self.options.start_condition)
        return self.earlier == 0 and self.everyone.size > 0 and not asked

    def to_json(self) -> dict[str, Any]:
        """The keys scripts rely on; what was asked, and when, under `meta`."""
        return {
            **self.everyone.to_json(),
            "time_to_return": self.time_to_return.to_json(),
            "coverage": {
                "visitors": self.left_out.whole,
                "left_out": self.left_out.part,
                "left_out_share": self.left_out.value,
                "started_earlier": self.earlier,
            },
            "breakdown": [
                {"value": g.value, "size": g.size, "next": g.compared(), **g.to_json()} for g in self.groups
            ],
            "meta": {
                "site": self.site_id,
                **self.period.to_json(),
                **{name.rstrip("_"): value for name, value in vars(self.options).items()},
                "breakdown_values": self.values,
                "filters": list(self.filters),
                "asked_at": iso(self.asked_at),
            },
        }


def group(value: str, cells: Cells, calendar: Calendar) -> Group:
    """The cohorts of a calendar, those without people too, and their weighted mean."""
    begun = calendar.begun
    cohorts = []
    for cohort in range(begun):
        size = cells.get((cohort, 0), (0, Decimal(0)))[0]
        row = []
        for offset in range(begun - cohort):
            people, revenue = cells.get((cohort, offset), (0, Decimal(0)))
            row.append(Cell(Rate(people, size), revenue, calendar.runs(cohort + offset)))
        cohorts.append(Cohort(calendar.start(cohort), tuple(row)))
    return Group(value, tuple(cohorts), _mean(cohorts))


def _mean(cohorts: Sequence[Cohort]) -> tuple[Mean, ...]:
    """For each offset that has a finished cell: all who were back of all who could be."""
    means = []
    for offset in range(len(cohorts)):
        finished = [
            cohort for cohort in cohorts if offset < len(cohort.cells) and not cohort.cells[offset].unfinished
        ]
        if finished:
            cells = [cohort.cells[offset] for cohort in finished]
            back = Rate(sum(cell.back.part for cell in cells), sum(cohort.size for cohort in finished))
            revenue = sum((cell.revenue for cell in cells), Decimal(0))
            means.append(Mean(back, revenue, sum((cohort.revenue for cohort in finished), Decimal(0))))
    return tuple(means)


def compared(groups: Sequence[Group]) -> list[Group]:
    """Each value's next period against the rest; values with fewer than LEAST people are not compared."""
    rates = [one.next for one in groups]
    found = against_rest(rates)
    return [replace(one, p_value=p) for one, p in zip(groups, found, strict=True)]
