"""What the numbers of a page rest on: identity, bots, late and failed events, age of the data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards.computed import Computed
from dashboards.period import Period
from dashboards.rate import Rate
from schemas.objects import Site
from store.tables.client import Store


@dataclass(frozen=True)
class Coverage:
    """The coverage line of a site and period."""

    durable: Rate  # human visitors with an id that outlives the day (user, cookie, url, subscriber)
    bots: Rate  # bot events of all events
    late: Rate  # human events received more than the site's time-out after they happened
    failed: int  # failed events received in the period
    other_currency_orders: int  # orders left out of revenue
    other_currencies: tuple[str, ...]
    last_received: datetime | None  # of the site, whatever the period
    asked_at: datetime
    computed: tuple[Computed, ...]

    @property
    def age_s(self) -> float | None:
        """Seconds since the site's last event was received."""
        if self.last_received is None:
            return None
        return max(0.0, (self.asked_at - self.last_received).total_seconds())

    def to_json(self) -> dict[str, Any]:
        """Shares and counts; the age of the data under `meta`."""
        raise NotImplementedError


def coverage(store: Store, site: Site, period: Period, *, now: datetime) -> Coverage:
    """What the numbers of a site and period rest on."""
    raise NotImplementedError
