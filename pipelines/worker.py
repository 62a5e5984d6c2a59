"""What a pipeline process holds: store connection, sites, open sessions; and the work of each step."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timezone

import polars as pl

from clicktrail.errors import StoreError
from clicktrail.settings import Settings
from ingest.decode import decode
from ingest.enrich import enrich
from ingest.identity import edges
from ingest.protocols.base import Decoded, Source
from ingest.sites import SiteIndex
from pipelines.behind import WriteBehind
from pipelines.known import VISITOR, KnownEvents, read_sql
from pipelines.late import LateEvents
from pipelines.persons import PersonTable
from pipelines.poison import ERRORS, poisonous_events, poisonous_request
from pipelines.refused import settled, silent, with_envelopes
from pipelines.write import Batch, write
from schemas.arrow import schema
from schemas.failed_event import FailedEvent
from sessionize.recut import Recut, recut
from sessionize.rule import Rule
from store import objects
from store.tables.client import Store, open_store

SITES_FRESH_S = 1.0
FAILED_AGAIN = read_sql("failed_again")
FAILED_KEYS = ["site_id", "failed_id"]

log = logging.getLogger("clicktrail.pipeline")


@dataclass(frozen=True)
class Counts:
    """What was done. read = events + duplicates + failed."""

    events: int = 0
    duplicates: int = 0
    failed: int = 0
    sessions: int = 0  # that stand more than before
    strays: int = 0  # passive events without a session

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True)
class Block:
    """Requests that go through the steps together."""

    sources: Sequence[Source]


@dataclass(frozen=True)
class Change:
    """The rows one block changes."""

    recut: Recut
    edges: pl.DataFrame
    sessions: int  # that stand more than before
    failed: Sequence[FailedEvent] = ()
    gone: Sequence[FailedEvent] = ()  # failed rows of a replay that are none any more


class Worker:
    """Serves the steps of one process; one batch at a time."""

    def __init__(self, settings: Settings) -> None:
        self.store: Store = open_store(settings)
        self.store.migrate()
        self._behind = WriteBehind()
        self._known = KnownEvents(self.store, self._behind.settle)
        self._persons = PersonTable(self.store)
        self._sites = SiteIndex(())
        self._sites_read = float("-inf")
        self._batch = Batch(0, "")
        self.late: LateEvents | None = None  # only live traffic lets late events wait
        self.handed: Sequence[Source] = ()
        self.failed: Sequence[FailedEvent] = ()  # of the last run
        self.counts = Counts()
        self.failure: StoreError | None = None

    def hand(self, batch: Batch, block: Sequence[Source]) -> None:
        """Set what the next run works on."""
        if time.monotonic() - self._sites_read > SITES_FRESH_S:
            self.read_sites()
        self._batch, self.handed, self.counts, self.failure = batch, block, Counts(), None

    def read_sites(self) -> None:
        """Take over the sites as they stand now."""
        self._sites = SiteIndex(objects.sites(self.store))
        self._sites_read = time.monotonic()

    def settle(self) -> None:
        """Wait for the write under way. Raises StoreError; memory is dropped then."""
        try:
            self._behind.settle()
        except BaseException:
            self.forget()
            raise

    def forget(self) -> None:
        """Drop all that only memory holds of the tables; the rule of a site is one of them."""
        self._known.forget()
        self._persons.forget()
        self._sites_read = float("-inf")

    def decode(self, sources: Sequence[Source]) -> Decoded:
        """Requests and lines → events with everything known from the event alone."""
        decoded = self._decode(sources)
        failures = [*decoded.failed, *silent(decoded, sources)]
        return replace(decoded, failed=with_envelopes(failures, sources))

    def _decode(self, sources: Sequence[Source]) -> Decoded:
        try:
            decoded = decode(sources, self._sites)
            return replace(decoded, events=enrich(decoded.events, self._sites))
        except ERRORS as error:
            # A process edge: no request may stop the pipeline, whatever our code does with it.
            if len(sources) == 1:
                log.exception("a request could not be decoded and was kept as a failed event")
                return Decoded(decode([], self._sites).events, [poisonous_request(sources[0], error)])
        half = len(sources) // 2
        parts = [self._decode(sources[:half]), self._decode(sources[half:])]
        events = pl.concat([part.events for part in parts], how="diagonal")
        return Decoded(events, [failure for part in parts for failure in part.failed])

    def change(self, decoded: Decoded) -> Change:
        """New events → rows to write; events that cannot be cut become failed ones."""
        new = decoded.events if self.late is None else self.late.take(decoded.events, self._batch.token)
        failures = decoded.failed
        try:
            change = self._change(new)
        except StoreError:
            raise
        except ERRORS:
            events, poisonous = self._sound(new)
            change = self._change(events)
            failures = [*failures, *with_envelopes(poisonous, self.handed)]
        rows = settled(failures, self.handed, datetime.now(timezone.utc))
        return replace(change, failed=rows.failed, gone=rows.gone)

    def _change(self, new: pl.DataFrame) -> Change:
        rules = self._rules(new)
        with self._noted():
            known, sessions = self._known.around(new, rules)
        done = recut(known, new, sessions, rules)
        # Also what stands already may say it: a batch may have ended between its events and its edges.
        return Change(done, edges(new), more_sessions(done, sessions))

    def _sound(self, events: pl.DataFrame) -> tuple[pl.DataFrame, list[FailedEvent]]:
        """Events of visitors whose history can be cut, found by halving, and those of the others."""
        visitors = events.select(VISITOR).unique(maintain_order=True)
        try:
            self._change(events)
        except StoreError:
            raise
        except ERRORS as error:
            if visitors.height <= 1:
                log.exception("the events of a visitor could not be cut and were kept as failed")
                return events.clear(), list(poisonous_events(events, error))
        else:
            return events, []
        half = visitors.head(visitors.height // 2)
        parts = [self._sound(events.join(half, on=VISITOR, how=how)) for how in ("semi", "anti")]
        return pl.concat([good for good, _ in parts]), [one for _, bad in parts for one in bad]

    def _rules(self, events: pl.DataFrame) -> Mapping[str, Rule]:
        sites = [self._sites.by_id(site_id) for site_id in events["site_id"].unique().to_list()]
        return {site.id: Rule.of(site) for site in sites if site is not None}

    def write(self, change: Change) -> Counts:
        """Start writing the rows; `settle` waits for the end."""
        done, batch = change.recut, self._batch
        with self._noted():
            self._behind.submit(lambda: self._write_rows(change, batch))
        self._known.remember(done)
        self.failed = change.failed
        self.counts += Counts(
            done.insert.height, done.duplicates, len(change.failed), change.sessions, done.strays
        )
        return self.counts

    def _write_rows(self, change: Change, batch: Batch) -> None:
        """In an order in which running a batch again mends one that was cut short.

        Sessions follow from events; a failed row is what its replay starts from, so it goes last.
        """
        done = change.recut
        if not change.edges.is_empty():
            self._persons.take(batch, change.edges)
        write(self.store, batch, "events", done.retract)
        write(self.store, batch, "events", done.insert)
        write(self.store, batch, "sessions", done.sessions)
        gone = [replace(row, is_deleted=True) for row in change.gone]
        write(self.store, batch, "failed_events", self._new_failures([*change.failed, *gone]))

    def _new_failures(self, failures: Sequence[FailedEvent]) -> pl.DataFrame:
        """Without those that a file brought before: their time of arrival, part of the key, is another."""
        rows = pl.DataFrame([asdict(failure) for failure in failures], schema=schema(FailedEvent))
        first = (pl.col("attempts") == 1) & ~pl.col("is_deleted")
        imported = rows.filter(first & pl.col("raw_ref").str.starts_with("file:")).select(FAILED_KEYS)
        if imported.is_empty():
            return rows
        stored = self.store.query(FAILED_AGAIN, tables={"ids": imported})
        return rows.join(stored, on=FAILED_KEYS, how="anti", maintain_order="left")

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Keep a failure of the store as it is: the runner wraps what a step raises."""
        try:
            yield
        except StoreError as error:
            self.failure = error
            raise


_workers: dict[Settings, Worker] = {}


def worker(settings: Settings) -> Worker:
    """The worker of this process for these settings."""
    if settings not in _workers:
        _workers[settings] = Worker(settings)
    return _workers[settings]


def more_sessions(done: Recut, before: pl.DataFrame) -> int:
    """How many sessions stand more than before: new ones less vanished ones."""
    gone = pl.col("is_deleted")
    new = done.sessions.filter(~gone).join(before, on="session_id", how="anti")
    vanished = done.sessions.filter(gone).join(done.sessions_after, on="session_id", how="anti")
    return new.height - vanished.height
