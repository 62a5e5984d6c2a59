"""Group commit against a log that a test can hold and break."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from clicktrail.errors import LogError
from clicktrail.telemetry import Registry
from ingest.collector.append import Appender
from schemas.envelope import Envelope, decode_block
from store.log.base import GROUP_BYTES


class HeldLog:
    """A log whose appends wait until they are let through, and fail while `broken`."""

    def __init__(self) -> None:
        self.blocks: list[list[Envelope]] = []
        self.go = threading.Semaphore(0)
        self.broken: Exception | None = None
        self.held = 0

    def append(self, payloads: Sequence[bytes]) -> None:
        assert self.go.acquire(timeout=10)
        if self.broken is not None:
            raise self.broken
        self.blocks += [decode_block(payload) for payload in payloads]

    def size(self) -> int:
        return self.held


def appender(log: HeldLog, log_bytes: int = 1000) -> Appender:
    return Appender(log, log_bytes=log_bytes, registry=Registry())  # type: ignore[arg-type]


def envelope(number: int) -> Envelope:
    return Envelope(received_at=number, protocol="native")


def test_what_arrives_while_the_disk_works_is_one_record_and_is_answered_together() -> None:
    log = HeldLog()

    async def run() -> list[LogError | None]:
        one = appender(log)
        first = one.add(envelope(0), 10)
        await asyncio.sleep(0.05)
        rest = [one.add(envelope(number), 10) for number in range(1, 6)]
        await asyncio.sleep(0.05)
        assert not first.done()
        assert len(set(map(id, rest))) == 1
        log.go.release(2)
        results = await asyncio.gather(first, *rest)
        one.close()
        return results

    assert asyncio.run(run()) == [None] * 6
    assert [[one.received_at for one in block] for block in log.blocks] == [[0], [1, 2, 3, 4, 5]]


def test_a_group_is_closed_at_its_size_and_order_is_kept() -> None:
    log = HeldLog()
    log.go.release(100)

    async def run() -> None:
        one = appender(log)
        await asyncio.gather(*[one.add(envelope(number), GROUP_BYTES // 2) for number in range(5)])
        one.close()

    asyncio.run(run())
    assert [[one.received_at for one in block] for block in log.blocks] == [[0, 1], [2, 3], [4]]


def test_a_log_that_refuses_is_an_error_for_its_group_only_and_a_probe_finds_it_mended() -> None:
    log = HeldLog()
    log.go.release(100)

    async def run() -> list[bool]:
        one = appender(log)
        log.broken = LogError("no room")
        failed = await one.add(envelope(0), 10)
        unexpected = ValueError("never seen before")
        log.broken = unexpected
        also_failed = await one.add(envelope(1), 10)
        still = await one.probe()
        log.broken = None
        mended = await one.probe()
        fine = await one.add(envelope(2), 10)
        one.close()
        return [error is None for error in (failed, also_failed, still, mended, fine)]

    assert asyncio.run(run()) == [False, False, False, True, True]
    assert [one.received_at for block in log.blocks for one in block] == [2]


def test_a_log_at_its_bound_refuses_and_says_so_to_the_retention() -> None:
    log = HeldLog()
    log.go.release(100)
    log.held = 1000
    asked = threading.Event()

    async def run() -> LogError | None:
        one = Appender(log, log_bytes=1000, registry=Registry(), on_full=asked.set)  # type: ignore[arg-type]
        error = await one.add(envelope(0), 10)
        one.close()
        return error

    assert "1000" in str(asyncio.run(run()))
    assert asked.is_set()
    assert log.blocks == []
