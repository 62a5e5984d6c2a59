"""Writes that go on while the next batch is worked on: one at a time, in order."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class WriteBehind:
    """At most one write is under way. Its failure is raised by the next call, whichever that is."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="write")
        self._under_way: Future[None] | None = None

    def submit(self, write: Callable[[], None]) -> None:
        """Start a write when the one before is done; raises what that one raised."""
        self.settle()
        self._under_way = self._pool.submit(write)

    def settle(self) -> None:
        """Wait until nothing is under way; raises what it raised."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()
