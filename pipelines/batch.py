"""The batch driver: files as a loop of bounded runs, so that memory does not grow with the input."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from clicktrail.errors import InputError
from clicktrail.output import Progress, silent
from clicktrail.settings import Settings
from clicktrail.tables import known_site
from ingest.protocols.access_log import detect
from ingest.protocols.base import Source
from pipelines.behind import read_ahead
from pipelines.files import Lines, RepeatedLines, read_lines
from pipelines.lease import Turn
from pipelines.worker import Counts, worker
from pipelines.writer import Writer
from schemas.envelope import Envelope

FORMATS = {"native": "native", "combined": "access_log"}
"""Name for --format → protocol that decodes it."""


@dataclass(frozen=True)
class ImportResult:
    """read = non-empty lines = events + failed + duplicates."""

    read: int
    events: int
    failed: int
    duplicates: int
    sessions: int  # that the site has more than before
    seconds: float


def import_files(
    settings: Settings,
    paths: Sequence[Path],
    site_id: str,
    format: str = "auto",
    progress: Progress = silent,
) -> ImportResult:
    """Bring files of events or log lines into a site; the same file again changes nothing.

    Raises ConfigError for an unknown site or format, InputError for a file that cannot be read.
    """
    began = time.monotonic()
    writer = Writer(settings)
    known_site(worker(settings).store, site_id)
    total = Counts()
    for path in paths:
        blocks = read_ahead(_blocks(path, site_id, format, settings.batch_bytes, progress))
        total += _write_all(writer, blocks, path.name)
    read = total.events + total.failed + total.duplicates
    return ImportResult(
        read, total.events, total.failed, total.duplicates, total.sessions, round(time.monotonic() - began, 3)
    )


def _write_all(writer: Writer, blocks: Iterator[Source], name: str) -> Counts:
    total, number = Counts(), count()

    def write(turn: Turn, block: Source) -> None:
        nonlocal total
        total += writer.write(turn, f"import{turn.epoch}-{name}-{next(number)}", [block])

    writer.in_turns(blocks, write)
    return total


def _blocks(path: Path, site_id: str, format: str, size: int, progress: Progress) -> Iterator[Source]:
    protocol, repeated = FORMATS.get(format, ""), RepeatedLines()
    for lines in read_lines(path, size):
        protocol = protocol or _recognised(lines, path)
        headers = _repeats(repeated.add(lines.body)) if protocol == "access_log" else ()
        end, source = lines.end, _source(lines, protocol, site_id, headers)
        del lines
        yield source
        del source
        progress(end, path.name)


def _source(lines: Lines, protocol: str, site_id: str, headers: tuple[tuple[str, str], ...]) -> Source:
    """The lines as one trusted request."""
    envelope = Envelope(
        received_at=time.time_ns() // 1_000_000,
        protocol=protocol,
        site_key=site_id,
        method="IMPORT",
        body=lines.body,
        headers=headers,
        trusted=True,
    )
    return Source(envelope, f"file:{lines.name}:{lines.first}")


def _recognised(lines: Lines, path: Path) -> str:
    found = detect([line for line in lines.body.split(b"\n", 100)[:100] if line.strip()])
    if found is None:
        raise InputError(f"{path}: its first lines are neither events nor an access log")
    return FORMATS[found]


def _repeats(counts: dict[int, int]) -> tuple[tuple[str, str], ...]:
    """The header by which the decoder learns how often a line stood in the file before this block."""
    text = ",".join(f"{line}:{count}" for line, count in counts.items())
    return (("repeats", text),) if text else ()
