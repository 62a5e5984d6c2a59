"""What the lists of the content hold, and their JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from crm.rate import Rate, relative
from dashboards.breakdown import Group
from dashboards.computed import Computed, iso, money
from dashboards.goals import Goal
from dashboards.listing import Listing
from dashboards.period import Period


@dataclass(frozen=True)
class PageRow:
    """One path with its views, by the time of the view."""

    value: str
    condition: str  # a filter text: sessions that saw this page
    views: int
    visitors: int
    sessions: int  # in which it was seen
    engaged_s: float | None  # median visible time of the views that told one
    scroll_pct: int | None  # upper quartile of the depth of the views that told one
    exits: int  # sessions that ended on it
    converted: int  # sessions with it that hold the goal
    views_before: int

    @property
    def exit_rate(self) -> Rate:
        """Sessions that ended here, of those that saw it."""
        return Rate(self.exits, self.sessions)

    @property
    def rate(self) -> Rate:
        """Sessions with the goal, of those that saw it."""
        return Rate(self.converted, self.sessions)

    @property
    def change(self) -> float | None:
        """Relative change of the views; None for what is new."""
        return relative(self.views, self.views_before)

    def to_json(self) -> dict[str, Any]:
        """Counts, times, rates with their intervals."""
        return {
            "value": self.value,
            "views": self.views,
            "visitors": self.visitors,
            "sessions": self.sessions,
            "engaged_s": self.engaged_s,
            "scroll_pct": self.scroll_pct,
            "exits": self.exits,
            **_rate("exit", self.exit_rate),
            "converted": self.converted,
            **_rate("conversion", self.rate),
            "views_before": self.views_before,
        }


@dataclass(frozen=True)
class ActRow:
    """What a search, an outlink, a download, a form or an error was about, and how often."""

    value: str
    condition: str  # a filter text: sessions with it
    place: str  # of a form its page; of an error its kind: the status of an access log, or its name
    events: int
    visitors: int
    sessions: int
    converted: int  # sessions with it that hold the goal
    events_before: int
    nothing: int = 0  # searches that found nothing
    counted: int = 0  # searches that told how much they found
    reached: int = 0  # of a form: people who saw its page or sent a form there
    referrer: str = ""  # of an error: where it was linked from most often

    @property
    def rate(self) -> Rate:
        """Sessions with the goal, of those with it."""
        return Rate(self.converted, self.sessions)

    @property
    def sent_rate(self) -> Rate:
        """Of a form: people who sent it, of those who saw its page."""
        return Rate(self.visitors, self.reached)

    @property
    def change(self) -> float | None:
        """Relative change of the events; None for what is new."""
        return relative(self.events, self.events_before)

    def to_json(self) -> dict[str, Any]:
        """Every count, and the rates with their intervals."""
        return {
            "value": self.value,
            "place": self.place,
            "events": self.events,
            "visitors": self.visitors,
            "sessions": self.sessions,
            "converted": self.converted,
            **_rate("conversion", self.rate),
            "nothing_found": self.nothing,
            "counted": self.counted,
            "reached": self.reached,
            **_rate("sent", self.sent_rate),
            "referrer": self.referrer,
            "events_before": self.events_before,
        }


@dataclass(frozen=True)
class ProductRow:
    """One product: seen, put in the cart, bought."""

    value: str  # its id (sku)
    condition: str  # a filter text: sessions that saw it
    name: str  # the newest that was told
    views: int
    visitors: int  # people who saw it
    carts: int
    orders: int
    buyers: int
    people: int  # who saw it, put it in the cart or bought it
    quantity: float
    revenue: Decimal  # price × quantity, in the site's currency; refunds are not taken off
    views_before: int
    revenue_before: Decimal

    @property
    def rate(self) -> Rate:
        """People who bought it, of all who saw it, took it or bought it."""
        return Rate(self.buyers, self.people)

    @property
    def change(self) -> float | None:
        """Relative change of the views; None for what is new."""
        return relative(self.views, self.views_before)

    def to_json(self) -> dict[str, Any]:
        """Every count; money as text."""
        return {
            "value": self.value,
            "name": self.name,
            "views": self.views,
            "visitors": self.visitors,
            "carts": self.carts,
            "orders": self.orders,
            "buyers": self.buyers,
            **_rate("conversion", self.rate),
            "quantity": self.quantity,
            "revenue": money(self.revenue),
            "views_before": self.views_before,
            "revenue_before": money(self.revenue_before),
        }


Row: TypeAlias = PageRow | ActRow | ProductRow | Group


@dataclass(frozen=True)
class Content:
    """One page of one list."""

    list: str
    goal: Goal
    period: Period
    listing: Listing
    rows: tuple[Row, ...]
    found: int  # rows that the search keeps
    computed: Computed = field(compare=False)
    asked_at: datetime

    def to_json(self) -> dict[str, Any]:
        """The rows; what was asked under `meta`."""
        return {
            "list": self.list,
            "found": self.found,
            "rows": [row.to_json() for row in self.rows],
            "meta": {
                **self.period.to_json(),
                "goal": self.goal.id,
                "sort": self.listing.sort,
                "q": self.listing.q,
                "page": self.listing.page,
                "asked_at": iso(self.asked_at),
            },
        }


def _rate(name: str, rate: Rate) -> dict[str, float | None]:
    return {f"{name}_rate": rate.value, f"{name}_low": rate.low, f"{name}_high": rate.high}
