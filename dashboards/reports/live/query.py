"""What happens now: the last 30 minutes of a site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from dashboards.computed import Computed
from schemas.objects import Site
from store.tables.client import Store


@dataclass(frozen=True)
class Minute:
    """One calendar minute."""

    start: datetime  # UTC
    visitors: int
    events: int
    running: bool  # the minute of asking


@dataclass(frozen=True)
class LiveEvent:
    """One event of the ticker."""

    event_id: str
    event_time: datetime
    received_at: datetime
    visitor_id: str
    event_type: str
    event_name: str
    path: str
    title: str
    source: str
    medium: str
    device_class: str
    channel: str
    country: str
    target: str
    search_term: str
    value: float
    order_id: str
    revenue: Decimal
    currency: str


@dataclass(frozen=True)
class LiveRow:
    """One value with who is there now."""

    value: str
    visitors: int
    events: int


@dataclass(frozen=True)
class Live:
    """Human events of the running minute and the 29 before it; lists hold at most ten rows."""

    site_id: str
    asked_at: datetime
    visitors: int  # persons
    events: int
    page_views: int
    visitors_5m: int  # persons of the last five minutes exactly
    minutes: tuple[Minute, ...]  # 30, oldest first
    newest: tuple[LiveEvent, ...]  # at most 50, newest received first
    pages: tuple[LiveRow, ...]  # paths of views
    sources: tuple[LiveRow, ...]  # "source / medium" of the sessions
    channels: tuple[LiveRow, ...]  # web, wap, app …
    computed: tuple[Computed, ...]

    def to_json(self) -> dict[str, Any]:
        """Counts first, then minutes, newest events and lists; asked_at under `meta`."""
        raise NotImplementedError


def live(store: Store, site: Site, now: datetime) -> Live:
    """The last 30 minutes of a site."""
    raise NotImplementedError
