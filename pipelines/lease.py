"""Whose turn it is to write the tables: live, import, rebuild and replay take turns between batches."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from clicktrail.settings import Settings
from store.durable import write_durably
from store.tables.client import Store

NEWEST_VERSION = (files("pipelines") / "sql" / "newest_version.sql").read_text(encoding="utf-8")
EPOCH_BITS = 32


@dataclass(frozen=True)
class Turn:
    """One turn. `epoch` grows whenever the writer changes; `taken_over`: another wrote since our last."""

    epoch: int
    taken_over: bool

    def version(self, number: int) -> int:
        """The version of the turn's batch of this number, below those of all later epochs."""
        return self.epoch << EPOCH_BITS | number


class Lease:
    """The right to write the tables of one data folder, held for one batch at a time.

    Two locks make it fair: who waits for the tables holds the queue, so that a writer that asks again at once
    stands behind those who waited. Both end with their process, also with kill -9. `above`: an epoch that the
    tables have seen, should the lease's own file be lost.
    """

    def __init__(self, folder: Path, above: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._above = above
        self._holder = f"{os.getpid()}-{secrets.token_hex(4)}"

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for the tables and hold them for the block."""
        with self.still():
            yield self._take()

    @contextmanager
    def still(self) -> Iterator[None]:
        """Wait until nobody writes and let nobody write during the block; who writes needs a turn."""
        queue = _lock(self._folder / "queue.lock")
        try:
            tables = _lock(self._folder / "tables.lock")
        finally:
            os.close(queue)
        try:
            yield
        finally:
            os.close(tables)

    def wanted(self) -> bool:
        """Whether somebody waits for the tables."""
        queue = os.open(self._folder / "queue.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(queue)
        return False

    def _take(self) -> Turn:
        path = self._folder / "lease.json"
        try:
            last = json.loads(path.read_text())
            epoch, holder = int(last["epoch"]), str(last["holder"])
        except (OSError, ValueError, KeyError, TypeError):
            epoch, holder = 0, ""
        if holder == self._holder:
            return Turn(epoch, False)
        epoch = max(epoch, self._above) + 1
        write_durably(path, json.dumps({"epoch": epoch, "holder": self._holder}).encode())
        return Turn(epoch, True)


def lease_of(settings: Settings, store: Store) -> Lease:
    """The lease on the tables of these settings."""
    newest = int(store.rows(NEWEST_VERSION)[0]["version"] or 0)
    return Lease(settings.data.resolve() / "lease", above=newest >> EPOCH_BITS)


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
