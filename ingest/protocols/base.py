"""What a protocol is: how the edge answers a client, and how the pipeline reads what it sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import polars as pl

from schemas.envelope import Envelope
from schemas.failed_event import FailedEvent, Reason, Stage

RULE_VERSION = "1"
"""Of the decoders; stands on failed events so that a replay knows what refused them."""
MAX_RAW_BYTES = 64 << 10
"""Of the original bytes a failed event keeps."""
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
LAST_MS = 9_214_646_400_000
"""The first instant of 2262 in ms since 1970: what ClickHouse and nanosecond clocks can no longer hold."""


@dataclass(frozen=True)
class Request:
    """One HTTP request as the edge hands it to a protocol; header names are lower-case."""

    method: str
    path: str
    query: bytes
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class Route:
    """Where a protocol listens; a prefix takes everything below the path."""

    methods: tuple[str, ...]
    path: str
    prefix: bool = False


@dataclass(frozen=True)
class Source:
    """A request and where it lies: a place in the log, or a file and its first line."""

    envelope: Envelope
    raw_ref: str


@dataclass(frozen=True)
class Decoded:
    """Events as columns and what failed.

    From a protocol the columns are those of Event it can fill, and `_source` (index of the Source), `_line`
    (which piece of it, from 0); other names that begin with `_` are between the steps of decode.py.
    """

    events: pl.DataFrame
    failed: list[FailedEvent]


def whole(source: Source) -> Sequence[bytes]:
    """The one piece of a request that is one event: its query, or its body."""
    envelope = source.envelope
    return (envelope.query or envelope.body,)


@dataclass(frozen=True)
class Protocol:
    """One dialect, both halves."""

    name: str
    channel: str
    routes: tuple[Route, ...]
    site_key: Callable[[Request], str]
    """The site as path, query or headers name it; '' when only the body says."""
    answer: Callable[[Request], Answer]
    """The answer of success, asked for after the append is durable."""
    decode: Callable[[Sequence[Source]], Decoded]
    kept_headers: tuple[str, ...] = ()
    """Headers its envelopes keep beside those every envelope keeps."""
    pieces: Callable[[Source], Sequence[bytes]] = whole
    """The original bytes of each event of a request, by `_line`."""


@dataclass(frozen=True)
class Refusal:
    """Why one piece of a request is no event."""

    reason: Reason
    detail: str
    stage: Stage = Stage.DECODE


def failed_event(source: Source, line: int, raw: bytes, refusal: Refusal, site_id: str = "") -> FailedEvent:
    """The failed row of piece `line` of a request; the same failure again has the same id."""
    place = f"{source.raw_ref}:{line}"
    raw = raw[:MAX_RAW_BYTES]
    digest = hashlib.blake2b(raw, digest_size=16, key=hashlib.sha256(place.encode()).digest())
    return FailedEvent(
        site_id=site_id or source.envelope.site_key,
        failed_id=digest.hexdigest(),
        received_at=instant(source.envelope.received_at),
        stage=refusal.stage.value,
        reason=refusal.reason.value,
        protocol=source.envelope.protocol,
        detail=" ".join(refusal.detail.split())[:500],
        raw=raw,
        raw_ref=place,
        rule_version=RULE_VERSION,
    )


def instant(ms: int) -> datetime:
    """Milliseconds since 1970 as an instant; what cannot be stored becomes 1970."""
    return EPOCH + timedelta(milliseconds=ms) if 0 <= ms < LAST_MS else EPOCH
