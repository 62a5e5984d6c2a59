"""Lets merges wait while very much is inserted: an import would have to share the processor with them.

A merge costs as much as the insert of its rows. Live traffic never comes near the rate at which they wait.
The number of parts is bounded: when there are many, or when the import is over, merging goes on.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque

from store.tables.embedded.engine import Engine, EngineError

TABLES = ("events", "sessions")
BULK_ROWS, WINDOW_S = 200_000, 5.0
"""So many rows within so long are an import."""
MOST_PARTS = 400
_LOOK_EVERY_S = 0.5

log = logging.getLogger("clicktrail.store")


class Merges:
    """The merges of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._written: deque[tuple[float, int]] = deque()
        self._waiting = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="merges", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def wrote(self, rows: int) -> None:
        """An insert of so many rows has ended."""
        self._written.append((time.monotonic(), rows))

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            self.look()

    def look(self) -> None:
        """Let merges wait or go on."""
        oldest = time.monotonic() - WINDOW_S
        while self._written and self._written[0][0] < oldest:
            self._written.popleft()
        wait = sum(rows for _, rows in self._written) >= BULK_ROWS
        with contextlib.suppress(EngineError):  # short of memory, or ending: the next look tries again
            wait = wait and self._engine.parts() < MOST_PARTS
            if wait != self._waiting:
                for table in TABLES:
                    self._engine.let_merges(table, wait=wait)
                self._waiting = wait
                log.info("merges %s", "wait for an import" if wait else "go on")
