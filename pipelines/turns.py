"""Turns at the tables of one installation, and what every writer does first with one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

from clicktrail.settings import Settings
from pipelines.lease import Lease, Turn
from pipelines.rebuild.swap import finish_interrupted
from store.tables.client import Store

NEWEST_VERSION = (files("pipelines") / "sql" / "newest_version.sql").read_text(encoding="utf-8")
EPOCH_BITS = 32


class Turns:
    """The right to write the tables, held for a while."""

    def __init__(self, settings: Settings, store: Store) -> None:
        newest = int(store.rows(NEWEST_VERSION)[0]["version"] or 0)
        self._lease = Lease(settings.data.resolve() / "lease", above=newest >> EPOCH_BITS)
        self._settings, self._store = settings, store

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for the tables and hold them for the block.

        A rebuild that was killed while it swapped is finished first, so that sessions and the rule of their
        site agree again before anything is written. Raises StoreError.
        """
        with self._lease.turn() as turn:
            finish_interrupted(self._settings, self._store)
            yield turn

    def wanted(self) -> bool:
        """Whether another waits for its turn."""
        return self._lease.wanted()


def version_of(turn: Turn, number: int) -> int:
    """The version of the rows of this turn's batch: above all that others wrote before the turn."""
    return turn.epoch << EPOCH_BITS | number
