"""Files as blocks of whole lines, also when they are long, cut off or damaged."""

from __future__ import annotations

import gzip
import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from clicktrail.errors import InputError
from pipelines import files
from pipelines.files import Lines, RepeatedLines, read_lines

TEXT = b"".join(b"line %06d %s\n" % (number, b"x" * (number % 97)) for number in range(20_000))


def whole(path: Path, block_bytes: int = 100_000) -> bytes:
    """All blocks joined; each but the last ends with a line, and the numbers of lines go on."""
    found, first = b"", 1
    blocks = list(read_lines(path, block_bytes))
    for at, block in enumerate(blocks):
        assert block.first == first
        assert block.body.endswith(b"\n") or at == len(blocks) - 1
        found, first = found + block.body, first + block.count
    return found


@pytest.mark.parametrize("block_bytes", [1, 50_000, 1 << 18, 10 << 20])
def test_blocks_of_any_size_hold_the_whole_file(tmp_path: Path, block_bytes: int) -> None:
    path = tmp_path / "plain"
    path.write_bytes(TEXT)
    assert whole(path, block_bytes) == TEXT


@pytest.mark.parametrize("text", [b"", b"\n", b"a", b"a\n", b"a\n\n\nb", TEXT[:-1]])
def test_a_file_may_end_without_a_newline(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "plain"
    path.write_bytes(text)
    assert whole(path) == text


def test_gzip_is_recognised_whatever_the_name_also_in_several_members(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(gzip.compress(TEXT) + gzip.compress(b"more\n"))
    assert whole(path) == TEXT + b"more\n"


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, gzip.compress(b"a\nb"))
    os.close(writing)
    piped = io.BufferedReader(io.FileIO(reading))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=piped))
    assert whole(Path("-")) == b"a\nb"


def test_all_before_the_damage_is_there_and_then_an_error(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    packed = gzip.compress(TEXT, 1)
    path.write_bytes(packed[: len(packed) // 2])
    blocks = list[Lines]()
    with pytest.raises(InputError, match=r"cut\.gz ends early or is damaged"):
        blocks.extend(read_lines(path, 100_000))
    found = b"".join(block.body for block in blocks)
    assert len(found) > len(TEXT) // 4
    assert TEXT.startswith(found)


def test_bytes_after_gzip_that_are_none_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "tail.gz"
    path.write_bytes(gzip.compress(b"a\n") + b"no gzip")
    blocks = list[bytes]()
    with pytest.raises(InputError, match="damaged"):
        blocks.extend(block.body for block in read_lines(path, 10))
    assert b"".join(blocks) == b"a\n"


def test_a_line_longer_than_the_block_stays_whole(tmp_path: Path) -> None:
    text = b"short\n" + b"y" * 3_000_000 + b"\nshort\n"
    path = tmp_path / "long"
    path.write_bytes(text)
    assert whole(path, 1000) == text


@pytest.mark.parametrize("before", [b"", b"short\n"])
def test_a_line_that_never_ends_is_an_error_and_not_kept_in_memory(
    tmp_path: Path, before: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_LINE", 1 << 20)
    path = tmp_path / "endless"
    with path.open("wb") as file:
        file.write(before)
        file.truncate(1 << 30)  # a hole: a gigabyte of zeros
    blocks = list[Lines]()
    with pytest.raises(InputError, match=rf"line {2 if before else 1} is longer than 1 MB"):
        blocks.extend(read_lines(path, 1 << 19))
    assert [block.body for block in blocks] == ([before] if before else [])


@pytest.mark.parametrize("path", ["missing", "."])
def test_what_is_no_file_is_an_error(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        list(read_lines(tmp_path / path, 1000))


def test_repeated_lines_are_counted_over_blocks() -> None:
    repeated = RepeatedLines()
    assert repeated.add(b"a\nb\na\n") == {}
    assert repeated.add(b"x\na\nb") == {1: 2, 2: 1}
    assert repeated.add(b"a\nx\nnew") == {0: 3, 1: 1}


def test_repeated_lines_are_counted_over_many_blocks_of_any_size() -> None:
    repeated, seen = RepeatedLines(), dict[bytes, int]()
    for number in range(60):
        lines = [b"%d" % ((number * 7 + at) % 13) for at in range(1 + number * 5 % 17)]
        expected = {at: seen[line] for at, line in enumerate(lines) if line in seen}
        assert repeated.add(b"\n".join(lines)) == expected
        for line in lines:
            seen[line] = seen.get(line, 0) + 1
