"""A simulated week at a steady rate: does the pipeline's memory stay flat?

`python -m bench.week [--events 3500000]` prints one JSON line: resident MB of the pipeline after each day.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from bench.generate import SITE, generate
from bench.processes import store_folder
from clicktrail.settings import Settings
from ingest.protocols.base import Source
from pipelines.files import read_lines
from pipelines.live import LIVE_BYTES
from pipelines.writer import Writer
from schemas.envelope import Envelope
from schemas.objects import Site
from store.objects import put_site
from store.tables.client import open_store

DAYS = 7


def measure(events: int) -> dict[str, Any]:
    """Resident MB after each seventh of the events, carried in blocks as large as a live run's."""
    with store_folder() as folder, tempfile.TemporaryDirectory(prefix="clicktrail-bench-") as made:
        path = Path(made) / "week.ndjson"
        generate(path, events, max(1, events // 20))
        settings = Settings(data=folder)
        store = open_store(settings)
        store.migrate()
        put_site(store, Site(id=SITE))
        store.close()
        return {"events": events, "resident_mb": list(_days(Writer(settings), path))}


def _days(writer: Writer, path: Path) -> Iterator[float]:
    size, day = path.stat().st_size, 1
    for number, lines in enumerate(read_lines(path, LIVE_BYTES)):
        with writer.turn() as turn:
            writer.write(turn, f"week-{number}", [_source(lines.body)])
        if lines.end >= size * day / DAYS:
            yield round(psutil.Process().memory_info().rss / (1 << 20), 1)
            day += 1


def _source(body: bytes) -> Source:
    now = time.time_ns() // 1_000_000
    return Source(Envelope(now, "native", site_key=SITE, body=body, trusted=True), "week")


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=3_500_000)
    print(json.dumps(measure(parser.parse_args().events)))


if __name__ == "__main__":
    main()
