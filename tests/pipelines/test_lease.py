"""Whose turn it is to write: fair, alone, and numbered so that later rows win."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipelines.lease import Lease
from tests.conftest import ROOT

HOLD = """
import sys, time
from pathlib import Path
from pipelines.lease import Lease
with Lease(Path(sys.argv[1])).turn() as turn:
    print(turn.epoch, flush=True)
    time.sleep(60)
"""


def test_the_same_writer_keeps_its_epoch_and_another_gets_a_higher_one(tmp_path: Path) -> None:
    first, second = Lease(tmp_path), Lease(tmp_path)
    seen = []
    for lease in (first, first, second, first):
        with lease.turn() as turn:
            seen.append((turn.epoch, turn.taken_over))
    assert seen == [(1, True), (1, False), (2, True), (3, True)]


def test_two_writers_are_never_inside_at_once_and_take_turns(tmp_path: Path) -> None:
    order: list[str] = []
    inside: list[str] = []
    begin = threading.Barrier(2)

    def write(name: str) -> None:
        lease = Lease(tmp_path)
        begin.wait()
        for _ in range(8):
            with lease.turn():
                inside.append(name)
                assert inside == [name]
                time.sleep(0.03)
                order.append(name)
                inside.remove(name)

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(order) == ["a"] * 8 + ["b"] * 8
    changes = sum(one != other for one, other in itertools.pairwise(order))
    assert changes >= 8, order  # who asks again at once does not starve the other


def test_a_killed_holder_gives_up_its_turn(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "1"
        got: list[int] = []

        def take() -> None:
            with Lease(tmp_path).turn() as turn:
                got.append(turn.epoch)

        waiting = threading.Thread(target=take)
        waiting.start()
        waiting.join(0.3)
        assert not got, "two writers at once"
        os.kill(holder.pid, signal.SIGKILL)
        waiting.join(10)
        assert got == [2]
    finally:
        holder.kill()
        holder.wait(10)


@pytest.mark.parametrize(
    "content", [None, "", "{", "[]", "null", '{"epoch": "x", "holder": "y"}', '{"epoch": 3}']
)
def test_a_lost_or_damaged_file_never_gives_an_epoch_the_tables_have_seen(
    tmp_path: Path, content: str | None
) -> None:
    with Lease(tmp_path).turn():
        pass
    path = tmp_path / "lease.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with Lease(tmp_path, above=41).turn() as turn:
        assert (turn.epoch, turn.taken_over) == (42, True)
    assert json.loads(path.read_text())["epoch"] == 42
