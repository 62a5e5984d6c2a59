"""Records of the log as the requests in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ingest.protocols.base import Source
from schemas.envelope import Envelope, decode_block
from store.log.base import Log, Offsets, Record

UNREADABLE = "unreadable"
"""Protocol of the request that stands for a record which is no block of envelopes: no decoder has it."""


def records_before(log: Log, begin: Offsets, end: Offsets, max_bytes: int) -> Iterator[list[Record]]:
    """Records from `begin` up to, but not including, `end`, about `max_bytes` at a time."""
    at = begin
    while any(at.get(partition, 0) < offset for partition, offset in end.items()):
        records, at = log.read(at, max_bytes)
        if not records:  # what was read of an append that failed is there no more
            return
        # A partition that is newer than `end` is not in it.
        if inside := [record for record in records if record.offset < end.get(record.partition, 0)]:
            yield inside


def block_sources(records: Sequence[Record]) -> list[Source]:
    """Every request of the records, with the place where it lies."""
    return [source for record in records for source in _requests(record)]


def _requests(record: Record) -> Iterator[Source]:
    try:
        envelopes = decode_block(record.payload)
    except ValueError:
        yield Source(Envelope(received_at=0, protocol=UNREADABLE, body=record.payload), record.place)
        return
    for at, envelope in enumerate(envelopes):
        yield Source(envelope, f"{record.place}:{at}")
