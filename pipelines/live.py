"""The live driver: short bounded runs over what the log holds beyond the committed offsets."""

from __future__ import annotations

import logging
import threading
import time
from itertools import chain

from clicktrail.errors import LogError, StoreError
from clicktrail.settings import Settings
from pipelines.checkpoint import Checkpoint, Range
from pipelines.late import LateEvents, late_folder
from pipelines.sources import block_sources, records_before
from pipelines.worker import Counts
from pipelines.writer import Writer
from store.log import open_log
from store.log.base import PIPELINE, Log, Record

LIVE_BYTES = 8 << 20
_POLL_S = 0.02
_RETRY_S = 0.5

log = logging.getLogger("clicktrail.pipeline")


def run_live(
    settings: Settings, *, once: bool = False, large: bool = False, stop: threading.Event | None = None
) -> Counts:
    """Carry the log into the tables until `stop` is set, or until it is drained (`once`).

    `large`: runs as large as an import's. A store or a broker that is away is waited for, unless `once`.
    Returns what was written.
    """
    event_log = open_log(settings, write=False)
    try:
        driver = LiveDriver(settings, event_log, settings.batch_bytes if large else LIVE_BYTES)
        return driver.run(once, stop or threading.Event())
    finally:
        event_log.close()


class LiveDriver:
    """One worker of one log."""

    def __init__(
        self, settings: Settings, event_log: Log, max_bytes: int, late: LateEvents | None = None
    ) -> None:
        self._settings = settings
        self._log = event_log
        self._max_bytes = max_bytes
        self._checkpoint = Checkpoint(event_log, settings.data / "pipeline", PIPELINE)
        self._late = late or LateEvents(late_folder(settings))
        self._writer: Writer | None = None
        self._total = Counts()

    def run(self, once: bool, stop: threading.Event) -> Counts:
        """Run ranges, at most one a tick, until told to stop or drained."""
        while not stop.is_set():
            began = time.monotonic()
            try:
                worked = self.one_range()
            except (LogError, StoreError) as error:
                if once or not error.retryable:
                    raise
                what = "log" if isinstance(error, LogError) else "store"
                log.warning("waiting for the %s: %s", what, error)
                stop.wait(_RETRY_S)
                continue
            if once and worked is None:
                break
            if not once:
                self._pause(stop, began, worked)
        return self._total

    def _pause(self, stop: threading.Event, began: float, worked: int | None) -> None:
        """Until the next tick; late events need none while nothing new comes."""
        if worked is None:
            stop.wait(_POLL_S)
        elif worked:
            stop.wait(max(0.0, self._settings.live_tick - (time.monotonic() - began)))

    def one_range(self) -> int | None:
        """Carry the next range and late events that waited: the number of records, None for nothing."""
        if self._writer is None:
            self._writer = Writer(self._settings, self._late)
        if dict(self._checkpoint.begin()) == dict(self._log.end()) and not self._late.waiting():
            return None
        with self._writer.turn() as turn:
            range_, records = self._read()
            moves = dict(range_.begin) != dict(range_.end)
            if moves:
                self._checkpoint.note(range_)
            counts = self._writer.write(turn, range_.token, block_sources(records))
            self._writer.settle()
            if moves:
                self._checkpoint.commit(range_)
            self._late.done()
            self._total += counts
        return len(records)

    def _read(self) -> tuple[Range, list[Record]]:
        """The range that was under way when the process ended, else what stands in the log."""
        begin, interrupted = self._checkpoint.begin(), self._checkpoint.interrupted()
        records = list[Record]()
        if interrupted is not None:
            pieces = records_before(self._log, begin, interrupted.end, self._max_bytes)
            records = sorted(chain.from_iterable(pieces), key=lambda one: (one.partition, one.offset))
        if not records:
            records, end = self._log.read(begin, self._max_bytes)
            return Range(begin, end), records
        # Only whole records: the range may have been noted for another log in the place of this one.
        return Range(begin, {**begin, **{one.partition: one.next_offset for one in records}}), records
