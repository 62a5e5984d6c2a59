"""Clicktrail on the same file, in a process of its own: `python -m bench.ours sessionize|whole FILE`."""

from __future__ import annotations

import io
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import apache_beam as beam
import polars as pl
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from bench.answer import Answer, Clock, checksum_of
from bench.generate import SITE
from bench.memory import peak_mb
from bench.processes import store_folder, store_pid
from schemas.arrow import INSTANT, defaults, schema
from schemas.event import Event
from sessionize.columns import COLUMNS, sessions

BLOCK_BYTES = 8 << 20
SHARDS = 16
_READ = {"visitor_id": pl.String, "event_id": pl.String, "event_type": pl.String, "event_time": pl.Int64}
_TABLE_ANSWER = """
SELECT count() AS sessions,
    sum(toUnixTimestamp64Milli(start) % 1000003 * events
        + toUnixTimestamp64Milli(`end`) % 1000003 * (page_views + 1)) AS checksum
FROM sessions FINAL WHERE site_id = {site:String}
"""


def sessionize(path: Path) -> Answer:
    """The product's columnar rule inside a Beam pipeline: blocks of lines → shards of visitors → sessions."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        with beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([])) as pipeline:
            _ = (
                pipeline
                | beam.Create([str(path)])
                | "blocks" >> beam.FlatMap(_shards_of_file)
                | beam.GroupByKey()
                | "sessions" >> beam.Map(_cut)
                | beam.CombineGlobally(_total)
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
    from clicktrail.settings import Settings
    from pipelines.batch import import_files
    from schemas.objects import Site
    from store.objects import put_site
    from store.tables.client import open_store

    with store_folder() as folder:
        settings = Settings(data=folder)
        store = open_store(settings)
        store.migrate()
        put_site(store, Site(id=SITE))
        clock = Clock()
        result = import_files(settings, [path], SITE, "native")
        taken = clock.answer(0, 0)
        answer = store.rows(_TABLE_ANSWER, site=SITE)[0]
        store_mb = peak_mb(store_pid(folder))
        store.close()
    assert result.failed == 0
    found = replace(taken, sessions=int(answer["sessions"]), checksum=int(answer["checksum"]))
    return {**found.to_json(), "events": result.events, "store_peak_rss_mb": round(store_mb, 1)}


def _shards_of_file(path: str) -> Iterator[tuple[int, bytes]]:
    """Parsed blocks, split by visitor, as Arrow bytes."""
    for block in _blocks(Path(path)):
        events = _parsed(block)
        for (shard,), part in events.partition_by("shard", as_dict=True, include_key=False).items():
            buffer = io.BytesIO()
            part.write_ipc(buffer)
            yield int(shard), buffer.getvalue()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block + file.readline()


def _parsed(block: bytes) -> pl.DataFrame:
    events = pl.read_ndjson(block, schema=_READ)
    return events.with_columns(shard=pl.col("visitor_id").hash(0) % SHARDS)


def _complete(events: pl.DataFrame) -> pl.DataFrame:
    """The columns the rule reads; those the file does not have take their default."""
    types, default = schema(Event), {**defaults(Event), "site_id": SITE}
    return events.select(
        pl.col(name).cast(types[name]) if name in _READ else pl.lit(default[name], types[name]).alias(name)
        for name in COLUMNS
    )


def _cut(shard: tuple[int, Iterable[bytes]]) -> tuple[int, int]:
    events = pl.concat(pl.read_ipc(part) for part in shard[1])
    rows = _with_ms(sessions(_complete(events), {}))
    return rows.height, checksum_of(rows)


def _with_ms(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("start", "end").cast(INSTANT).cast(pl.Int64))


def _total(parts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    count = checksum = 0
    for some, term in parts:
        count, checksum = count + some, checksum + term
    return count, checksum


if __name__ == "__main__":
    what, path = sys.argv[1], Path(sys.argv[2])
    found = (
        whole(path)
        if what == "whole"
        else {"sessionize": sessionize, "columns": columns}[what](path).to_json()
    )
    print(json.dumps(found))
