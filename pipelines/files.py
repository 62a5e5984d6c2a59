"""Files of events or log lines as blocks of whole lines, for imports."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
import polars as pl

from clicktrail.errors import InputError

GZIP = b"\x1f\x8b"
MAX_LINE = 64 << 20
_PIECE = 1 << 18


@dataclass(frozen=True)
class Lines:
    """Whole lines of a file: `first` is the number of the first one, from 1."""

    name: str
    first: int
    body: bytes
    end: int  # bytes of the file read so far, as they lie on the disk

    @property
    def count(self) -> int:
        """How many lines, empty ones too."""
        return self.body.count(b"\n") + (not self.body.endswith(b"\n"))


def read_lines(path: Path, block_bytes: int) -> Iterator[Lines]:
    """The file's lines in blocks of about `block_bytes`; `-` is standard input, gzip is recognised.

    Raises InputError for a file that cannot be read; what stood before the damage is yielded first.
    """
    first, pieces, held = 1, [b""], 0
    with _opened(path) as (raw, file):
        damage = _Damage()
        for piece in _pieces(file, damage):
            pieces.append(piece)
            held += len(piece)
            if held < block_bytes:
                continue
            whole, rest = _cut(pieces)
            if whole:
                pieces, held = [rest], len(rest)
                lines = Lines(path.name, first, whole, _position(raw))
                first += lines.count
                del whole
                yield lines
                del lines  # whoever reads on has no more use for it
            if held > MAX_LINE:
                raise InputError(f"{path}: line {first} is longer than {MAX_LINE >> 20} MB")
        if body := b"".join(pieces):
            yield Lines(path.name, first, body, _position(raw))
        if damage.error is not None:
            text = f"{path} ends early or is damaged ({damage.error}); what came before is imported"
            raise InputError(text)


@dataclass
class _Damage:
    error: Exception | None = None


def _pieces(file: IO[bytes], damage: _Damage) -> Iterator[bytes]:
    while True:
        try:
            # read1, because read() would throw away what it had before the damage.
            piece = file.read1(_PIECE)  # type: ignore[attr-defined]
        except (EOFError, zlib.error, OSError) as error:
            damage.error = error
            return
        if not piece:
            return
        yield piece


def _cut(pieces: list[bytes]) -> tuple[bytes, bytes]:
    """The whole lines, and the begin of the line after them."""
    for at in range(len(pieces) - 1, -1, -1):
        if cut := pieces[at].rfind(b"\n") + 1:
            return b"".join([*pieces[:at], pieces[at][:cut]]), b"".join([pieces[at][cut:], *pieces[at + 1 :]])
    return b"", b""


def _position(raw: IO[bytes]) -> int:
    return raw.tell() if raw.seekable() else 0


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The file as it lies on the disk, and as it reads."""
    try:
        raw = sys.stdin.buffer if str(path) == "-" else path.open("rb")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    with raw:
        zipped = raw.peek(2)[:2] == GZIP  # type: ignore[union-attr]
        yield raw, cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if zipped else raw


class RepeatedLines:
    """How often each line of a file stood in it before, for files larger than memory: 8 bytes a line."""

    def __init__(self) -> None:
        self._seen: list[np.ndarray[tuple[int], np.dtype[np.uint64]]] = []  # sorted runs, longest first

    def add(self, body: bytes) -> dict[int, int]:
        """Index of a line in this body → how many identical ones stood before the body, where any did."""
        hashes = pl.Series(body.split(b"\n"), dtype=pl.Binary).hash().to_numpy()
        before = np.zeros(len(hashes), dtype=np.int64)
        for run in self._seen:
            before += np.searchsorted(run, hashes, "right") - np.searchsorted(run, hashes, "left")
        self._keep(np.sort(hashes))
        return {int(at): int(before[at]) for at in np.flatnonzero(before)}

    def _keep(self, run: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> None:
        # Runs of like length are merged, so that there are few and each line is merged few times.
        while self._seen and len(self._seen[-1]) <= 2 * len(run):
            run = np.sort(np.concatenate([self._seen.pop(), run]), kind="stable")
        self._seen.append(run)
