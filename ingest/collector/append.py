"""Group commit: what arrives while the disk works becomes the next record; one wake-up answers them all."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable

from clicktrail.errors import LogError
from clicktrail.telemetry import Registry
from schemas.envelope import Envelope, encode_block
from store.log.base import GROUP_BYTES, Log

_logger = logging.getLogger(__name__)
_SIZE_SECONDS = 0.1  # the log's size is asked for at most this often


class _Group:
    """Requests that become one record; `done` is what their answers wait for."""

    __slots__ = ("bytes", "done", "envelopes")

    def __init__(self, done: asyncio.Future[LogError | None]) -> None:
        self.envelopes: list[Envelope] = []
        self.bytes = 0
        self.done = done


class Appender:
    """Appends envelopes to the log from one writer thread. `add` belongs to one event loop."""

    def __init__(
        self, log: Log, *, log_bytes: int, registry: Registry, on_full: Callable[[], None] = lambda: None
    ) -> None:
        self._log, self._log_bytes, self._on_full = log, log_bytes, on_full
        self._seconds = registry.histogram("append_seconds", "Time to make one group of requests durable.")
        self._appended = registry.counter("append_requests_total", "Requests made durable.")
        self._bytes = registry.counter("append_bytes_total", "Bytes of records made durable.")
        self._failures = registry.counter("append_failures_total", "Groups the log refused.")
        registry.gauge("log_bytes", "Bytes the log holds here (Kafka: 0).", log.size)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open: deque[_Group] = deque()  # groups not yet given to the writer
        self._busy = False
        self._failing = ""
        self._size, self._size_at = 0, float("-inf")
        self._handed: queue.SimpleQueue[_Group | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_groups, name="append", daemon=True)

    def add(self, envelope: Envelope, size: int) -> asyncio.Future[LogError | None]:
        """The future of this request's group: None once it is durable, the LogError when the log refuses."""
        if not self._open or self._open[-1].bytes + size > GROUP_BYTES:
            self._open_group()
        group = self._open[-1]
        group.envelopes.append(envelope)
        group.bytes += size
        return group.done

    def probe(self) -> asyncio.Future[LogError | None]:
        """Like `add`, with an empty record if the log refused last time: only trying tells."""
        if self._failing:
            if not self._open:
                self._open_group()
            return self._open[-1].done
        done = self._running_loop().create_future()
        done.set_result(None)
        return done

    def close(self) -> None:
        """Write what was handed over and end the writer."""
        if self._writer.is_alive():
            self._handed.put(None)
            self._writer.join()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._writer.start()
        return self._loop

    def _open_group(self) -> None:
        loop = self._running_loop()
        self._open.append(_Group(loop.create_future()))
        if not self._busy:  # not at once: everything this turn of the loop brings joins the group
            self._busy = True
            loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        self._busy = bool(self._open)
        if self._open:
            self._handed.put(self._open.popleft())

    def _settle(self, group: _Group, error: LogError | None) -> None:
        self._hand_over()
        if not group.done.done():  # cancelled with the last request at a forced stop
            group.done.set_result(error)

    # The writer thread

    def _write_groups(self) -> None:
        assert self._loop is not None
        while (group := self._handed.get()) is not None:
            error = self._write(group)
            if self._loop.is_closed():
                return
            self._loop.call_soon_threadsafe(self._settle, group, error)

    def _write(self, group: _Group) -> LogError | None:
        try:
            self._refuse_when_full()
            record = encode_block(group.envelopes)
            began = time.monotonic()
            self._log.append([record])
        except LogError as error:
            return self._failed(error)
        except Exception as error:  # the thread must live: a dead writer would hang every client
            _logger.exception("the log failed in an unexpected way")
            return self._failed(LogError(f"append: {error}"))
        self._seconds.observe(time.monotonic() - began)
        self._appended.add(len(group.envelopes))
        self._bytes.add(len(record))
        self._size += len(record)
        if self._failing:
            _logger.warning("the log takes requests again")
            self._failing = ""
        return None

    def _refuse_when_full(self) -> None:
        now = time.monotonic()
        if now - self._size_at > _SIZE_SECONDS:
            self._size, self._size_at = self._log.size(), now
        if self._size >= self._log_bytes:
            self._on_full()
            raise LogError(f"the log holds {self._size} bytes, its bound is {self._log_bytes}")

    def _failed(self, error: LogError) -> LogError:
        self._failures.add()
        if not self._failing:
            _logger.error("requests are answered 503: %s", error)
        self._failing = str(error)
        return error
