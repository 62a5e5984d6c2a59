"""The answer every tool must agree on: how many sessions, and a checksum over all of them."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from bench.memory import peak_mb

PRIME = 1_000_003


@dataclass(frozen=True)
class Answer:
    """What a tool found and what it took."""

    seconds: float
    cpu_seconds: float  # of all threads; steadier than seconds on a machine that does other work
    sessions: int
    checksum: int
    peak_rss_mb: float

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


class Clock:
    """Measures from its making to the answer."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def answer(self, sessions: int, checksum: int) -> Answer:
        """The answer found now."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return Answer(round(wall, 3), round(cpu, 3), sessions, checksum, round(peak_mb(), 1))

    def answer_of(self, sessions: pl.DataFrame) -> Answer:
        """From a row a session with start and end (ms since 1970), events and page_views."""
        return self.answer(sessions.height, checksum_of(sessions))


def checksum_of(sessions: pl.DataFrame) -> int:
    """Of rows with start and end (ms since 1970), events and page_views."""
    start, end, events, views = (pl.col(n).cast(pl.Int64) for n in ("start", "end", "events", "page_views"))
    return int(sessions.select((start % PRIME * events + end % PRIME * (views + 1)).sum()).item())


def checksum_term(start: int, end: int, events: int, page_views: int) -> int:
    """The part of one session in the checksum."""
    return start % PRIME * events + end % PRIME * (page_views + 1)
