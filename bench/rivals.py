"""The same question, answered with what a user would pick instead.

Each reads the NDJSON file and makes one row a session (visitor, start, end, events, page_views), cut at gaps
above 30 minutes. Each runs in a process of its own and prints one JSON line, without the time to start up:
`python -m bench.rivals polars FILE`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

from bench.answer import Answer, Clock, checksum_term
from bench.generate import GAP_MS

_COLUMNS = {"visitor_id": "VARCHAR", "event_time": "BIGINT", "event_type": "VARCHAR"}
_DUCKDB = """
WITH steps AS (
    SELECT visitor_id, event_time, event_type,
        coalesce(event_time - lag(event_time) OVER visitor > $gap, true) AS opens
    FROM read_json($file, format = 'newline_delimited', columns = $columns)
    WINDOW visitor AS (PARTITION BY visitor_id ORDER BY event_time)
), numbered AS (
    SELECT *, sum(opens::INT) OVER (visitor ROWS UNBOUNDED PRECEDING) AS nth
    FROM steps
    WINDOW visitor AS (PARTITION BY visitor_id ORDER BY event_time)
)
SELECT visitor_id, min(event_time) AS start, max(event_time) AS "end", count(*) AS events,
    count(*) FILTER (event_type = 'page_view') AS page_views
FROM numbered GROUP BY visitor_id, nth
"""


def polars_by_hand(path: Path) -> Answer:
    """What a careful Polars user writes: only the three columns, sort, gap, group."""
    wanted = {"visitor_id": pl.String, "event_time": pl.Int64, "event_type": pl.String}
    clock = Clock()
    events = pl.read_ndjson(path, schema=wanted).sort("visitor_id", "event_time")
    opens = (pl.col("visitor_id") != pl.col("visitor_id").shift()) | (pl.col("event_time").diff() > GAP_MS)
    sessions = (
        events.with_columns(session=opens.fill_null(True).cum_sum())
        .group_by("session")
        .agg(
            pl.col("visitor_id").first(),
            start=pl.col("event_time").first(),
            end=pl.col("event_time").last(),
            events=pl.len(),
            page_views=(pl.col("event_type") == "page_view").sum(),
        )
    )
    return clock.answer_of(sessions)


def duckdb_sql(path: Path) -> Answer:
    """One SQL statement on the file."""
    import duckdb

    clock = Clock()
    database = duckdb.connect()
    given = {"file": str(path), "gap": GAP_MS, "columns": _COLUMNS}
    sessions = pl.from_arrow(database.sql(_DUCKDB, params=given).to_arrow_table())
    assert isinstance(sessions, pl.DataFrame)
    return clock.answer_of(sessions)


def stock_beam(path: Path) -> Answer:
    """Beam as its guide says: rows, a Sessions window, GroupByKey; in one process."""
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from apache_beam.transforms.window import GlobalWindows, Sessions

    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        with beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([])) as pipeline:
            _ = (
                pipeline
                | beam.Create([str(path)])
                | "lines" >> beam.FlatMap(_lines)
                | "parse" >> beam.Map(_timestamped)
                # a window of exactly the gap would not join events exactly the gap apart
                | "gap" >> beam.WindowInto(Sessions(GAP_MS / 1000 + 0.001))
                | beam.GroupByKey()
                | "session" >> beam.Map(_session)
                | "all" >> beam.WindowInto(GlobalWindows())
                | beam.CombineGlobally(_total)
                | "keep" >> beam.Map(lambda total: found.write_text(json.dumps(total)))
            )
        sessions, checksum = json.loads(found.read_text())
    return clock.answer(sessions, checksum)


def _lines(path: str) -> Iterator[bytes]:
    with Path(path).open("rb") as file:
        yield from file


def _timestamped(line: bytes) -> Any:
    from apache_beam.transforms.window import TimestampedValue

    event = json.loads(line)
    at = event["event_time"]
    return TimestampedValue((event["visitor_id"], (at, event["event_type"])), at / 1000)


def _session(keyed: tuple[str, Iterable[tuple[int, str]]]) -> tuple[int, int]:
    events = list(keyed[1])
    times = [at for at, _ in events]
    views = sum(name == "page_view" for _, name in events)
    return 1, checksum_term(min(times), max(times), len(events), views)


def _total(parts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    count = checksum = 0
    for sessions, term in parts:
        count, checksum = count + sessions, checksum + term
    return count, checksum


RIVALS: dict[str, Callable[[Path], Answer]] = {
    "duckdb": duckdb_sql,
    "polars": polars_by_hand,
    "stock_beam": stock_beam,
}


if __name__ == "__main__":
    print(json.dumps(RIVALS[sys.argv[1]](Path(sys.argv[2])).to_json()))
