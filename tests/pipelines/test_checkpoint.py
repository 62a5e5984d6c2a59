"""Offsets and the range under way: a batch that was cut short is repeated over the same records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.checkpoint import Checkpoint, Range
from store.log.local import LocalLog


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LocalLog]:
    opened = LocalLog(tmp_path / "log", write=True)
    yield opened
    opened.close()


def test_a_reader_nobody_knows_begins_at_the_start(log: LocalLog, tmp_path: Path) -> None:
    checkpoint = Checkpoint(log, tmp_path, "pipeline")
    assert checkpoint.begin() == log.start()
    assert checkpoint.interrupted() is None


def test_a_noted_range_is_found_again_until_it_is_committed(log: LocalLog, tmp_path: Path) -> None:
    log.append([b"one", b"two"])
    records, end = log.read(log.start(), 1)
    range_ = Range(log.start(), end)
    Checkpoint(log, tmp_path, "pipeline").note(range_)

    log.append([b"three"])
    after_a_crash = Checkpoint(log, tmp_path, "pipeline")
    assert after_a_crash.interrupted() == range_
    assert after_a_crash.interrupted().token == range_.token  # type: ignore[union-attr]

    after_a_crash.commit(range_)
    assert after_a_crash.interrupted() is None
    assert after_a_crash.begin() == end
    assert records[0].payload == b"one"


def test_two_ranges_have_two_tokens() -> None:
    assert Range({0: 0}, {0: 10}).token != Range({0: 0}, {0: 20}).token
    assert Range({}, {0: 10}).token == Range({0: 0}, {0: 10}).token


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"begin": {"0": 0}}', '{"begin": 1, "end": 2}'])
def test_a_damaged_note_is_as_good_as_none(log: LocalLog, tmp_path: Path, text: str) -> None:
    checkpoint = Checkpoint(log, tmp_path, "pipeline")
    (tmp_path / "pipeline.range.json").write_text(text)
    assert checkpoint.interrupted() is None
