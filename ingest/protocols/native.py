"""Our own dialect: `POST /e`, and NDJSON files of imports.

A body is `{"site", "sent_at", "events": [...]}`, one event object, or one object a line. The readable
truth is native_event.py (one object → one row). Long bodies of lines go through native_columns.py, which
says the same on columns and hands back every line it is not sure of.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec
import polars as pl

from ingest.protocols.base import Answer, Decoded, Protocol, Request, Route, Source
from ingest.protocols.failure import failed
from ingest.protocols.native_columns import read_lines
from ingest.protocols.native_event import Defaults, Refused, event_row, frame_of
from schemas.envelope import Envelope
from schemas.failed_event import FailedEvent, Reason, Stage

GZIP = b"\x1f\x8b"
MAX_INFLATED = 64 << 20
LINE = ("form", "line")
"""Header of a request that holds one line of several alone: the line is an event, never a batch."""


class _Batch(msgspec.Struct):
    """The body of the tag; whatever else it holds is passed over."""

    events: list[msgspec.Raw]
    site: str = ""
    sent_at: msgspec.Raw = msgspec.Raw(b"null")


_batch_decoder = msgspec.json.Decoder(_Batch)


@dataclass(frozen=True)
class _Parts:
    """The events of one body as bytes, by their index, and what stands for all of them."""

    events: list[tuple[int, bytes]]
    site: str = ""
    sent_at: msgspec.Raw = field(default_factory=lambda: msgspec.Raw(b"null"))
    lines: bool = False  # each was a line of its own, which says its site and time itself


def decode(sources: Sequence[Source]) -> Decoded:
    """Events of all bodies."""
    frames: list[pl.DataFrame] = []
    rows: list[dict[str, object]] = []
    failures: list[FailedEvent] = []
    for number, source in enumerate(sources):
        try:
            if source.envelope.method == "IMPORT":  # a file is inflated by who reads it
                frame, left = read_lines(source.envelope.body, number)
                frames.append(frame)
                parts = _Parts(left)
            else:
                parts = _parts_of(source.envelope)
        except Refused as refused:
            raw = source.envelope.body
            failures.append(failed(source, 0, raw, Stage.DECODE, refused.reason, refused.detail))
            continue
        rows += _rows(source, number, parts, failures)
    frames.append(frame_of(rows))
    return Decoded(pl.concat(frames, how="diagonal"), failures)


def _rows(
    source: Source, number: int, parts: _Parts, failures: list[FailedEvent]
) -> Iterator[dict[str, object]]:
    envelope = source.envelope
    second = 0 if envelope.method == "IMPORT" else envelope.received_at // 1000
    defaults = Defaults(
        number, parts.site, _sent_at(parts.sent_at), envelope.trusted, envelope.site_key, second
    )
    for part, raw in parts.events:
        try:
            yield event_row(raw, part, defaults)
        except Refused as refused:
            said = (refused.stage, refused.reason, refused.detail)
            failures.append(failed(source, part, raw, *said, site_id=envelope.site_key or parts.site))


def _parts_of(envelope: Envelope) -> _Parts:
    """The events of a client's request. Raises Refused."""
    if LINE in envelope.headers:
        return _Parts([(0, envelope.body)], lines=True)
    return _parts(_inflated(envelope.body))


def _inflated(body: bytes) -> bytes:
    if not body.startswith(GZIP):
        return body
    try:
        inflater = zlib.decompressobj(31)
        plain = inflater.decompress(body, MAX_INFLATED)
    except zlib.error as error:
        raise Refused(Reason.MALFORMED, f"gzip: {error}") from None
    if inflater.unconsumed_tail:
        raise Refused(Reason.TOO_LARGE, f"more than {MAX_INFLATED >> 20} MB when inflated")
    if not inflater.eof:
        raise Refused(Reason.MALFORMED, "gzip: ends early")
    return plain


def _parts(body: bytes) -> _Parts:
    """Batch, single event or lines."""
    stripped = body.strip()
    if not stripped:
        raise Refused(Reason.EMPTY, "no event in the body")
    if not stripped.startswith(b"{"):
        raise Refused(Reason.MALFORMED, "neither an event nor a batch of events")
    try:
        batch = _batch_decoder.decode(stripped)
    except msgspec.ValidationError as error:
        if "`events`" in str(error):  # an object without events is an event, or the first of several lines
            return _one_or_lines(body)
        raise Refused(Reason.WRONG_TYPE, str(error), Stage.SCHEMA) from None
    except RecursionError:
        if b"\n" not in stripped:
            raise Refused(Reason.TOO_DEEP, "nested too deeply") from None
        return _one_or_lines(body)
    except msgspec.DecodeError as error:
        if b"\n" not in stripped:
            raise Refused(Reason.MALFORMED, str(error)) from None
        return _one_or_lines(body)
    if not batch.events:
        raise Refused(Reason.EMPTY, "no event in the batch")
    return _Parts([(at, bytes(raw)) for at, raw in enumerate(batch.events)], batch.site, batch.sent_at)


def _sent_at(raw: msgspec.Raw) -> object:
    """As JSON; None for what JSON allows and no number can hold."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def _one_or_lines(body: bytes) -> _Parts:
    """An event written over several lines, or an event a line."""
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        lines = [(number, line) for number, line in enumerate(body.split(b"\n")) if line.strip()]
        return _Parts(lines, lines=True)
    return _Parts([(0, body.strip())])


def answer(request: Request) -> Answer:
    """200 and how many events were taken, as far as the body can be read."""
    try:
        accepted = len(_parts(_inflated(request.body)).events)
    except (Refused, msgspec.DecodeError):
        accepted = 0
    body = msgspec.json.encode({"accepted": accepted})
    return Answer(200, (("content-type", "application/json"), ("cache-control", "no-store")), body)


def raw(envelope: Envelope, part: int) -> bytes:
    """The bytes of one event of a body."""
    found = _part(envelope, part)
    return envelope.body if found is None else found


def alone(envelope: Envelope, part: int) -> Envelope:
    """One event with what its batch says for all, or one line; a body nobody can take apart is whole."""
    found = _part(envelope, part)
    if found is None:
        return envelope
    if envelope.method == "IMPORT":
        return msgspec.structs.replace(envelope, body=found)
    parts, _ = _read(envelope)
    if parts.lines:
        headers = tuple(one for one in envelope.headers if one != LINE)
        return msgspec.structs.replace(envelope, body=found, headers=(*headers, LINE))
    batch = _Batch([msgspec.Raw(found)], parts.site, parts.sent_at)
    return msgspec.structs.replace(envelope, body=msgspec.json.encode(batch))


def _part(envelope: Envelope, part: int) -> bytes | None:
    if envelope.method == "IMPORT":
        lines = _split(envelope.body)
        return lines[part] if part < len(lines) else None
    try:
        return _read(envelope)[1].get(part)
    except Refused:
        return None


@lru_cache(maxsize=1)  # all parts of a body may be asked for, one after the other
def _split(body: bytes) -> list[bytes]:
    return body.split(b"\n")


@lru_cache(maxsize=1)
def _read(envelope: Envelope) -> tuple[_Parts, dict[int, bytes]]:
    parts = _parts_of(envelope)
    return parts, dict(parts.events)


def site_key(request: Request) -> str:  # noqa: ARG001 - the same for every request
    """Only the body says."""
    return ""


PROTOCOL = Protocol(
    name="native",
    channel="web",
    routes=(Route(("POST",), "/e"),),
    site_key=site_key,
    answer=answer,
    decode=decode,
    raw=raw,
    alone=alone,
)
