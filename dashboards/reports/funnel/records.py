"""What a funnel report says: its steps, segments, trend, and what those did next who left."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from crm.rate import Rate
from dashboards.computed import Computed, iso
from dashboards.period import Period
from dashboards.reports.funnel.options import FunnelOptions
from dashboards.significance import CLEAR


@dataclass(frozen=True)
class Step:
    """One step; times are of the units that reached it, from the first event of their attempt, in seconds."""

    name: str  # its condition
    optional: bool
    reached: Rate  # of the units that entered
    from_previous: Rate  # of the units at the required step before
    in_progress: int  # stopped here, and their window still runs
    left: int  # stopped here for good
    median_s: float | None
    p75_s: float | None
    p90_s: float | None

    def to_json(self) -> dict[str, Any]:
        """Counts, shares with the 95 % interval of `rate`, and times."""
        return {
            "name": self.name,
            "count": self.reached.part,
            "rate": self.reached.value,
            "rate_from_previous": self.from_previous.value,
            "low": self.reached.low,
            "high": self.reached.high,
            "median_s": self.median_s,
            "p75_s": self.p75_s,
            "p90_s": self.p90_s,
            "in_progress": self.in_progress,
            "left": self.left,
            "optional": self.optional,
        }


@dataclass(frozen=True)
class Segment:
    """The entries with one value of the breakdown."""

    value: str
    counts: tuple[int, ...]  # of each step
    converted: Rate
    p_value: float | None  # against the rest, adjusted for the number of segments; None: there is no rest

    @property
    def differs(self) -> bool:
        """Whether it differs clearly from the rest."""
        return self.p_value is not None and self.p_value < CLEAR

    def to_json(self) -> dict[str, Any]:
        """Counts, the rate with its interval, and whether it differs from the rest."""
        return {
            "value": self.value,
            "entered": self.converted.whole,
            "counts": list(self.counts),
            "rate": self.converted.value,
            "low": self.converted.low,
            "high": self.converted.high,
            "p_value": self.p_value,
            "differs": self.differs,
        }


@dataclass(frozen=True)
class Bucket:
    """The entries that began in one day, week or month of the site's zone."""

    start: date  # its first day
    converted: Rate
    in_progress: int  # stopped on the way, and their window still runs
    unfinished: bool  # entries of it may still convert, or come

    def to_json(self) -> dict[str, Any]:
        """Start, counts, and the rate with its interval."""
        return {
            "start": self.start.isoformat(),
            "entered": self.converted.whole,
            "converted": self.converted.part,
            "rate": self.converted.value,
            "low": self.converted.low,
            "high": self.converted.high,
            "in_progress": self.in_progress,
            "unfinished": self.unfinished,
        }


@dataclass(frozen=True)
class Act:
    """What so many did next: an event by its type and name, or by its page."""

    units: int
    event_type: str = ""
    event_name: str = ""  # of a custom event
    path: str = ""

    def to_json(self, by: str) -> dict[str, Any]:
        """`by` is "path" or "type"."""
        if by == "path":
            return {"path": self.path, "count": self.units}
        return {"event_type": self.event_type, "event_name": self.event_name, "count": self.units}


@dataclass(frozen=True)
class Next:
    """What those did next who left after a step, most frequent first."""

    step: int
    left: int
    went_on: int  # did anything more within the window
    types: tuple[Act, ...] = ()
    paths: tuple[Act, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """{"step", "left", "nothing_more", "types": [...], "paths": [...]}."""
        return {
            "step": self.step,
            "left": self.left,
            "nothing_more": self.left - self.went_on,
            "types": [act.to_json("type") for act in self.types],
            "paths": [act.to_json("path") for act in self.paths],
        }


@dataclass(frozen=True)
class Funnel:
    """The steps of a funnel in a period."""

    site_id: str
    period: Period
    filters: tuple[str, ...]
    options: FunnelOptions
    asked_at: datetime
    steps: tuple[Step, ...]
    known: Rate  # converted, of the entries that have a value of the breakdown
    segments: tuple[Segment, ...] = ()
    trend: tuple[Bucket, ...] = ()
    next: tuple[Next, ...] = ()
    computed: tuple[Computed, ...] = field(default=(), compare=False)

    @property
    def converted(self) -> Rate:
        """Units that reached the last step that is not optional, of those that entered."""
        return self.steps[self.options.required[-1] - 1].reached

    @property
    def in_progress(self) -> int:
        """Entries whose window still runs."""
        return sum(step.in_progress for step in self.steps)

    @property
    def hidden(self) -> int:
        """Entries of segments that are too small to be shown, or without the step that gives the value."""
        if not self.options.breakdown:
            return 0
        return self.converted.whole - sum(segment.converted.whole for segment in self.segments)

    def to_json(self) -> dict[str, Any]:
        """Steps, entries, segments, trend and what came next as lists of objects; what was asked: meta."""
        return {
            "steps": [step.to_json() for step in self.steps],
            "entered": self.converted.whole,
            "converted": self.converted.part,
            "in_progress": self.in_progress,
            "segments": [segment.to_json() for segment in self.segments],
            "hidden_entries": self.hidden,
            "trend": [bucket.to_json() for bucket in self.trend],
            "next": [one.to_json() for one in self.next],
            "meta": {
                "site": self.site_id,
                **self.period.to_json(),
                "filters": list(self.filters),
                **_asked(self.options),
                "asked_at": iso(self.asked_at),
            },
        }


def _asked(options: FunnelOptions) -> dict[str, Any]:
    """The options as they were understood."""
    return {
        "order": options.order,
        "open": options.open,
        "window": None if options.open else options.window,
        "unit": options.unit,
        "exclude": [f"{x.first}-{x.last}:{x.condition}" for x in options.exclusions],
        "hold": list(options.hold),
        "breakdown": options.breakdown or None,
        "breakdown_at": options.breakdown_at if options.breakdown else None,
        "trend": options.trend or None,
    }
