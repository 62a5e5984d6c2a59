"""Sessions by one field of theirs: how many, whose, engaged, with a goal, their revenue, and before.

What campaigns and the entry and exit pages of the content are made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from clicktrail.errors import ConfigError
from crm.rate import Rate, relative
from dashboards.computed import Computed, iso, money, read_sql, sql_instant
from dashboards.conditions import condition
from dashboards.expressions import Expression, fill
from dashboards.filters import SessionFilter, session_filter
from dashboards.goals import Goal, converts
from dashboards.listing import Listing
from dashboards.period import Period, local_date
from schemas.objects import Site
from store.tables.client import Store

FIELDS = {
    "channel_group": Expression("s.channel_group"),
    "source": Expression("s.source"),
    "medium": Expression("s.medium"),
    "source_medium": Expression("concat(s.source, ' / ', s.medium)"),
    "campaign": Expression("s.campaign"),
    "channel": Expression("s.channel"),
    "device_class": Expression("s.device_class"),
    "country": Expression("s.country"),
    "entry_path": Expression("s.entry_path"),
    "exit_path": Expression("s.exit_path"),
}
"""What sessions can be put side by side by."""

SORTS = (
    "sessions", "visitors", "engaged", "bounced", "converted", "rate", "revenue", "per_session", "change",
)  # fmt: skip
"""Columns a breakdown can be ordered by."""

_SQL = read_sql("dashboards", "breakdown.sql")
_PEOPLE = read_sql("dashboards", "breakdown_people.sql")
_DEFINITION = (
    "Human sessions that start in the period, by what they began with. Visitors are persons; ids that were "
    "joined count once. Engaged: more than 10 visible seconds, two views or an order, never a goal. "
    "Converted: the session holds the goal; a session with it twice counts once. Revenue: orders of these "
    "sessions, less refunds, in the site's currency. Intervals are Wilson's at 95 %. The period before is as "
    "long; while the period runs it is counted up to the same day and time of day."
)


@dataclass(frozen=True)
class Group:
    """The sessions of one value."""

    value: str  # '' = not set
    condition: str  # a filter text that keeps these sessions
    sessions: int = 0
    visitors: int = 0
    engaged: int = 0  # sessions
    bounces: int = 0  # sessions
    converted: int = 0  # sessions that hold the goal
    revenue: Decimal = Decimal(0)
    sessions_before: int = 0
    engaged_before: int = 0
    converted_before: int = 0
    revenue_before: Decimal = Decimal(0)
    trend: tuple[int, ...] = ()  # sessions of each day, or hour of a single day

    @property
    def engaged_rate(self) -> Rate:
        """Engaged sessions of all."""
        return Rate(self.engaged, self.sessions)

    @property
    def bounce_rate(self) -> Rate:
        """Sessions that were not engaged, of all."""
        return Rate(self.bounces, self.sessions)

    @property
    def rate(self) -> Rate:
        """Sessions that hold the goal, of all."""
        return Rate(self.converted, self.sessions)

    @property
    def rate_before(self) -> Rate:
        """The same in the period before."""
        return Rate(self.converted_before, self.sessions_before)

    @property
    def engaged_rate_before(self) -> Rate:
        """Engaged sessions of the period before."""
        return Rate(self.engaged_before, self.sessions_before)

    @property
    def per_session_before(self) -> Decimal | None:
        """Revenue a session in the period before."""
        return self.revenue_before / self.sessions_before if self.sessions_before else None

    @property
    def per_session(self) -> Decimal | None:
        """Revenue a session."""
        return self.revenue / self.sessions if self.sessions else None

    @property
    def change(self) -> float | None:
        """Relative change of the sessions; None for what is new."""
        return relative(self.sessions, self.sessions_before)

    def to_json(self) -> dict[str, Any]:
        """Counts, rates with their intervals, money as text."""
        rates = {"engaged": self.engaged_rate, "bounce": self.bounce_rate, "conversion": self.rate}
        return {
            "value": self.value,
            "sessions": self.sessions,
            "visitors": self.visitors,
            "converted": self.converted,
            **{
                f"{name}_{key}": getattr(rate, attribute)
                for name, rate in rates.items()
                for key, attribute in (("rate", "value"), ("low", "low"), ("high", "high"))
            },
            "revenue": money(self.revenue),
            "revenue_per_session": None if self.per_session is None else money(self.per_session),
            "sessions_before": self.sessions_before,
            "engaged_before": self.engaged_before,
            "converted_before": self.converted_before,
            "revenue_before": money(self.revenue_before),
            "trend": list(self.trend),
        }


@dataclass(frozen=True)
class Breakdown:
    """One page of a list of groups, and all sessions together."""

    by: str
    goal: Goal
    period: Period
    listing: Listing
    groups: tuple[Group, ...]
    total: Group
    found: int  # groups that the search keeps
    computed: Computed = field(compare=False)
    asked_at: datetime

    def begun(self, trend: Sequence[int]) -> tuple[int, ...]:
        """The days (or hours) of a trend that had begun when it was asked for, the running one the last."""
        if self.asked_at >= self.period.ends:
            return tuple(trend)
        if self.period.days == 1:
            hours = max(0.0, (self.asked_at - self.period.begins).total_seconds()) / 3600
            return tuple(trend[: int(hours) + 1])
        today = local_date(self.asked_at, self.period.zone)
        return tuple(trend[: max(0, (today - self.period.start).days + 1)])

    def to_json(self) -> dict[str, Any]:
        """The totals and the groups; what was asked under `meta`."""
        total = self.total.to_json()
        del total["value"]
        return {
            "total": total,
            "found": self.found,
            "rows": [group.to_json() for group in self.groups],
            "meta": {
                **self.period.to_json(),
                "by": self.by,
                "goal": self.goal.id,
                "sort": self.listing.sort,
                "q": self.listing.q,
                "page": self.listing.page,
                "asked_at": iso(self.asked_at),
            },
        }


def breakdown(  # noqa: PLR0913 - what a report may be asked
    store: Store,
    site: Site,
    period: Period,
    by: str,
    goal: Goal,
    listing: Listing,
    filters: Sequence[str] = (),
    *,
    now: datetime,
) -> Breakdown:
    """The sessions of a site by one of FIELDS. ConfigError for an unknown field or a bad condition."""
    kept = session_filter(store, filters)
    won = converts(store, goal)
    given = {
        **parameters(site, period, kept, now),
        **won.parameters,
        **listing.parameters(),
        "hours": int(period.days == 1),
        "buckets": buckets(period),
    }
    sql = fill(_SQL, value=field_of(by), goal=won)
    asked = kept.computed("breakdown", _DEFINITION, sql, given)
    rows = asked.rows(store, kept.tables(store, given))
    whole = next((row for row in rows if row["whole"]), None)
    shown = [row for row in rows if not row["whole"]]
    return Breakdown(
        by=by,
        goal=goal,
        period=period,
        listing=listing,
        groups=tuple(_group(row, condition_of(by, row["value"])) for row in shown),
        total=_group(whole, "") if whole else Group("", ""),
        found=shown[0]["found"] if shown else 0,
        computed=asked,
        asked_at=now,
    )


def people_of(  # noqa: PLR0913 - as many as the number has
    store: Store,
    site: Site,
    period: Period,
    by: str,
    value: str,
    goal: Goal | None,
    filters: Sequence[str],
    now: datetime,
) -> Computed:
    """The query of the people of one value; with a goal, of those whose session there holds it."""
    kept = session_filter(store, filters)
    won = converts(store, goal) if goal else Expression("1")
    given = {
        **parameters(site, period, kept, now),
        **won.parameters,
        "value": value,
        "won": int(goal is not None),
    }
    return kept.computed("people", _DEFINITION, fill(_PEOPLE, value=field_of(by), goal=won), given)


def field_of(by: str) -> Expression:
    """The value that sessions of alias s are put together by; ConfigError for an unknown word."""
    if by not in FIELDS:
        raise ConfigError(f"by={by}: choose {', '.join(FIELDS)}")
    return FIELDS[by]


def condition_of(by: str, value: str) -> str:
    """The filter that keeps the sessions of a value."""
    if by != "source_medium":
        return condition(by, value)
    source, _, medium = value.partition(" / ")
    return f"{condition('source', source)} & {condition('medium', medium)}"


def parameters(site: Site, period: Period, kept: SessionFilter, now: datetime) -> dict[str, object]:
    """What queries of two periods share: [since, cut) and [middle, until), zone, bots, the filter's own."""
    return {
        "site_id": site.id,
        "since": sql_instant(period.previous().begins),
        "cut": sql_instant(period.comparable(now)),
        "middle": sql_instant(period.begins),
        "until": sql_instant(period.ends),
        "zone": period.zone,
        "bots": int(kept.bots),
        **kept.parameters,
    }


def buckets(period: Period) -> int:
    """Days of the period, or hours when it is a single day."""
    if period.days > 1:
        return period.days
    return -(-int((period.ends - period.begins).total_seconds()) // 3600)


def _group(row: dict[str, Any], kept_by: str) -> Group:
    names = (
        "value", "sessions", "visitors", "engaged", "bounces", "converted", "revenue", "sessions_before",
        "engaged_before", "converted_before", "revenue_before",
    )  # fmt: skip
    return Group(condition=kept_by, trend=tuple(row["trend"]), **{name: row[name] for name in names})
