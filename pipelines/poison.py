"""What our own code cannot carry is kept as failed, so that nothing a client sends stops the pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl

from clicktrail.output import to_json
from ingest.protocols.base import Source
from ingest.protocols.failure import MAX_RAW, RULE_VERSION, failed, failed_id, kept_envelope
from schemas.envelope import encode_block
from schemas.failed_event import FailedEvent, Reason, Stage

ERRORS = (Exception, pl.exceptions.PanicException)
"""All that code can raise; Polars' panics are no Exception."""


def poisonous_request(source: Source, error: BaseException) -> FailedEvent:
    """A request that broke its decoder, as it lay in the log."""
    envelope = source.envelope
    failure = failed(source, 0, encode_block([envelope]), Stage.DECODE, Reason.INTERNAL, _said(error))
    # A file that is imported again arrives at another time: only what was sent names the row.
    sent = failed_id(failure.raw_ref, envelope.query or envelope.body)
    return replace(failure, failed_id=sent, envelope=kept_envelope(envelope))


def poisonous_events(events: pl.DataFrame, error: BaseException) -> Iterator[FailedEvent]:
    """Events that broke the session step, as JSON of what they say; raw_ref leads to the request."""
    for row in events.iter_rows(named=True):
        raw = to_json({name: value for name, value in row.items() if value not in (None, "", 0)})
        yield _failed_event(row, raw.encode(), error)


def _failed_event(row: dict[str, Any], raw: bytes, error: BaseException) -> FailedEvent:
    place = str(row.get("raw_ref", ""))
    return FailedEvent(
        site_id=row["site_id"],
        failed_id=failed_id(place, raw),
        received_at=row["received_at"],
        stage=Stage.LOAD.value,
        reason=Reason.INTERNAL.value,
        protocol=row["protocol"],
        detail=_said(error),
        raw=raw[:MAX_RAW],
        raw_ref=place,
        rule_version=RULE_VERSION,
    )


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:500].replace("\n", " ")
