"""Records inside a segment file: magic, length, checksum, payload; offsets are byte positions of the log."""

from __future__ import annotations

import logging
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from store.log.base import Record

MAGIC = b"CtR1"
_HEADER = struct.Struct("<4sII")
_OFFSET = struct.Struct("<Q")
_CHUNK_BYTES = 1 << 16
_logger = logging.getLogger(__name__)
HEADER_BYTES = _HEADER.size
MAX_PAYLOAD = (1 << 32) - 1


def encode(offset: int, payloads: Sequence[bytes]) -> bytes:
    """The bytes of consecutive records of which the first starts at `offset`."""
    parts = []
    for payload in payloads:
        parts.append(_HEADER.pack(MAGIC, len(payload), _checksum(offset, payload)))
        parts.append(payload)
        offset += HEADER_BYTES + len(payload)
    return b"".join(parts)


def wanted_bytes(data: memoryview) -> int:
    """Size of the record at the start of the data by its header; 0 if there is no header."""
    if len(data) < HEADER_BYTES:
        return 0
    magic, length, _ = _HEADER.unpack_from(data)
    return HEADER_BYTES + length if magic == MAGIC else 0


def whole_records(data: memoryview, offset: int) -> Iterator[tuple[int, memoryview, int]]:
    """(offset, payload, offset of the next) of each record from the start of the data, itself at `offset`.

    Ends at the first bytes that are not a whole record with its checksum.
    """
    at = 0
    while size := wanted_bytes(data[at:]):
        payload = data[at + HEADER_BYTES : at + size]
        _, length, checksum = _HEADER.unpack_from(data, at)
        if len(payload) < length or _checksum(offset + at, payload) != checksum:
            return
        yield offset + at, payload, offset + at + size
        at += size


def next_whole_record(data: bytes, offset: int) -> int | None:
    """Offset of the first whole record after the start of the data, which lies at `offset`."""
    at = data.find(MAGIC, 1)
    while at >= 0:
        if next(whole_records(memoryview(data)[at:], offset + at), None) is not None:
            return offset + at
        at = data.find(MAGIC, at + 1)
    return None


def _checksum(offset: int, payload: bytes | memoryview) -> int:
    # The offset is part of it: bytes that once were a record elsewhere are none here.
    return zlib.crc32(payload, zlib.crc32(_OFFSET.pack(offset)))


@dataclass(frozen=True)
class Segment:
    """One file of the log; `first`: the offset of its first byte."""

    first: int
    path: Path

    def size(self) -> int:
        """Bytes of the file. Raises OSError."""
        return self.path.stat().st_size

    def records(self, position: int, max_bytes: int, *, is_last: bool) -> list[Record]:
        """Whole records from a position on, at least one if there is one. Raises OSError.

        Bytes that are no record are stepped over and reported, but for the end of the last segment, which
        may be an append that is under way.
        """
        while not (found := self._records_at(position, max_bytes)):
            rest = self._read(position, -1)
            if rest and next(whole_records(memoryview(rest), position), None) is not None:
                continue  # the writer finished it between the two looks
            following = next_whole_record(rest, position)
            if not rest or (following is None and is_last):
                return []
            skipped = len(rest) if following is None else following - position
            _logger.error("%s: %d bytes at offset %d are no whole record", self.path, skipped, position)
            if following is None:
                return []
            position = following
        return found

    def _records_at(self, position: int, max_bytes: int) -> list[Record]:
        data = memoryview(self._read(position, max(max_bytes, _CHUNK_BYTES)))
        if (wanted := wanted_bytes(data)) > len(data):
            data = memoryview(self._read(position, wanted))
        records, held = list[Record](), 0
        for offset, payload, following in whole_records(data, position):
            records.append(Record(0, offset, bytes(payload), following))
            held += len(payload)
            if held >= max_bytes:
                break
        return records

    def _read(self, offset: int, size: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(offset - self.first)
            return file.read(size)
