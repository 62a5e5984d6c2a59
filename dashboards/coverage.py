"""What the numbers of a page rest on: identity, bots, late and failed events, age of the data."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from crm.rate import Rate
from dashboards.computed import Computed, iso, read_sql, sql_instant
from dashboards.period import Period
from schemas.objects import Site
from store.tables.client import Store

_NAMES = ("coverage", "visitors", "currencies", "refused", "received")
_SQL = {name: read_sql("dashboards", f"{name}.sql") for name in _NAMES}
_DEFINITIONS = {
    "coverage": "Events of the period by event_time. Late: received after the session could already be over.",
    "visitors": "Visitors with a human session that starts in the period. Durable: the id outlives the day.",
    "currencies": "Orders in another currency than the site's; they are left out of revenue.",
    "refused": "Failed events received in the period.",
    "received": "The last event received at all.",
}
_RECENTLY = timedelta(days=2)
_HISTORY = "1971-01-01 00:00:00.000"


@dataclass(frozen=True)
class Coverage:
    """The coverage line of a site and period."""

    durable: Rate  # visitors with a human session whose id outlives the day (user, cookie, url, subscriber)
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
        return {
            "durable_share": self.durable.value,
            "bot_share": self.bots.value,
            "late_share": self.late.value,
            "visitors": self.durable.whole,
            "bot_events": self.bots.part,
            "late_events": self.late.part,
            "failed_events": self.failed,
            "other_currency_orders": self.other_currency_orders,
            "other_currencies": list(self.other_currencies),
            "meta": {
                "last_received": iso(self.last_received),
                "age_s": self.age_s,
                "asked_at": iso(self.asked_at),
            },
        }


def coverage(store: Store, site: Site, period: Period, *, now: datetime) -> Coverage:
    """What the numbers of a site and period rest on."""
    given: dict[str, object] = {
        "site_id": site.id,
        "since": sql_instant(period.begins),
        "until": sql_instant(period.ends),
        "timeout_s": site.timeout_s,
        "currency": site.currency,
        "recently": sql_instant(now - _RECENTLY),
    }
    asked = {name: Computed(name, _DEFINITIONS[name], _SQL[name], given) for name in _NAMES}
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda one: one.rows(store)[0], asked.values())
        row = {name: value for answer in answers for name, value in answer.items()}
    if row["last_received"] is None:  # nothing of late: only now is all history read
        row |= replace(asked["received"], parameters={**given, "recently": _HISTORY}).rows(store)[0]
    return Coverage(
        durable=Rate(row["durable"], row["visitors"]),
        bots=Rate(row["bots"], row["events"]),
        late=Rate(row["late"], row["events"] - row["bots"]),
        failed=row["failed"],
        other_currency_orders=row["other_orders"],
        other_currencies=tuple(row["other_currencies"]),
        last_received=row["last_received"],
        asked_at=now,
        computed=tuple(asked.values()),
    )
