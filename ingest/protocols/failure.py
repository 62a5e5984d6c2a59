"""Failed events: how a refused event or line is kept."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone

from ingest.protocols.base import Source
from schemas.failed_event import FailedEvent, Reason, Stage

MAX_RAW = 64 << 10
RULE_VERSION = "1"
"""Grows when decoders change what they accept: replay tries again what an older version refused."""
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def failed(  # noqa: PLR0913 - the fields of the record
    source: Source, part: int, raw: bytes, stage: Stage, reason: Reason, detail: str, site_id: str = ""
) -> FailedEvent:
    """The record of one event or line (`part` of its source) that was refused."""
    place = f"{source.raw_ref}:{part}"
    digest = hashlib.blake2b(f"{place}\0{reason.value}\0".encode() + raw, digest_size=16)
    return FailedEvent(
        site_id=site_id or source.envelope.site_key,
        failed_id=digest.hexdigest(),
        received_at=_EPOCH + timedelta(milliseconds=max(0, source.envelope.received_at)),
        stage=stage.value,
        reason=reason.value,
        protocol=source.envelope.protocol,
        detail=detail[:500].replace("\n", " "),
        raw=raw[:MAX_RAW],
        raw_ref=place,
        rule_version=RULE_VERSION,
    )
