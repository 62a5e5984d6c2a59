"""The replay: what was refused is tried again under today's decoders, enrichments and sites."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

import polars as pl

from clicktrail.settings import Settings
from pipelines.failed_rows import Chunk, FailedRows, Wanted
from pipelines.lease import Turn
from pipelines.worker import Worker, worker
from pipelines.write import Batch
from pipelines.writer import Writer
from schemas.failed_event import FailedEvent
from sessionize.recut import slim
from sessionize.repeats import winners


@dataclass(frozen=True)
class FailedAgain:
    """How many failed events stay, for one reason."""

    reason: str
    failed: int
    detail: str  # of one of them


@dataclass(frozen=True)
class ReplayResult:
    """read = failed events taken up. Each becomes an event, is a duplicate of one, or stays failed.

    A request that was refused whole may become several.
    """

    read: int
    events: int
    duplicates: int
    failed: int
    by_reason: tuple[FailedAgain, ...]  # of those that stay, most first


@dataclass
class _Tally:
    """The counts so far."""

    read: int = 0
    events: int = 0
    duplicates: int = 0
    left: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(self, chunk: Chunk, events: int, duplicates: int, failed: Iterable[FailedEvent]) -> None:
        self.read += len(chunk.rows) + len(chunk.untried)
        self.events += events
        self.duplicates += duplicates
        for row in failed:
            self._left(row.reason, "", row.detail)
        for one in chunk.untried:
            self._left(one.row.reason, one.why, f"not tried: {one.why}")

    def _left(self, reason: str, why: str, detail: str) -> None:
        self.left.setdefault((reason, why), []).append(detail)

    def result(self) -> ReplayResult:
        most = sorted(self.left.items(), key=lambda item: (-len(item[1]), item[0]))
        left = tuple(FailedAgain(reason, len(some), min(some)) for (reason, _), some in most)
        failed = sum(one.failed for one in left)
        return ReplayResult(self.read, self.events, self.duplicates, failed, left)


def replay(settings: Settings, wanted: Wanted, *, dry_run: bool = False) -> ReplayResult:
    """Try failed events again; what becomes an event is no failed event any more.

    Takes turns with other writers between chunks. Run again after a crash, it completes what was cut short.
    `dry_run` writes nothing and gives the same counts.
    """
    with closing(FailedRows(settings, worker(settings).store, wanted)) as rows:
        if dry_run:
            return _rehearsed(worker(settings), rows.chunks())
        return _written(Writer(settings), worker(settings), rows.chunks())


def _written(writer: Writer, work: Worker, chunks: Iterator[Chunk]) -> ReplayResult:
    tally = _Tally()

    def write(turn: Turn, chunk: Chunk) -> None:
        counts = writer.write(turn, _token(chunk), chunk.sources)
        tally.add(chunk, counts.events, counts.duplicates, work.failed)

    writer.in_turns(chunks, write)
    return tally.result()


def _token(chunk: Chunk) -> str:
    """Names the rows as they stand: a replay that starts over after a kill sends the same inserts again."""
    rows = "\0".join(f"{row.failed_id}{row.version}" for row in chunk.rows)
    return f"replay{hashlib.blake2b(rows.encode(), digest_size=12).hexdigest()}"


def _rehearsed(work: Worker, chunks: Iterator[Chunk]) -> ReplayResult:
    """The same steps without the last one; what earlier chunks would have written is remembered instead."""
    tally, written = _Tally(), slim(work.decode([]).events)
    for chunk in chunks:
        work.forget()  # others write meanwhile
        work.hand(Batch(0, ""), chunk.sources)
        decoded = work.decode(chunk.sources)
        change = work.change(decoded)
        both = pl.concat([written, slim(change.recut.insert)])
        stands = pl.Series(winners(both))
        events = int(stands[written.height :].sum())
        duplicates = change.recut.duplicates + change.recut.insert.height - events
        tally.add(chunk, events, duplicates, change.failed)
        written = both.filter(stands)
    work.hand(Batch(0, ""), ())
    work.forget()
    return tally.result()
