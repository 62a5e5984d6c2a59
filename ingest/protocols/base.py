"""What a protocol is: how the edge answers a client, and how the pipeline reads what it sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from schemas.envelope import Envelope
from schemas.failed_event import FailedEvent


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
    first_part: int = 0  # number of its first event or line: a part of a request that is read alone
    refused: FailedEvent | None = None  # the row it was read back from, in a replay


@dataclass(frozen=True)
class Decoded:
    """Events as columns and what failed.

    From a protocol the columns are those of Event it can fill, and `_source` (index of the Source), `_part`
    (which event or line of it, from 0); other helper columns are between the steps of decode.py.
    """

    events: pl.DataFrame
    failed: list[FailedEvent]


def request_bytes(envelope: Envelope, part: int) -> bytes:  # noqa: ARG001 - one event a request
    """The original bytes of a request that is one event: its query, or its body."""
    return envelope.query or envelope.body


def whole_request(envelope: Envelope, part: int) -> Envelope:  # noqa: ARG001 - one event a request
    """A request that is one event holds nothing else."""
    return envelope


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
    raw: Callable[[Envelope, int], bytes] = request_bytes
    """The original bytes of event or line `_part` of a request."""
    alone: Callable[[Envelope, int], Envelope] = whole_request
    """A request that holds event or line `_part` alone, as its part 0, and is decoded to the same row.

    A part that cannot be told apart is the whole request. Protocols of several events a request need it.
    """
    kept_headers: tuple[str, ...] = ()
    """Headers its envelopes keep beside those every envelope keeps."""
