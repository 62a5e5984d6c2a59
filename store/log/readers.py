"""Committed offsets of the readers of a log: one small durable file each."""

from __future__ import annotations

import json
import re
from pathlib import Path

from clicktrail.errors import LogError
from store.durable import write_durably
from store.log.base import Offsets

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Readers:
    """The folder of these files. Raises LogError when it refuses, or a name or a file is no good."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def commit(self, reader: str, offsets: Offsets) -> None:
        """Durably note that `reader` needs nothing before `offsets`."""
        text = json.dumps({str(partition): offset for partition, offset in offsets.items()})
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_durably(self._file(reader), text.encode())
        except OSError as error:
            raise LogError(f"{self._folder} could not commit for {reader}: {error}") from error

    def committed(self, reader: str) -> Offsets | None:
        """What `reader` committed last; None for a reader nobody knows."""
        return _read_offsets(self._file(reader))

    def all(self) -> list[Offsets]:
        """What each known reader committed last."""
        found = [_read_offsets(path) for path in self._folder.glob("*.json")]
        return [offsets for offsets in found if offsets is not None]

    def _file(self, reader: str) -> Path:
        if not _NAME.fullmatch(reader):
            raise LogError(f"{reader!r} is no name of a reader")
        return self._folder / f"{reader}.json"


def _read_offsets(path: Path) -> Offsets | None:
    try:
        return {int(partition): int(offset) for partition, offset in json.loads(path.read_bytes()).items()}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise LogError(f"{path} holds no offsets: {error}") from error
