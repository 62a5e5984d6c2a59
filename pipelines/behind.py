"""Reading and writing beside the work: the next block is read, the last one written meanwhile, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def read_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The items, each made by a thread while the one before is worked on; a failure comes in its place."""
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="read") as pool:
        following = pool.submit(next, items, end)
        while (item := following.result()) is not end:
            following = pool.submit(next, items, end)
            yield item  # type: ignore[misc]
            del item  # tens of megabytes that need not wait for the next one


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
