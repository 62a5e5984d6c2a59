"""The event log in one folder: segment files named by their first offset, one writer, any readers.

A reader sees whole records only. Bytes that are none (the rest of an append that was cut off, a damaged
record) stay where they are: the writer goes on in a new segment, readers step over them and say so in the
program's log. Nothing is cut from a file but what an append that failed has just left there.
"""

from __future__ import annotations

import bisect
import fcntl
import itertools
import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from clicktrail.errors import LogError
from store.log.base import Offsets, Record
from store.log.readers import Readers
from store.log.segment import MAX_PAYLOAD, Segment, encode

SEGMENT_BYTES = 64 << 20
SEGMENT_SECONDS = 86_400.0
"""A segment ends after this size or time: retention removes whole segments."""

_PARTITION = 0
_SUFFIX = ".segment"


class LocalLog:
    """Implements store.log.base.Log on files. Raises LogError when the folder or the disk refuses."""

    def __init__(
        self,
        folder: Path,
        *,
        write: bool,
        segment_bytes: int = SEGMENT_BYTES,
        segment_seconds: float = SEGMENT_SECONDS,
    ) -> None:
        self._folder = folder
        self._readers = Readers(folder / "readers")
        self._segment_bytes, self._segment_seconds = segment_bytes, segment_seconds
        self._append_lock = threading.Lock()
        self._lock_file = self._file = -1
        self._failed = False  # the last append did, and may have been seen by a reader
        self._seen_end = 0  # a whole record ends here: a reader looks for newer ones from here on
        if write:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                self._lock_file = _lock(folder / "writer.lock")
                self._open_for_append()
            except OSError as error:
                self.close()
                raise LogError(f"the log {folder} cannot be opened: {error}") from error

    def append(self, payloads: Sequence[bytes]) -> None:
        """Make all payloads durable, in order, with one write and one sync; LogError if they are not."""
        if self._file < 0:
            raise LogError(f"the log {self._folder} is not open for appending")
        if any(len(payload) > MAX_PAYLOAD for payload in payloads):
            raise LogError("a record is larger than 4 GiB")
        if not payloads:
            return
        with self._append_lock:
            try:
                self._start_segment_if_due()
                self._write(encode(self._end, payloads))
            except OSError as error:
                raise LogError(f"the log {self._folder} could not append: {error}") from error

    def start(self) -> Offsets:
        """The oldest position still held."""
        segments = self._segments()
        return {_PARTITION: segments[0].first if segments else 0}

    def end(self) -> Offsets:
        """The position after the newest record."""
        if self._file >= 0:
            return {_PARTITION: self._written_until}
        segments = self._segments()
        position = max(self._seen_end, segments[-1].first if segments else 0)
        while True:
            records, after = self.read({_PARTITION: position}, SEGMENT_BYTES)
            position = after[_PARTITION]
            if not records:
                self._seen_end = position
                return {_PARTITION: position}

    def read(self, begin: Offsets, max_bytes: int) -> tuple[list[Record], Offsets]:
        """Records from `begin` on, at least one if there is one, about max_bytes; and where to go on."""
        position, records, held = begin.get(_PARTITION, 0), list[Record](), 0
        while held < max_bytes or not records:
            # Listed before it is read: a segment that has a successor is complete by now.
            segments = self._segments()
            if not segments:
                break
            index = max(bisect.bisect_right([segment.first for segment in segments], position) - 1, 0)
            is_last = index == len(segments) - 1
            position = max(position, segments[index].first)
            try:
                found = segments[index].records(position, max_bytes - held, is_last=is_last)
            except FileNotFoundError:
                continue  # retention was faster
            except OSError as error:
                raise LogError(f"the log {self._folder} cannot be read: {error}") from error
            if found:
                records += found
                held += sum(len(record.payload) for record in found)
                position = found[-1].next_offset
            elif is_last:
                break
            else:
                position = segments[index + 1].first
        return records, {_PARTITION: position}

    def commit(self, reader: str, offsets: Offsets) -> None:
        """Durably note that `reader` needs nothing before `offsets`."""
        self._readers.commit(reader, offsets)

    def committed(self, reader: str) -> Offsets | None:
        """What `reader` committed last; None for a reader nobody knows."""
        return self._readers.committed(reader)

    @property
    def lag_unit(self) -> str:
        """What `lag` counts."""
        return "bytes"

    def lag(self, reader: str) -> int:
        """Bytes of the log that `reader` has not committed."""
        start, end = self.start()[_PARTITION], self.end()[_PARTITION]
        done = (self.committed(reader) or {}).get(_PARTITION, 0)
        return max(0, end - max(start, done))

    def retain(self, *, older_than_s: float, max_bytes: int) -> int:
        """Remove whole segments that every known reader has passed and that are older or beyond the size.

        Returns the bytes removed. While no reader is known nothing is removed, nor ever the newest segment.
        """
        needed = min(self._all_committed(), default=-1)
        segments = self._segments()
        held, removed, now = self.size(), 0, time.time()
        for segment, following in itertools.pairwise(segments):
            with suppress(FileNotFoundError):  # another process retains as well
                stat = segment.path.stat()
                is_due = now - stat.st_mtime > older_than_s or held - removed > max_bytes
                if following.first > needed or not is_due:
                    break
                segment.path.unlink()
                removed += stat.st_size
        return removed

    def size(self) -> int:
        """Bytes held in segments."""
        held = 0
        for segment in self._segments():
            with suppress(FileNotFoundError):
                held += segment.size()
        return held

    def close(self) -> None:
        """Give up the writer's lock and all files."""
        with self._append_lock:
            for descriptor in (self._file, self._lock_file):
                if descriptor >= 0:
                    os.close(descriptor)
            self._file = self._lock_file = -1

    # The writer

    def _open_for_append(self) -> None:
        segments = self._segments()
        # What a crash of the machine took may have been read and committed before: never go below that.
        self._end = max(self._all_committed(), default=0)
        if segments:
            last = segments[-1]
            self._end = max(self._end, last.first + last.size())
            if self._whole_until(last) == self._end:
                self._continue_segment(last)
                return
        self._start_segment()

    def _whole_until(self, segment: Segment) -> int:
        """Where the whole records of a segment end (what stands between them is no matter here)."""
        position = segment.first
        while found := segment.records(position, self._segment_bytes, is_last=True):
            position = found[-1].next_offset
        return position

    def _continue_segment(self, segment: Segment) -> None:
        self._file = os.open(segment.path, os.O_WRONLY | os.O_CLOEXEC)
        self._segment, self._began, self._written_until = segment, time.monotonic(), self._end

    def _start_segment(self) -> None:
        segment = Segment(self._end, self._folder / f"{self._end:020}{_SUFFIX}")
        file = os.open(segment.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        _sync_folder(self._folder)
        if self._file >= 0:
            os.close(self._file)
        self._segment, self._file, self._began = segment, file, time.monotonic()
        self._written_until = self._end

    def _start_segment_if_due(self) -> None:
        written = self._written_until > self._segment.first
        is_old = time.monotonic() - self._began > self._segment_seconds
        if self._failed:
            abandoned = None if written else self._segment.path
            self._start_segment()
            self._failed = False
            if abandoned is not None:
                abandoned.unlink(missing_ok=True)
        elif written and (is_old or self._end - self._segment.first >= self._segment_bytes):
            self._start_segment()

    def _write(self, data: bytes) -> None:
        begin, view = self._end - self._segment.first, memoryview(data)
        # A reader may see whole records of an append that fails: their offsets are never given again.
        self._end += len(data)
        self._failed = True
        try:
            at = begin
            while view:  # a disk that fills up takes a part first
                written = os.pwrite(self._file, view, at)
                view, at = view[written:], at + written
            os.fdatasync(self._file)
        except OSError:
            with suppress(OSError):  # what cannot be cut is stepped over
                os.ftruncate(self._file, begin)
            raise
        self._failed, self._written_until = False, self._end

    # Files

    def _segments(self) -> list[Segment]:
        try:
            names = [entry.name for entry in os.scandir(self._folder) if entry.name.endswith(_SUFFIX)]
        except FileNotFoundError:
            return []
        return sorted(
            (Segment(int(name.removesuffix(_SUFFIX)), self._folder / name) for name in names),
            key=lambda segment: segment.first,
        )

    def _all_committed(self) -> list[int]:
        return [offsets.get(_PARTITION, 0) for offsets in self._readers.all()]


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise LogError(f"another collector writes {path.parent} (process {holder})") from None
    os.ftruncate(descriptor, 0)
    with suppress(OSError):  # only for the message above: a full disk does not matter
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
