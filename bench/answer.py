"""The answer every tool must agree on: how many sessions, and a checksum over all of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from bench.memory import peak_mb

_PRIME = 1_000_003


@dataclass(frozen=True)
class Answer:
    """What a tool found and what it took."""

    seconds: float
    sessions: int
    checksum: int
    peak_rss_mb: float

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def answer_of(sessions: pl.DataFrame, seconds: float) -> Answer:
    """From a row a session with start and end (ms since 1970), events and page_views."""
    start, end, events, views = (pl.col(n).cast(pl.Int64) for n in ("start", "end", "events", "page_views"))
    total = sessions.select((start % _PRIME * events + end % _PRIME * (views + 1)).sum()).item()
    return Answer(seconds, sessions.height, int(total), peak_mb())


def checksum_term(start: int, end: int, events: int, page_views: int) -> int:
    """The part of one session in the checksum."""
    return start % _PRIME * events + end % _PRIME * (page_views + 1)
