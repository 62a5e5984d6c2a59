"""Turns at the tables of one installation, and what every writer does first with one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clicktrail.settings import Settings
from pipelines.lease import Turn, lease_of
from pipelines.rebuild.swap import finish_interrupted
from store.tables.client import Store


class Turns:
    """The right to write the tables, held for a while."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._lease = lease_of(settings, store)
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
