"""Clicktrail on the same file, in a process of its own: `python -m bench.ours sessionize|whole|loop FILE`."""

from __future__ import annotations

import clicktrail  # isort: skip # noqa: F401 - before Polars: says how memory is kept, as for every command

import json
import mmap
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import apache_beam as beam
import polars as pl
import psutil
from apache_beam.coders import registry
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from bench.answer import Answer, Clock, checksum_of
from bench.generate import SITE
from bench.memory import peak_mb
from bench.processes import store_folder, store_pid
from clicktrail.settings import Settings
from ingest.protocols.base import Source
from pipelines.batch import ImportResult, import_files
from pipelines.coder import BlockCoder
from pipelines.files import read_lines
from pipelines.worker import Counts, worker
from pipelines.write import Batch
from schemas.arrow import INSTANT, defaults, schema
from schemas.envelope import Envelope
from schemas.event import Event
from schemas.objects import Site
from sessionize.columns import COLUMNS, sessions
from store.objects import put_site
from store.tables.client import open_store

registry.register_coder(pl.DataFrame, BlockCoder)
BLOCK_BYTES = 32 << 20
_READ = {"visitor_id": pl.String, "event_id": pl.String, "event_type": pl.String, "event_time": pl.Int64}
_TABLE_ANSWER = """
SELECT count() AS sessions,
    sum(toUnixTimestamp64Milli(start) % 1000003 * events
        + toUnixTimestamp64Milli(`end`) % 1000003 * (page_views + 1)) AS checksum
FROM sessions FINAL WHERE site_id = {site:String}
"""


def sessionize(path: Path) -> Answer:
    """The product's columnar rule inside a Beam pipeline: blocks of lines → columns → sessions."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        with beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([])) as pipeline:
            _ = (
                pipeline
                | beam.Create([str(path)])
                | "blocks" >> beam.FlatMap(_parsed_blocks).with_output_types(pl.DataFrame)
                | "sessions" >> beam.ParDo(_CutBundle())
                | "keep" >> beam.Map(lambda total: found.write_text(json.dumps(total)))
            )
        count, checksum = json.loads(found.read_text())
    return clock.answer(count, checksum)


def columns(path: Path) -> Answer:
    """The product's columnar rule without Beam."""
    clock = Clock()
    events = pl.concat(_parsed(block) for block in _blocks(path))
    return clock.answer_of(_with_ms(sessions(_complete(events), {})))


def whole(path: Path) -> dict[str, Any]:
    """The whole job: decode, enrich, sessionize, and write events and sessions into a store of its own."""
    return _into_store(lambda settings: import_files(settings, [path], SITE, "native"))


def loop(path: Path) -> dict[str, Any]:
    """The steps of the whole job one after the other, without Beam, leases and versions."""
    return _into_store(lambda settings: _steps_in_a_loop(settings, path))


def _steps_in_a_loop(settings: Settings, path: Path) -> Counts:
    steps, total = worker(settings), Counts()
    for number, lines in enumerate(read_lines(path, settings.batch_bytes), 1):
        now = time.time_ns() // 1_000_000
        envelope = Envelope(now, "native", SITE, "IMPORT", body=lines.body, trusted=True)
        steps.hand(Batch(number, f"loop-{number}"), [Source(envelope, f"file:{lines.name}:{lines.first}")])
        total += steps.write(steps.change(steps.decode(steps.handed)))
    steps.settle()
    return total


def _into_store(work: Callable[[Settings], ImportResult | Counts]) -> dict[str, Any]:
    """What the work took, and what then stands in the tables."""
    with store_folder() as folder:
        settings = Settings(data=folder)
        store = open_store(settings)
        store.migrate()
        put_site(store, Site(id=SITE))
        process = psutil.Process(store_pid(folder))
        clock, store_began = Clock(), _cpu_s(process)
        result = work(settings)
        taken, store_took = clock.answer(0, 0), _cpu_s(process) - store_began
        answer = store.rows(_TABLE_ANSWER, site=SITE)[0]
        store_mb = peak_mb(process.pid)
        store.close()
    assert result.failed == 0
    found = replace(taken, sessions=int(answer["sessions"]), checksum=int(answer["checksum"]))
    measured = {"store_cpu_seconds": round(store_took, 2), "store_peak_rss_mb": round(store_mb, 1)}
    return {**found.to_json(), "events": result.events, **measured}


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _parsed_blocks(path: str) -> Iterator[pl.DataFrame]:
    return (_parsed(block) for block in _blocks(Path(path)))


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
        start = 0
        while start < len(lines):
            end = lines.find(b"\n", min(start + BLOCK_BYTES, len(lines) - 1)) + 1 or len(lines)
            yield lines[start:end]
            start = end


def _parsed(block: bytes) -> pl.DataFrame:
    return pl.read_ndjson(block, schema=_READ)


def _complete(events: pl.DataFrame) -> pl.DataFrame:
    """The columns the rule reads; those the file does not have take their default."""
    types, default = schema(Event), {**defaults(Event), "site_id": SITE}
    return events.select(
        pl.col(name).cast(types[name]) if name in _READ else pl.lit(default[name], types[name]).alias(name)
        for name in COLUMNS
    )


class _CutBundle(beam.DoFn):
    """Cuts the blocks of a bundle together: one machine needs no shuffle, as in pipelines/local.py."""

    def start_bundle(self) -> None:
        self._blocks: list[pl.DataFrame] = []

    def process(self, element: pl.DataFrame) -> None:
        self._blocks.append(element)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        rows = _with_ms(sessions(_complete(pl.concat(self._blocks)), {}))
        yield WindowedValue((rows.height, checksum_of(rows)), 0, [GlobalWindow()])


def _with_ms(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("start", "end").cast(INSTANT).cast(pl.Int64))


if __name__ == "__main__":
    what, path = sys.argv[1], Path(sys.argv[2])
    jobs = {"whole": whole, "loop": loop}
    answers = {"sessionize": sessionize, "columns": columns}
    print(json.dumps(jobs[what](path) if what in jobs else answers[what](path).to_json()))
