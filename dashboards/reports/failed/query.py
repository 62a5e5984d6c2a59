"""What could not be taken in a period: how often, why, and the newest of them."""

from __future__ import annotations

from base64 import b64decode
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from dashboards.computed import Computed, iso, jsonable, read_sql, sql_instant
from dashboards.period import Period
from ingest.sites import names
from schemas.objects import Site
from store import objects
from store.tables.client import Store

_COUNTS_SQL, _NEWEST_SQL, _EXAMPLE_SQL = (
    read_sql(__package__ or "", name) for name in ("counts.sql", "newest.sql", "example.sql")
)
_DEFINITION = (
    "Events and lines that were refused, by the time at which they arrived: those of the site by its id, "
    "domain and keys, and those that name no site that is known."
)
_BUCKETS = {"day": "%Y-%m-%d", "hour": "%Y-%m-%dT%H:00"}


@dataclass(frozen=True)
class ReasonCount:
    """Failed events of one reason at one stage."""

    reason: str
    stage: str
    failed: int
    last: datetime  # when the newest of them arrived


@dataclass(frozen=True)
class FailedBucket:
    """Failed events of one hour or day."""

    at: str  # 2026-11-20, or 2026-11-20T14:00
    by_reason: dict[str, int]


@dataclass(frozen=True)
class FailedRow:
    """One failed event in a list."""

    failed_id: str
    site_id: str  # as the request named it; '' when it did not
    received_at: datetime
    stage: str
    reason: str
    protocol: str
    detail: str
    attempts: int
    bytes: int  # kept of what was sent
    begin: str  # the first 120 of them


@dataclass(frozen=True)
class Failed:
    """The report."""

    period: Period
    unit: str  # hour or day: the width of one bucket
    by_reason: tuple[ReasonCount, ...]  # most frequent first
    trend: tuple[FailedBucket, ...]  # buckets with a failed event, oldest first
    newest: tuple[FailedRow, ...]
    asked_at: datetime
    computed: tuple[Computed, ...]

    @property
    def failed(self) -> int:
        """All of them."""
        return sum(one.failed for one in self.by_reason)

    def to_json(self) -> dict[str, Any]:
        """Counts and rows; what was asked, and when, under `meta`."""
        return {
            "failed": self.failed,
            "by_reason": [_plain(one) for one in self.by_reason],
            "unit": self.unit,
            "trend": [{"at": one.at, **one.by_reason} for one in self.trend],
            "newest": [_plain(row) for row in self.newest],
            "meta": {
                **self.period.to_json(),
                "asked_at": iso(self.asked_at),
            },
        }


@dataclass(frozen=True)
class Example:
    """One failed event, whole."""

    failed_id: str
    raw_ref: str
    rule_version: str
    attempts: int
    history: tuple[dict[str, str], ...]  # earlier reasons, oldest first
    raw: bytes


def failed(store: Store, site: Site, period: Period, *, now: datetime, limit: int = 1000) -> Failed:
    """What could not be taken for a site in a period. Raises StoreError."""
    unit = "hour" if period.days == 1 else "day"
    given: dict[str, object] = {
        "mine": names(site),
        "known": [name for one in objects.sites(store) for name in names(one)],
        "since": sql_instant(period.begins),
        "until": sql_instant(period.ends),
        "zone": period.zone,
        "bucket": _BUCKETS[unit],
        "limit": limit,
    }
    counts = Computed("failed", _DEFINITION, _COUNTS_SQL, given)
    newest = Computed("newest", "The newest of them.", _NEWEST_SQL, given)
    rows = counts.rows(store)
    return Failed(
        period=period,
        unit=unit,
        by_reason=_by_reason(rows),
        trend=_trend(rows),
        newest=tuple(FailedRow(**{**row, "begin": _text(row["begin"])}) for row in newest.rows(store)),
        asked_at=now,
        computed=(counts, newest),
    )


def example(store: Store, failed_id: str) -> Example | None:
    """One failed event with all the bytes that are kept; None if it is none any more. Raises StoreError."""
    rows = store.rows(_EXAMPLE_SQL, failed_id=failed_id)
    if not rows:
        return None
    history = tuple(msgspec.json.decode(rows[0]["history"] or "[]"))
    return Example(**{**rows[0], "history": history, "raw": b64decode(rows[0]["raw"])})


def _by_reason(rows: list[dict[str, Any]]) -> tuple[ReasonCount, ...]:
    found = defaultdict[tuple[str, str], list[dict[str, Any]]](list)
    for row in rows:
        found[row["reason"], row["stage"]].append(row)
    counted = [
        ReasonCount(*key, sum(row["failed"] for row in some), max(row["last"] for row in some))
        for key, some in found.items()
    ]
    return tuple(sorted(counted, key=lambda one: (-one.failed, one.reason, one.stage)))


def _trend(rows: list[dict[str, Any]]) -> tuple[FailedBucket, ...]:
    buckets = defaultdict[str, dict[str, int]](dict)
    for row in rows:
        counts = buckets[row["at"]]
        counts[row["reason"]] = counts.get(row["reason"], 0) + row["failed"]
    return tuple(FailedBucket(at, counts) for at, counts in sorted(buckets.items()))


def _text(encoded: str) -> str:
    return b64decode(encoded).decode("utf-8", "backslashreplace")


def _plain(record: ReasonCount | FailedRow) -> dict[str, Any]:
    return {name: jsonable(value) for name, value in vars(record).items()}
