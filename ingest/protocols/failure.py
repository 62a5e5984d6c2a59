"""Failed events: how a refused event or line is kept."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone

from ingest.protocols.base import Source
from schemas.envelope import Envelope, encode_block
from schemas.failed_event import FailedEvent, Reason, Stage

MAX_RAW = 64 << 10
MAX_ENVELOPE = 96 << 10
"""Most bytes of an event to try again, its headers included; of a larger one only the log holds all."""
RULE_VERSION = "1"
"""Grows when decoders change what they accept: replay tries again what an older version refused."""
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def failed(  # noqa: PLR0913 - the fields of the record
    source: Source, part: int, raw: bytes, stage: Stage, reason: Reason, detail: str, site_id: str = ""
) -> FailedEvent:
    """The record of one event or line (`part` of its source) that was refused."""
    place = place_of(source, part)
    return FailedEvent(
        site_id=site_id or source.envelope.site_key,
        failed_id=failed_id(place, raw),
        received_at=_EPOCH + timedelta(milliseconds=max(0, source.envelope.received_at)),
        stage=stage.value,
        reason=reason.value,
        protocol=source.envelope.protocol,
        detail=detail[:500].replace("\n", " "),
        raw=raw[:MAX_RAW],
        raw_ref=place,
        rule_version=RULE_VERSION,
    )


def place_of(source: Source, part: int) -> str:
    """The raw_ref of an event or line of a source."""
    return f"{source.raw_ref}:{source.first_part + part}"


def failed_id(place: str, raw: bytes) -> str:
    """The id of what was refused at a place: the same whenever and for whatever reason it is."""
    return hashlib.blake2b(f"{place}\0".encode() + raw, digest_size=16).hexdigest()


def kept_envelope(envelope: Envelope) -> bytes:
    """The request as bytes that schemas.envelope reads again; b"" when they are too many."""
    if len(envelope.body) + len(envelope.query) > MAX_ENVELOPE:
        return b""
    block = encode_block([envelope])
    return block if len(block) <= MAX_ENVELOPE else b""
