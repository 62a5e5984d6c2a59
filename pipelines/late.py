"""Late events in bounded numbers: a flood of old ones must not hold up what happens now.

An event that happened an hour before the newest of its block needs its visitor's history read back, which
costs far more than one that extends an open session. So a run takes only so many of them; the others wait in
files for the next runs. Nothing is lost meanwhile: a file is durable before the log's offsets are committed
and is removed when its events are in the tables. Work that is done twice after a crash changes nothing.
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from clicktrail.settings import Settings
from schemas.arrow import complete, schema
from schemas.event import Event
from store.durable import write_durably

AT_ONCE = 2_000
LATE = pl.duration(hours=1)
"""As long as open sessions are held in memory."""
_SUFFIX = ".arrow"
_NONE = pl.DataFrame(schema=schema(Event))

log = logging.getLogger("clicktrail.pipeline")


class LateEvents:
    """Events that wait in a folder. Belongs to who has the turn to write."""

    def __init__(self, folder: Path, at_once: int = AT_ONCE) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._at_once = folder, at_once
        self._taken: list[Path] = []
        self._kept = ""

    def waiting(self) -> bool:
        """Whether events wait."""
        return any(True for _ in _files(self._folder))

    def take(self, events: pl.DataFrame, token: str) -> pl.DataFrame:
        """Those to work on now: the recent ones, and `at_once` late ones at most, of those that waited first.

        The rest is made durable. `token` names the block: taken again after a failure it is not kept again.
        """
        waited = self._oldest()
        late = events.select(pl.col("event_time") < pl.col("event_time").max() - LATE).to_series()
        room = self._at_once - waited.height
        if int(late.sum()) > room:
            rows = events.filter(late)
            if token != self._kept:
                self._keep(rows.slice(room))
                self._kept = token
            events = pl.concat([events.filter(~late), rows.head(room)])
        return pl.concat([complete(events, Event), waited]) if waited.height else events

    def done(self) -> None:
        """What was taken is in the tables."""
        for path in self._taken:
            path.unlink(missing_ok=True)
        self._taken = []

    def _oldest(self) -> pl.DataFrame:
        self._taken = sorted(_files(self._folder))[:1]
        return next(_read(self._taken), _NONE)

    def _keep(self, rows: pl.DataFrame) -> None:
        for number, part in enumerate(rows.iter_slices(self._at_once)):
            content = io.BytesIO()
            part.write_ipc(content)
            write_durably(self._folder / f"{time.time_ns():020}-{number:06}{_SUFFIX}", content.getvalue())
        log.info("%d late events wait for their turn", rows.height)


def late_folder(settings: Settings) -> Path:
    """Where the late events of an installation wait."""
    return settings.data / "pipeline" / "late"


def waiting_events(folder: Path) -> Iterator[pl.DataFrame]:
    """All events that wait, as columns of Event, file by file."""
    return _read(sorted(_files(folder)))


def _files(folder: Path) -> Iterator[Path]:
    return folder.glob(f"*{_SUFFIX}")


def _read(paths: list[Path]) -> Iterator[pl.DataFrame]:
    for path in paths:
        try:
            yield complete(pl.read_ipc(io.BytesIO(path.read_bytes())), Event)
        except FileNotFoundError:
            continue  # they are in the tables by now
        except (OSError, pl.exceptions.PolarsError) as error:
            log.error("%s cannot be read and is put aside: %s", path, error)
            path.rename(path.with_suffix(".damaged"))
