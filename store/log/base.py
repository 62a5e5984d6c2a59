"""What every event log must do; tests/integration/log_contract.py holds each implementation to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Offsets = Mapping[int, int]
"""Partition → position of the next record to read. The local log has the one partition 0."""


PIPELINE = "pipeline"
"""Name of the reader that carries the log into the tables."""

GROUP_BYTES = 4 << 20
"""About the size at which the collector closes a group of requests, which is one record."""


@dataclass(frozen=True)
class Record:
    """One record of the log: a block of envelopes as bytes, and where it lies."""

    partition: int
    offset: int
    payload: bytes
    next_offset: int = -1  # where the record after this one starts

    @property
    def place(self) -> str:
        """Names the record in `raw_ref`s."""
        return f"log:{self.partition}:{self.offset}"


class Log(Protocol):
    """An append-only sequence of records, read by several readers, each with its own committed offsets."""

    @property
    def lag_unit(self) -> str:
        """What `lag` counts: bytes or records."""

    def append(self, payloads: Sequence[bytes]) -> None:
        """Return when all payloads are durable, in order; LogError when they are not (full, broker away)."""

    def start(self) -> Offsets:
        """The oldest position still held."""

    def end(self) -> Offsets:
        """The position after the newest durable record."""

    def read(self, begin: Offsets, max_bytes: int) -> tuple[list[Record], Offsets]:
        """Records from `begin` on, at least one if there is one, about max_bytes; and where to go on."""

    def commit(self, reader: str, offsets: Offsets) -> None:
        """Durably note that `reader` needs nothing before `offsets`."""

    def committed(self, reader: str) -> Offsets | None:
        """What `reader` committed last; None for a reader nobody knows."""

    def lag(self, reader: str) -> int:
        """How much stands in the log that `reader` has not committed, in `lag_unit`s."""

    def retain(self, *, older_than_s: float, max_bytes: int) -> int:
        """Remove what every known reader has committed and is older or beyond the size; bytes removed."""

    def size(self) -> int:
        """Bytes held that count against the bound of this machine's log: 0 where others look after that."""

    def close(self) -> None:
        """Give up the writer's lock and all files or sockets."""
