"""What the live pipeline keeps between runs: offsets, and the range of the batch it is about to write.

The range is made durable before the first insert. A batch that was cut short is repeated over exactly the
same range, so that its inserts carry the same tokens and the engine drops those it has already.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from store.durable import write_durably
from store.log.base import Log, Offsets

READER = "pipeline"
"""The name under which the pipeline commits its offsets in the log."""


@dataclass(frozen=True)
class Range:
    """Records of the log from `begin` up to, but not including, `end`, by partition."""

    begin: Offsets
    end: Offsets

    @property
    def token(self) -> str:
        """Names the range in insert tokens."""
        return "log" + ",".join(f"{p}:{self.begin.get(p, 0)}-{self.end[p]}" for p in sorted(self.end))


class Checkpoint:
    """Committed offsets of one reader and its range under way."""

    def __init__(self, log: Log, folder: Path, reader: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = log
        self._path = folder / f"{reader}.range.json"
        self._reader = reader

    def begin(self) -> Offsets:
        """Where the next range starts."""
        return self._log.committed(self._reader) or self._log.start()

    def interrupted(self) -> Range | None:
        """The range that was under way when the process ended; None if the last one was finished."""
        try:
            noted = json.loads(self._path.read_text())
            begin, end = ({int(p): int(o) for p, o in noted[key].items()} for key in ("begin", "end"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return Range(begin, end) if begin == dict(self.begin()) else None

    def note(self, range_: Range) -> None:
        """Make the range durable before anything of it is written."""
        text = json.dumps({"begin": dict(range_.begin), "end": dict(range_.end)})
        write_durably(self._path, text.encode())

    def commit(self, range_: Range) -> None:
        """All of the range is in the tables."""
        self._log.commit(self._reader, range_.end)
