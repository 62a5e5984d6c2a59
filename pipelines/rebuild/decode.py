"""What the raw log still holds, decoded and enriched again as today's program and sites do it.

Block by block, in turns with other writers: the rows that came from a block's requests are replaced by what
the requests say today, and the chains touched are cut again. The log is passed over until a pass changes
nothing, because a copy that lost to another one may stand when that one is gone.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace

import polars as pl
from msgspec import structs

from clicktrail.errors import ConfigError
from clicktrail.output import Progress
from clicktrail.settings import Settings
from ingest.identity import edges
from pipelines.known import read_back, read_sql
from pipelines.rebuild.journal import (
    DecodeJournal,
    read_decode_journal,
    remove_decode_journal,
    write_decode_journal,
)
from pipelines.rebuild.run import alone
from pipelines.sources import block_sources, records_before
from pipelines.turns import Turns
from pipelines.worker import Change, Worker, more_sessions
from pipelines.write import Batch, write
from schemas.arrow import complete, schema
from schemas.event import CONTENT, Event
from schemas.failed_event import FailedEvent
from schemas.session import Session
from sessionize.read_back import EMPTY
from sessionize.recut import recut, slim
from sessionize.repeats import KEYS
from store.log import open_log
from store.log.base import PIPELINE, Log, Offsets, Record

BLOCK_BYTES = 16 << 20
MAX_PASSES = 5
FAILED_KEYS = ["site_id", "received_at", "failed_id"]
REQUEST = pl.col("raw_ref").str.replace(r":\d+$", "")
"""The place of the request; what follows is the part of it."""
_EVENTS, _FAILED = (read_sql(name) for name in ("rebuild_of_records", "rebuild_failed_of_records"))

log = logging.getLogger("clicktrail.pipeline")


@dataclass(frozen=True)
class Replaced:
    """What was changed in the tables."""

    events: int = 0  # rows written: changed ones and new ones
    removed: int = 0  # events that stand no longer and came with nothing in their place
    failed: int = 0  # failed events that are new
    mended: int = 0  # failed events that are events now
    sessions: int = 0  # that stand more than before

    def __add__(self, other: Replaced) -> Replaced:
        return Replaced(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True)
class DecodeResult:
    """What a run did; one that was stopped before is not counted."""

    records: int
    passes: int
    changed: Replaced


def decode_again(settings: Settings, site_id: str, *, restart: bool, progress: Progress) -> DecodeResult:
    """Decode what the log holds of a site again, up to where the pipeline is; goes on where it was stopped.

    Raises ConfigError for an unknown site, or while another rebuild is under way; LogError, StoreError.
    """
    with alone(settings):
        worker, event_log = DecodeWorker(settings, site_id), open_log(settings, write=False)
        try:
            return _Passes(settings, worker, event_log, progress).run(restart=restart)
        finally:
            worker.store.close()
            event_log.close()


class _Passes:
    def __init__(self, settings: Settings, worker: DecodeWorker, event_log: Log, progress: Progress) -> None:
        self._settings, self._worker, self._log, self._progress = settings, worker, event_log, progress
        self._turns = Turns(settings, worker.store)
        self._number = self._records = 0
        self._changed = Replaced()

    def run(self, *, restart: bool) -> DecodeResult:
        journal = self._begin(restart=restart)
        for _ in range(MAX_PASSES):
            while (following := self._block(journal)) is not None:
                journal = following
            if not journal.changed:
                break
            journal = structs.replace(
                journal, number=journal.number + 1, at=dict(self._log.start()), changed=False
            )
        remove_decode_journal(self._settings.data)
        return DecodeResult(self._records, journal.number, self._changed)

    def _begin(self, *, restart: bool) -> DecodeJournal:
        journal = None if restart else read_decode_journal(self._settings.data)
        if journal is None:
            start = dict(self._log.start())
            return DecodeJournal(id=secrets.token_hex(8), site_id=self._worker.site_id, at=start)
        if journal.site_id != self._worker.site_id:
            raise ConfigError(
                f"decoding site {journal.site_id} again was stopped: "
                f"`clicktrail rebuild --site {journal.site_id} --decode` goes on, --restart drops it"
            )
        return journal

    def _block(self, journal: DecodeJournal) -> DecodeJournal | None:
        """Replace what came from the next block of records; None if the pipeline has come no further."""
        with self._turns.turn() as turn:
            records, end = self._read(journal.at)
            if not records:
                return None
            self._number += 1
            self._records += len(records)
            token = f"decode{journal.id}-{journal.number}-{records[0].partition}:{records[0].offset}"
            done = self._worker.replace_rows(Batch(turn.version(self._number), token), records)
            self._changed += done
            moved = bool(done.events or done.removed)
            journal = structs.replace(journal, at=dict(end), changed=journal.changed or moved)
            write_decode_journal(self._settings.data, journal)
        self._progress(self._percent(end), f"pass {journal.number}")
        return journal

    def _read(self, begin: Offsets) -> tuple[list[Record], Offsets]:
        committed = self._log.committed(PIPELINE) or {}
        for records in records_before(self._log, begin, committed, BLOCK_BYTES):
            return records, {**begin, **{one.partition: one.next_offset for one in records}}
        return [], begin

    def _percent(self, at: Offsets) -> int:
        start, end = sum(self._log.start().values()), sum(self._log.end().values())
        return min(99, 100 * (sum(at.values()) - start) // max(1, end - start))


class DecodeWorker(Worker):
    """The steps over requests that were worked on before: what they gave then is replaced."""

    def __init__(self, settings: Settings, site_id: str) -> None:
        super().__init__(settings)
        self.site_id = site_id
        self._stored, self._stored_failed = pl.DataFrame(), pl.DataFrame()

    def replace_rows(self, batch: Batch, records: Sequence[Record]) -> Replaced:
        """Make the tables say what these records say today. Raises StoreError."""
        sources = block_sources(records)
        self.hand(batch, sources)
        self._stored, self._stored_failed = self._given(_EVENTS, records), self._given(_FAILED, records)
        decoded = self.decode(sources)
        ours = self._our_requests(decoded.events, decoded.failed)
        self._stored = complete(self._stored.filter(REQUEST.is_in(ours)), Event)
        self._stored_failed = self._stored_failed.filter(REQUEST.is_in(ours))
        events = complete(decoded.events, Event).filter(REQUEST.is_in(ours))
        failed = [one for one in decoded.failed if one.raw_ref.rpartition(":")[0] in ours]
        return self._put(self.change(replace(decoded, events=events, failed=failed)), batch)

    def _given(self, sql: str, records: Sequence[Record]) -> pl.DataFrame:
        """Stored rows that came from these records."""
        stretches: dict[int, list[int]] = {}
        for record in records:
            stretches.setdefault(record.partition, []).append(record.offset)
        rows = [
            self.store.query(sql, partition=f"log:{partition}:", first=min(offsets), last=max(offsets))
            for partition, offsets in stretches.items()
        ]
        return pl.concat(rows)

    def _our_requests(self, events: pl.DataFrame, failed: Sequence[FailedEvent]) -> list[str]:
        """Places of the requests that are of the site, by what they gave or by what they give now."""
        ours = pl.col("site_id") == self.site_id
        refused = [self._stored_failed, _frame(failed)]
        given = [frame.filter(ours) for frame in (self._stored, events)]
        given += [frame.filter(self._names_us(frame)) for frame in refused]
        return pl.concat([frame.select(place=REQUEST) for frame in given])["place"].unique().to_list()

    def _names_us(self, failed: pl.DataFrame) -> pl.Series:
        """Which failed events are of the site, some by a key only; those of no known site are anyone's."""
        found = [self._sites.find(*key) for key in failed.select("protocol", "site_id").iter_rows()]
        return pl.Series([site is None or site.id == self.site_id for site in found], dtype=pl.Boolean)

    def _change(self, new: pl.DataFrame) -> Change:
        """What is other than it was stored; the chains of the rest stay as they are."""
        fresh = new.join(self._stored, on=CONTENT, how="anti", nulls_equal=True)
        gone = self._stored.join(new, on=CONTENT, how="anti", nulls_equal=True)
        around = pl.concat([fresh, gone])
        rules = self._rules(around)
        known, sessions = read_back(self.store, around, rules) if around.height else _NOTHING
        done = recut(known, fresh, sessions, rules, slim(gone))
        return Change(done, edges(done.insert), more_sessions(done, sessions))

    def _put(self, change: Change, batch: Batch) -> Replaced:
        """Events last: while they are the old ones, running the block again finds the same to do."""
        done, store = change.recut, self.store
        write(store, batch, "sessions", done.sessions)
        if not change.edges.is_empty():
            self._persons.take(batch, change.edges)
        failed = _frame(change.failed)
        failing = failed.join(self._stored_failed, on=FAILED_KEYS, how="anti")
        mended = self._stored_failed.join(failed, on=FAILED_KEYS, how="anti")
        write(store, batch, "failed_events", failing)
        write(store, batch, "failed_events", mended.with_columns(is_deleted=pl.lit(True)))
        write(store, batch, "events", done.retract)
        write(store, batch, "events", done.insert)
        removed = done.retract.join(done.insert, on=KEYS, how="anti")
        return Replaced(done.insert.height, removed.height, failing.height, mended.height, change.sessions)


_NOTHING = (EMPTY, pl.DataFrame(schema=schema(Session)))


def _frame(failed: Sequence[FailedEvent]) -> pl.DataFrame:
    return pl.DataFrame([asdict(one) for one in failed], schema=schema(FailedEvent))
