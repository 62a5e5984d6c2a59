"""The failed events a replay tries again, as requests."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from clicktrail.settings import Settings
from ingest.protocols import BY_NAME
from ingest.protocols.base import Source
from ingest.sites import names
from pipelines.known import read_sql
from pipelines.sources import UNREADABLE, block_sources
from schemas.envelope import decode_block
from schemas.failed_event import FailedEvent, Reason, Stage
from store import objects
from store.log import open_log
from store.log.base import Log, Offsets, Record
from store.tables.client import Store

ROWS_AT_ONCE = 1000
BLOCK_BYTES = 8 << 20
_ROWS = read_sql("failed_rows")
_NEWEST = read_sql("newest_version")
_START = {"site_id": "", "received_at": "1970-01-01 00:00:00.000", "after": ""}


@dataclass(frozen=True)
class Wanted:
    """Which failed events to try again; '' does not restrict."""

    site_id: str = ""  # one site: by its id, its domain and its keys
    unclaimed: bool = False  # with a site: also what names none that is known
    reason: str = ""
    failed_id: str = ""


@dataclass(frozen=True)
class Untried:
    """A failed event that cannot be tried again, and why."""

    row: FailedEvent
    why: str


@dataclass(frozen=True)
class Chunk:
    """What is tried again together."""

    sources: Sequence[Source]
    untried: Sequence[Untried]

    @property
    def rows(self) -> list[FailedEvent]:
        """The failed rows that are tried."""
        return list({id(s.refused): s.refused for s in self.sources if s.refused is not None}.values())


class FailedRows:
    """The failed rows that stand when it is made, read in chunks; the log is asked for what a row lacks."""

    def __init__(self, settings: Settings, store: Store, wanted: Wanted) -> None:
        self._settings, self._store, self._wanted = settings, store, wanted
        self._newest = store.rows(_NEWEST)[0]["version"] or 0
        self._log: Log | None = None
        self._record = lru_cache(maxsize=1)(self._read_record)  # rows of one request stand side by side

    def chunks(self) -> Iterator[Chunk]:
        """All of them, in the order of the table."""
        sources, untried, held = list[Source](), list[Untried](), 0
        for row in self._rows():
            found = self._sources(row)
            if isinstance(found, Untried):
                untried.append(found)
                continue
            sources += found
            held += sum(len(source.envelope.body) for source in found)
            if len(sources) >= ROWS_AT_ONCE or held >= BLOCK_BYTES:
                yield Chunk(sources, untried)
                sources, untried, held = [], [], 0
        if sources or untried:
            yield Chunk(sources, untried)

    def close(self) -> None:
        """Close the log if it was asked."""
        if self._log is not None:
            self._log.close()

    def _rows(self) -> Iterator[FailedEvent]:
        wanted, sites = self._wanted, objects.sites(self._store)
        mine = next((names(site) for site in sites if site.id == wanted.site_id), [wanted.site_id])
        known = [name for site in sites for name in names(site)] if wanted.unclaimed else []
        given = {
            "mine": mine if wanted.site_id else [],
            "known": known,
            "reason": wanted.reason,
            "failed_id": wanted.failed_id,
            "newest": self._newest,
            "limit": ROWS_AT_ONCE,
        }
        after: dict[str, object] = dict(_START)
        while rows := self._store.rows(_ROWS, **given, **after):
            for row in rows:
                yield FailedEvent(**{**row, "envelope": b64decode(row["envelope"])})
            last = rows[-1]
            after = {
                "site_id": last["site_id"],
                "received_at": last["received_at"],
                "after": last["failed_id"],
            }

    def _sources(self, row: FailedEvent) -> list[Source] | Untried:
        place, _, part = row.raw_ref.rpartition(":")
        if not row.envelope:
            return self._from_log(row, place, int(part or 0))
        try:
            (envelope,) = decode_block(row.envelope)
        except ValueError as error:
            return Untried(row, str(error))
        if envelope.protocol == UNREADABLE:  # a block of another version, which this one may read
            _, partition, offset = place.split(":")
            return _all_of(row, Record(int(partition), int(offset), envelope.body))
        return [Source(envelope, place, int(part), row)]

    def _from_log(self, row: FailedEvent, place: str, part: int) -> list[Source] | Untried:
        kind, *numbers = place.split(":")
        if kind != "log":
            return Untried(row, "it is too large to be kept whole; import its file again")
        partition, offset, *at = (int(number) for number in numbers)
        record = self._record(partition, offset)
        if record is None:
            return Untried(row, "it is too large to be kept whole, and the log no longer holds it")
        if not at:
            return _all_of(row, record)
        envelope = block_sources([record])[at[0]].envelope
        protocol = BY_NAME.get(envelope.protocol)
        broke = (row.stage, row.reason) == (Stage.DECODE.value, Reason.INTERNAL.value)
        if protocol is not None and not broke:  # what broke its decoder is refused as a whole
            return [Source(protocol.alone(envelope, part), place, part, row)]
        return [Source(envelope, place, 0, row)]

    def _read_record(self, partition: int, offset: int) -> Record | None:
        if self._log is None:
            self._log = open_log(self._settings, write=False)
        # Of the other partitions only what comes meanwhile, which may be served first.
        at: Offsets = {**self._log.end(), partition: offset}
        while at.get(partition) == offset:
            records, at = self._log.read(at, 1)
            for record in records:
                if (record.partition, record.offset) == (partition, offset):
                    return record
            if not records:
                break
        return None


def _all_of(row: FailedEvent, record: Record) -> list[Source]:
    return [Source(one.envelope, one.raw_ref, 0, row) for one in block_sources([record])]
