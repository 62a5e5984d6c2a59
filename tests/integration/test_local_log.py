"""The log in a folder: the contract of every log, and what can happen to files."""

from __future__ import annotations

import logging
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clicktrail.errors import ConfigError, LogError
from clicktrail.settings import Settings
from store.log import open_log
from store.log.base import Log
from store.log.local import LocalLog
from store.log.segment import encode
from tests.integration.log_contract import LogContract, Opener, payloads, read_all

ROOT = Path(__file__).resolve().parents[2]
RECORDS = [b"first", b"second" * 100, b"third"]


@pytest.fixture
def opener(tmp_path: Path) -> Iterator[Opener]:
    opened: list[Log] = []

    def open_it(write: bool) -> Log:
        opened.append(LocalLog(tmp_path / "log", write=write, segment_bytes=200_000))
        return opened[-1]

    yield open_it
    for log in opened:
        log.close()


class TestLocalLog(LogContract):
    pass


@contextmanager
def opened(folder: Path, **options: int) -> Iterator[LocalLog]:
    log = LocalLog(folder, write=True, **options)
    try:
        yield log
    finally:
        log.close()


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.segment"))


def test_a_second_writer_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    with (
        opened(tmp_path),
        pytest.raises(LogError, match=rf"another collector writes .*process {os.getpid()}"),
    ):
        LocalLog(tmp_path, write=True)
    with opened(tmp_path) as log:
        log.append([b"a"])


def test_retention_removes_old_segments_that_all_readers_have_passed(tmp_path: Path) -> None:
    with opened(tmp_path, segment_bytes=1000) as log:
        for number in range(10):
            log.append([b"%d" % number * 600])
        before = log.size()
        assert len(segments(tmp_path)) == 5
        log.commit("live", log.end())
        assert log.retain(older_than_s=3600, max_bytes=before) == 0
        assert log.retain(older_than_s=3600, max_bytes=before - 1) == before // 5
        assert log.retain(older_than_s=-1, max_bytes=before) == before // 5 * 3
        assert log.size() == before // 5
        assert [payload[:1] for payload in payloads(log)] == [b"8", b"9"]
        assert [payload[:1] for payload in payloads(log, {0: 0})] == [b"8", b"9"]


def test_a_segment_ends_when_it_is_old(tmp_path: Path) -> None:
    with opened(tmp_path, segment_seconds=0) as log:
        log.append([b"a"])
        log.append([b"b"])
        assert len(segments(tmp_path)) == 2
        assert payloads(log) == [b"a", b"b"]


def test_an_append_that_was_cut_off_at_any_byte_takes_nothing_else_with_it(tmp_path: Path) -> None:
    with opened(tmp_path / "whole") as log:
        log.append(RECORDS)
        last = read_all(log, log.start())[-1].offset
    (source,) = segments(tmp_path / "whole")
    content = source.read_bytes()
    for size in range(last, len(content)):
        folder = tmp_path / str(size)
        folder.mkdir()
        (folder / source.name).write_bytes(content[:size])
        assert payloads(LocalLog(folder, write=False)) == RECORDS[:2]
        with opened(folder) as log:
            log.append([b"later"])
            assert payloads(log) == [*RECORDS[:2], b"later"]
        with opened(folder) as log:
            log.append([b"much later"])
            assert payloads(log) == [*RECORDS[:2], b"later", b"much later"]


@pytest.mark.parametrize("position", [0, 5, 9, 14])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_flipped_bit_loses_one_record_and_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, position: int, number: int
) -> None:
    with opened(tmp_path) as log:
        log.append(RECORDS)
        offsets = [record.offset for record in read_all(log, log.start())]
    (path,) = segments(tmp_path)
    content = bytearray(path.read_bytes())
    content[offsets[number] + position] ^= 16
    path.write_bytes(content)
    with opened(tmp_path) as log, caplog.at_level(logging.ERROR):
        log.append([b"later"])
        assert payloads(log) == [*RECORDS[:number], *RECORDS[number + 1 :], b"later"]
    assert path.read_bytes().startswith(bytes(content))  # nothing is taken from the file
    assert f"{path}: " in caplog.text
    assert f"at offset {offsets[number]} " in caplog.text


