"""The live driver: short bounded runs over what the log holds beyond the committed offsets."""

from __future__ import annotations

import logging
import threading
import time

from clicktrail.errors import StoreError
from clicktrail.settings import Settings
from pipelines.checkpoint import READER, Checkpoint, Range
from pipelines.sources import block_sources
from pipelines.worker import Counts
from pipelines.writer import Writer
from store.log import open_log
from store.log.base import Log, Record

LIVE_BYTES = 8 << 20
_POLL_S = 0.02
_RETRY_S = 0.5

log = logging.getLogger("clicktrail.pipeline")


def run_live(
    settings: Settings, *, once: bool = False, large: bool = False, stop: threading.Event | None = None
) -> Counts:
    """Carry the log into the tables until `stop` is set, or until it is drained (`once`).

    `large`: runs as large as an import's. A store that is away is waited for, unless `once`. Returns what
    was written.
    """
    event_log = open_log(settings, write=False)
    try:
        driver = LiveDriver(settings, event_log, settings.batch_bytes if large else LIVE_BYTES)
        return driver.run(once, stop or threading.Event())
    finally:
        event_log.close()


class LiveDriver:
    """One worker of one log."""

    def __init__(self, settings: Settings, event_log: Log, max_bytes: int) -> None:
        self._settings = settings
        self._log = event_log
        self._max_bytes = max_bytes
        self._checkpoint = Checkpoint(event_log, settings.data / "pipeline", READER)
        self._writer: Writer | None = None
        self._total = Counts()

    def run(self, once: bool, stop: threading.Event) -> Counts:
        """Run ranges, at most one a tick, until told to stop or drained."""
        while not stop.is_set():
            began = time.monotonic()
            try:
                worked = self._one_range()
            except StoreError as error:
                if once or not error.retryable:
                    raise
                log.warning("waiting for the store: %s", error)
                stop.wait(_RETRY_S)
                continue
            if once and not worked:
                break
            self._pause(stop, began, worked, once)
        return self._total

    def _pause(self, stop: threading.Event, began: float, worked: bool, once: bool) -> None:
        if worked and not once:
            stop.wait(max(0.0, self._settings.live_tick - (time.monotonic() - began)))
        elif not worked:
            stop.wait(_POLL_S)

    def _one_range(self) -> bool:
        """Carry the next range; False if there is none."""
        if self._writer is None:
            self._writer = Writer(self._settings)
        if dict(self._checkpoint.begin()) == dict(self._log.end()):
            return False
        with self._writer.turn() as turn:
            range_, records = self._read()
            self._checkpoint.note(range_)
            counts = self._writer.write(turn, range_.token, block_sources(records))
            self._writer.settle()
            self._checkpoint.commit(range_)
            self._total += counts
        return True

    def _read(self) -> tuple[Range, list[Record]]:
        """The range that was under way when the process ended, else what stands in the log."""
        begin = self._checkpoint.begin()
        interrupted = self._checkpoint.interrupted()
        if interrupted is None:
            records, end = self._log.read(begin, self._max_bytes)
            return Range(begin, end), records
        records, at = [], begin
        while any(at.get(partition, 0) < end for partition, end in interrupted.end.items()):
            some, at = self._log.read(at, self._max_bytes)
            if not some:  # what was read of an append that failed is there no more
                break
            records += [record for record in some if record.offset < interrupted.end[record.partition]]
        return interrupted, records
