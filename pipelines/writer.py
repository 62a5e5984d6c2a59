"""Batches under the lease: stamps each with a version and runs it through the local pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from clicktrail.settings import Settings
from ingest.protocols.base import Source
from pipelines.late import LateEvents
from pipelines.lease import Turn
from pipelines.local import LocalRuns
from pipelines.turns import Turns
from pipelines.worker import Counts, worker
from pipelines.write import Batch

Item = TypeVar("Item")


class Writer:
    """Writes the tables of one installation, in turn with others."""

    def __init__(self, settings: Settings, late: LateEvents | None = None) -> None:
        self._worker = worker(settings)
        self._late = late
        self._run = LocalRuns(settings)
        self._turns = Turns(settings, self._worker.store)
        self._number = 0

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Hold the lease; when another wrote in between, what memory holds of the tables is dropped."""
        with self._turns.turn() as turn:
            if turn.taken_over:
                self._worker.forget()
            try:
                yield turn
            finally:
                self._worker.settle()

    def in_turns(self, items: Iterator[Item], write: Callable[[Turn, Item], None]) -> None:
        """Call `write` with each item and the turn to write it in.

        The turn is given up between two items when another waits.
        """
        more = True
        while more:
            with self.turn() as turn:
                for item in items:
                    write(turn, item)
                    del item  # tens of megabytes that need not wait for the next one
                    if self._turns.wanted():
                        break
                else:
                    more = False

    def write(self, turn: Turn, token: str, block: Sequence[Source]) -> Counts:
        """Work on one block under the next version; `token` names it for retries.

        Its rows may still be on their way: `settle`, or the end of the turn, waits for them.
        """
        self._number += 1
        self._worker.late = self._late
        return self._run(Batch(turn.version(self._number), token), block)

    def settle(self) -> None:
        """Wait until all rows are in the tables. Raises StoreError if they are not."""
        self._worker.settle()
