"""Days, weeks or months of a zone in a row, numbered from 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from clicktrail.errors import ConfigError
from dashboards.period import Period, local_date, midnight
from dashboards.reports.retention.options import Unit

MOST_PERIODS = 750
"""Cohorts of one report: two years of days. The number of cells grows with the square."""

_EPOCH = date(1970, 1, 1).toordinal()
_THURSDAY = 3  # 1970-01-01 was one: the Monday before it is day -3


@dataclass(frozen=True)
class Calendar:
    """`count` whole periods as seen at `now`; `base` is the number of the first (see `_NUMBERS`)."""

    unit: Unit
    base: int
    count: int
    zone: str
    now: datetime  # UTC

    def start(self, index: int) -> date:
        """The first local date of a period; any index."""
        return _STARTS[self.unit](self.base + index)

    def begins(self, index: int) -> datetime:
        """The first instant of a period, UTC."""
        return midnight(self.start(index), self.zone)

    def index(self, instant: datetime) -> int:
        """The period that holds an instant: below 0 before the first, `count` and more after the last."""
        return _NUMBERS[self.unit](local_date(instant, self.zone)) - self.base

    @property
    def begun(self) -> int:
        """How many of the periods have begun."""
        return min(max(self.index(self.now) + 1, 0), self.count)

    @property
    def ends(self) -> datetime:
        """The first instant after the periods that have begun, UTC."""
        return self.begins(self.begun)

    def runs(self, index: int) -> bool:
        """Whether a period has not ended yet."""
        return index >= self.index(self.now)


def calendar(period: Period, unit: Unit, now: datetime) -> Calendar:
    """The whole days, weeks or months that hold the period; ConfigError when they are too many."""
    number = _NUMBERS[unit]
    base = number(period.start)
    count = number(period.end) - base + 1
    if count > MOST_PERIODS:
        raise ConfigError(
            f"{count} {unit}s are too many cohorts (at most {MOST_PERIODS}): "
            "choose a longer period or dates that are closer together"
        )
    return Calendar(unit, base, count, period.zone, now)


def _day(day: date) -> int:
    return day.toordinal() - _EPOCH


def _week(day: date) -> int:
    return (_day(day) + _THURSDAY) // 7


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _day_start(number: int) -> date:
    return date.fromordinal(_EPOCH + number)


def _week_start(number: int) -> date:
    return _day_start(number * 7 - _THURSDAY)


def _month_start(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


_NUMBERS: dict[Unit, Callable[[date], int]] = {"day": _day, "week": _week, "month": _month}
_STARTS: dict[Unit, Callable[[int], date]] = {"day": _day_start, "week": _week_start, "month": _month_start}
