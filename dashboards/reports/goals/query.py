"""Goals: how often each was reached in a period and before; and what a new one would have counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from crm.rate import Rate, relative
from dashboards.breakdown import buckets, parameters
from dashboards.computed import Computed, iso, money, read_sql, sql_instant
from dashboards.expressions import fill, which
from dashboards.filters import event_condition, session_filter
from dashboards.goals import ORDERS, Goal, converts, goals
from dashboards.period import Period
from schemas.objects import Site
from store.tables.client import Store

PREVIEW_DAYS = 30
_SQL, _PREVIEW, _PEOPLE = (
    read_sql(__package__ or "", name) for name in ("goals.sql", "preview.sql", "people.sql")
)
_ALL = 255
_DEFINITION = (
    "Conversions: human sessions that start in the period and hold the goal; a session with it twice counts "
    "once. A session holds a goal when an event in its time meets the condition, on any channel. Rate: of "
    "all human sessions, with Wilson's 95 % interval. Value: of orders their revenue less refunds, of "
    "another goal its conversions times its value. The period before is as long; while the period runs it "
    "is counted up to the same day and time of day."
)


@dataclass(frozen=True)
class GoalRow:
    """One goal in the period."""

    goal: Goal
    conversions: int  # sessions that hold it
    people: int
    sessions: int  # all human sessions
    revenue: Decimal  # of the sessions that hold it
    conversions_before: int
    sessions_before: int
    revenue_before: Decimal
    trend: tuple[int, ...]  # conversions of each day, or hour of a single day

    @property
    def rate(self) -> Rate:
        """Sessions with the goal, of all."""
        return Rate(self.conversions, self.sessions)

    @property
    def rate_before(self) -> Rate:
        """The same in the period before."""
        return Rate(self.conversions_before, self.sessions_before)

    @property
    def value(self) -> Decimal | None:
        """What the conversions are worth; None when nobody said."""
        if self.goal == ORDERS:
            return self.revenue
        return None if self.goal.value is None else self.goal.value * self.conversions

    @property
    def change(self) -> float | None:
        """Relative change of the conversions; None for what is new."""
        return relative(self.conversions, self.conversions_before)

    def to_json(self) -> dict[str, Any]:
        """The goal, its counts and its rate with the interval."""
        return {
            "id": self.goal.id,
            "name": self.goal.name,
            "condition": self.goal.condition,
            "conversions": self.conversions,
            "people": self.people,
            "rate": self.rate.value,
            "low": self.rate.low,
            "high": self.rate.high,
            "value": None if self.value is None else money(self.value),
            "conversions_before": self.conversions_before,
            "rate_before": self.rate_before.value,
            "trend": list(self.trend),
        }


@dataclass(frozen=True)
class Goals:
    """All goals of a site."""

    period: Period
    rows: tuple[GoalRow, ...]
    sessions: int
    computed: Computed = field(compare=False)
    asked_at: datetime

    def to_json(self) -> dict[str, Any]:
        """Orders first, then the site's own goals by name."""
        return {
            "goals": [row.to_json() for row in self.rows],
            "sessions": self.sessions,
            "meta": {**self.period.to_json(), "asked_at": iso(self.asked_at)},
        }


def reached(store: Store, site: Site, period: Period, filters: Sequence[str] = (), *, now: datetime) -> Goals:
    """How often each goal of a site was reached. ConfigError for a bad filter."""
    kept = session_filter(store, filters)
    known = goals(store, site.id)
    numbers, any_of_them = which(
        [event_condition(store, goal.condition, f"g{at}_") for at, goal in enumerate(known[1:])]
    )
    given = {
        **parameters(site, period, kept, now),
        **numbers.parameters,
        "hours": int(period.days == 1),
        "buckets": buckets(period),
    }
    asked = kept.computed("goals", _DEFINITION, fill(_SQL, which=numbers, any=any_of_them), given)
    found = {row["number"]: row for row in asked.rows(store, kept.tables(store, given))}
    rows = tuple(_row(goal, found.get(at), found.get(_ALL), buckets(period)) for at, goal in enumerate(known))
    return Goals(period, rows, found[_ALL]["sessions"] if found else 0, asked, now)


def preview(store: Store, site: Site, condition: str, *, now: datetime) -> tuple[int, int]:
    """(human events of the last 30 days that meet a condition, people). ConfigError for a bad condition."""
    fits = event_condition(store, condition, "g")
    given = {
        "site_id": site.id,
        "since": sql_instant(now - timedelta(days=PREVIEW_DAYS)),
        "until": sql_instant(now),
        **fits.parameters,
    }
    (row,) = Computed("preview", "", fill(_PREVIEW, fits=fits), given).rows(store)
    return row["events"], row["people"]


def people_of(  # noqa: PLR0913 - as many as the number has
    store: Store, site: Site, period: Period, goal: Goal, filters: Sequence[str], now: datetime
) -> Computed:
    """The query of the people whose session of the period holds a goal."""
    kept = session_filter(store, filters)
    won = converts(store, goal)
    given = {**parameters(site, period, kept, now), **won.parameters}
    return kept.computed("people", _DEFINITION, fill(_PEOPLE, goal=won), given)


def _row(goal: Goal, row: dict[str, Any] | None, whole: dict[str, Any] | None, width: int) -> GoalRow:
    none: dict[str, Any] = {"sessions": 0, "sessions_before": 0, "visitors": 0}
    none |= {"revenue": Decimal(0), "revenue_before": Decimal(0), "trend": [0] * width}
    of, of_all = row or none, whole or none
    return GoalRow(
        goal=goal,
        conversions=of["sessions"],
        people=of["visitors"],
        sessions=of_all["sessions"],
        revenue=of["revenue"],
        conversions_before=of["sessions_before"],
        sessions_before=of_all["sessions_before"],
        revenue_before=of["revenue_before"],
        trend=tuple(of["trend"]),
    )
