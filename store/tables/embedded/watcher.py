"""Notices that the client of a running query cancels or hangs up, and stops the query."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

from store.tables.embedded.wire import CLIENT_CANCEL

_LOOK_EVERY_S = 0.05


class Watch:
    """One running query: `cancelled` by its client's packet, `gone` when the client has hung up."""

    def __init__(self, client: socket.socket, tag: str) -> None:
        self.client = client
        self.tag = tag
        self.cancelled = False
        self.gone = False

    @property
    def stopped(self) -> bool:
        """Whether nobody wants the rest of the result."""
        return self.cancelled or self.gone

    def look(self) -> None:
        """See what the client sent, without taking it."""
        try:
            seen = self.client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            seen = b""
        self.gone = not seen
        self.cancelled = seen == bytes([CLIENT_CANCEL])


class Watcher:
    """A thread that looks at the clients of running queries; `kill(tag)` stops one."""

    def __init__(self, kill: Callable[[str], None]) -> None:
        self._kill = kill
        self._watches: dict[str, Watch] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def add(self, watch: Watch) -> None:
        """Look after this query until `remove`."""
        self._watches[watch.tag] = watch

    def remove(self, watch: Watch) -> None:
        """The query is over."""
        self._watches.pop(watch.tag, None)

    def stop_all(self) -> None:
        """Ask every running query to stop."""
        for watch in list(self._watches.values()):
            watch.gone = True
            self._kill_quietly(watch.tag)

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            for watch in list(self._watches.values()):
                if not watch.stopped:
                    watch.look()
                if watch.stopped and watch.tag in self._watches:
                    self._kill_quietly(watch.tag)

    def _kill_quietly(self, tag: str) -> None:
        # A query that ended meanwhile, or an engine short of memory: the next look tries again.
        with contextlib.suppress(Exception):
            self._kill(tag)
