"""Writes behind the work: in order, one at a time, no failure unseen."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pipelines.behind import WriteBehind
from pipelines.lease import Lease


def test_writes_are_done_in_order_while_others_work() -> None:
    behind, done, go = WriteBehind(), list[int](), threading.Event()

    def slow() -> None:
        go.wait(10)
        done.append(1)

    behind.submit(slow)
    assert not done
    go.set()
    behind.submit(lambda: done.append(2))
    behind.settle()
    assert done == [1, 2]


def test_a_failed_write_is_raised_once_by_the_next_call() -> None:
    behind, done = WriteBehind(), list[int]()

    def fail() -> None:
        raise ValueError("full")

    behind.submit(fail)
    with pytest.raises(ValueError, match="full"):
        behind.submit(lambda: done.append(1))
    behind.settle()
    assert not done


def test_a_turn_is_wanted_only_while_another_waits(tmp_path: Path) -> None:
    mine, other = Lease(tmp_path), Lease(tmp_path)
    with mine.turn():
        assert not mine.wanted()
        waiting = threading.Thread(target=lambda: other.turn().__enter__())
        waiting.start()
        for _ in range(500):
            if mine.wanted():
                break
            threading.Event().wait(0.01)
        assert mine.wanted()
    waiting.join(10)
    assert not waiting.is_alive()
