"""What is known of one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Any

from dashboards.computed import Computed, jsonable
from ingest.identity import QUALITIES
from schemas.identity_edge import USER


@dataclass(frozen=True)
class Touch:
    """How a session began."""

    start: datetime
    channel_group: str
    source: str
    medium: str
    campaign: str
    entry_path: str


@dataclass(frozen=True)
class ActiveDay:
    """A local day with a session."""

    day: date
    sessions: int
    orders: int


@dataclass(frozen=True)
class Device:
    """A kind of device and its sessions."""

    device_class: str
    os: str
    browser: str
    sessions: int


@dataclass(frozen=True)
class Country:
    """A country and its sessions."""

    country: str
    sessions: int


@dataclass(frozen=True)
class Channel:
    """A channel with its events."""

    channel: str
    events: int
    orders: int  # distinct order ids of these events


@dataclass(frozen=True)
class KnownId:
    """One id of the person, and what came under it."""

    id: str
    id_quality: str  # of its newest event; '' for an id without events of its own
    events: int
    first_seen: datetime | None
    last_seen: datetime | None


@dataclass(frozen=True)
class Edge:
    """A statement that two ids are one person."""

    id_a: str
    id_b: str
    since: datetime
    source: str  # identify | alias | group | manual | forced | unlinked
    state: str  # joins | refused (it would join two known users) | group (no person) | unlinked
    unlinked_at: datetime | None


@dataclass(frozen=True)
class SessionHead:
    """The session that lines of a timeline belong to."""

    session_id: str
    start: datetime
    end: datetime
    page_views: int
    engaged_s: float
    source: str
    medium: str
    campaign: str
    device_class: str
    browser: str
    country: str


@dataclass(frozen=True)
class Line:
    """Events that say the same and follow each other: most often one."""

    session: SessionHead | None  # None: no session spans it
    first_at: datetime
    last_at: datetime
    events: int
    event_id: str  # of the last of them
    visitor_id: str
    channel: str
    event_type: str
    event_name: str
    path: str
    title: str
    target: str
    search_term: str
    order_id: str
    revenue: Decimal
    currency: str
    is_bot: bool


@dataclass(frozen=True)
class Facts:
    """Sums over all human sessions of a person (over all if every one is a bot's)."""

    sessions: int = 0
    page_views: int = 0
    engaged_s: float = 0.0
    orders: int = 0
    revenue: Decimal = Decimal(0)  # net, in the site's currency
    only_bots: bool = False
    first_touch: Touch | None = None
    last_touch: Touch | None = None


@dataclass(frozen=True)
class Visitor:
    """One person, and one page of the timeline."""

    person_id: str
    facts: Facts
    days: tuple[ActiveDay, ...]  # oldest first
    devices: tuple[Device, ...]  # most sessions first
    countries: tuple[Country, ...]
    channels: tuple[Channel, ...]  # most events first
    ids: tuple[KnownId, ...]
    edges: tuple[Edge, ...]  # oldest first
    timeline: tuple[Line, ...]  # newest session first
    lines: int  # of the whole timeline, under the channel asked for
    outside: tuple[str, ...]  # channels whose orders are in no session
    computed: tuple[Computed, ...]

    @property
    def id_quality(self) -> str:
        """The best one of the ids: user, cookie, url, subscriber or salted_daily."""
        if self.person_id.startswith(USER):
            return "user"
        found = [one.id_quality for one in self.ids if one.id_quality in QUALITIES]
        return min(found, key=QUALITIES.index, default="")

    @property
    def events(self) -> int:
        """All events, of every channel."""
        return sum(one.events for one in self.channels)

    @property
    def first_seen(self) -> datetime | None:
        """The first event."""
        return min((one.first_seen for one in self.ids if one.first_seen), default=None)

    @property
    def last_seen(self) -> datetime | None:
        """The last event."""
        return max((one.last_seen for one in self.ids if one.last_seen), default=None)

    @property
    def usual_gap_days(self) -> float | None:
        """Median number of days from a day with a session to the next one; None below three such days."""
        gaps = [(later.day - earlier.day).days for earlier, later in pairwise(self.days)]
        return float(median(gaps)) if len(gaps) > 1 else None

    @property
    def orders_outside(self) -> int:
        """Orders of channels that have no sessions."""
        return sum(one.orders for one in self.channels if one.channel in self.outside)

    def sql(self, name: str) -> Computed:
        """The query of that name."""
        return next(one for one in self.computed if one.name == name)

    def to_json(self) -> dict[str, Any]:
        """Everything but the queries."""
        facts = {name: _plain(value) for name, value in vars(self.facts).items()}
        return {
            "person_id": self.person_id,
            "id_quality": self.id_quality,
            "first_seen": jsonable(self.first_seen),
            "last_seen": jsonable(self.last_seen),
            **facts,
            "events": self.events,
            "orders_outside": self.orders_outside,
            "usual_gap_days": self.usual_gap_days,
            **{
                name: [_plain(one) for one in getattr(self, name)]
                for name in ("days", "devices", "countries", "channels", "ids", "edges", "timeline")
            },
            "lines": self.lines,
        }


def _plain(value: object) -> object:
    """A record as JSON: its fields; other values as they are."""
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(member) for name, member in vars(value).items()}
    return jsonable(value)
