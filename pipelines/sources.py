"""Records of the log as the requests in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ingest.protocols.base import Source
from schemas.envelope import Envelope, decode_block
from store.log.base import Record

UNREADABLE = "unreadable"
"""Protocol of the request that stands for a record which is no block of envelopes: no decoder has it."""


def block_sources(records: Sequence[Record]) -> list[Source]:
    """Every request of the records, with the place where it lies."""
    return [source for record in records for source in _requests(record)]


def _requests(record: Record) -> Iterator[Source]:
    place = f"log:{record.partition}:{record.offset}"
    try:
        envelopes = decode_block(record.payload)
    except ValueError:
        yield Source(Envelope(received_at=0, protocol=UNREADABLE, body=record.payload), place)
        return
    for at, envelope in enumerate(envelopes):
        yield Source(envelope, f"{place}:{at}")