def test_a_record_inside_the_payload_of_a_damaged_one_is_not_taken_for_a_record(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        log.append([b"copy of a log: " + encode(0, [b"no record here"]), b"next"])
    with segments(tmp_path)[0].open("r+b") as file:
        file.write(b"X")
    assert payloads(LocalLog(tmp_path, write=False)) == [b"next"]


def test_a_file_of_zeros_after_a_crash_of_the_machine_is_stepped_over(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        log.append([b"a"])
    with segments(tmp_path)[0].open("ab") as file:
        file.write(bytes(5000))
    with opened(tmp_path) as log:
        log.append([b"b"])
        assert payloads(log) == [b"a", b"b"]


def test_offsets_never_fall_below_what_a_reader_has_committed(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        log.append([b"a", b"b"])
        log.commit("live", log.end())
        second = read_all(log, log.start())[1].offset
    os.truncate(segments(tmp_path)[0], second)  # the machine stopped before `b` was on the disk
    with opened(tmp_path) as log:
        committed = log.committed("live")
        log.append([b"c"])
        assert payloads(log, committed) == [b"c"]


WRITER = """
import sys
from pathlib import Path
from store.log.local import LocalLog
log = LocalLog(Path(sys.argv[1]), write=True, segment_bytes=100_000)
number = int(sys.argv[2])
while True:
    log.append([b"%d " % (number + step) * (1 + (number + step) % 900) for step in range(3)])
    number += 3
    print(number, flush=True)
"""


def test_whatever_was_acknowledged_is_there_after_the_writer_was_killed(tmp_path: Path) -> None:
    acknowledged, begin = set[int](), 0
    for round_number in range(10):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(begin)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(5 + round_number * 3):
                writer.stdout.readline()
            writer.send_signal(signal.SIGKILL)
            rest = writer.stdout.read().split()
        written = int(rest[-1]) if rest else begin + (5 + round_number * 3) * 3
        acknowledged |= set(range(begin, written))
        begin = written + 1000
    found = [int(payload.split()[0]) for payload in payloads(LocalLog(tmp_path, write=False))]
    assert acknowledged <= set(found)
    assert found == sorted(set(found))


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_write_that_is_cut_short_is_refused_and_later_appends_are_sound(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        log.append([b"a" * 1000])
        with file_size_limit(3000):
            for _ in range(3):
                with pytest.raises(LogError, match="could not append"):
                    log.append([b"b" * 1000, b"c" * 5000])
            assert payloads(log) == [b"a" * 1000]
            end = log.end()
            assert payloads(log, end) == []
        log.append([b"d"])
        assert payloads(log) == [b"a" * 1000, b"d"]
        assert payloads(log, end) == [b"d"]
        assert len(segments(tmp_path)) == 2
    with opened(tmp_path) as log:
        log.append([b"e"])
        assert payloads(log) == [b"a" * 1000, b"d", b"e"]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def append_until_refused(log: LocalLog) -> int:
    for number in range(100):
        try:
            log.append([bytes([number]) * 100_000])
        except LogError:
            return number
    raise AssertionError("the disk is too large for this test")


def test_a_full_disk_is_an_error_until_there_is_room_again(tiny_disk: Path) -> None:
    with opened(tiny_disk / "log", segment_bytes=300_000) as log:
        kept = append_until_refused(log)
        for _ in range(20):
            with pytest.raises(LogError, match="No space left"):
                log.append([b"x" * 200_000])
        assert len(payloads(log)) == kept >= 8
        assert len(segments(tiny_disk / "log")) <= 5
        oldest = read_all(log, log.start())[3]
        segments(tiny_disk / "log")[0].unlink()  # room
        log.append([b"y" * 200_000])
        assert payloads(log, {0: oldest.offset})[-1] == b"y" * 200_000
    with opened(tiny_disk / "log") as log:
        assert payloads(log)[-1] == b"y" * 200_000


def test_the_log_of_the_settings_lies_in_the_data_folder_or_where_the_url_says(tmp_path: Path) -> None:
    for settings, folder in (
        (Settings(data=tmp_path / "data"), tmp_path / "data" / "log"),
        (Settings(log_url=f"file:{tmp_path}/a"), tmp_path / "a"),
        (Settings(log_url=f"file://{tmp_path}/b"), tmp_path / "b"),
    ):
        log = open_log(settings, write=True)
        log.append([b"here"])
        log.close()
        assert payloads(LocalLog(folder, write=False)) == [b"here"]
    for url in ("kafka://localhost:9092", "http://x"):
        with pytest.raises(ConfigError, match="CLICKTRAIL_LOG_URL"):
            open_log(Settings(log_url=url), write=False)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "x" * 65])
def test_the_name_of_a_reader_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with opened(tmp_path) as log, pytest.raises(LogError, match="no name"):
        log.commit(name, {0: 0})
