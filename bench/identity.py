"""Persons from scratch: how much processor time it takes to resolve a million identity edges.

`python -m bench.identity [--edges 1000000]` prints one JSON line: seconds of processor time of the rule on
columns, of the rule in rows, and of the whole with an empty embedded store (its process counted in).
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np
import polars as pl
import psutil

from bench.generate import SITE
from bench.memory import peak_mb
from bench.processes import store_folder, store_pid
from clicktrail.settings import Settings
from ingest.identity import PAIR
from ingest.persons import persons_again
from ingest.persons_columns import changed_edges, persons_of
from pipelines.persons import NO_EDGES, PersonTable
from pipelines.write import Batch
from store.tables.client import open_store

_BEGIN_MS = 1_760_000_000_000
_COUNT = "SELECT count() AS rows, uniqExact(person_id) AS persons FROM persons FINAL"


def statements(edges: int, seed: int = 1) -> pl.DataFrame:
    """Log-ins of users with two devices on average, one in twenty by another, and aliases of older ids."""
    rng = np.random.default_rng(seed)
    users, rows = edges // 3, edges * 2
    visitor = rng.integers(0, 2 * users, rows)
    user = np.where(rng.random(rows) < 1 / 20, rng.integers(0, users, rows), visitor // 2)
    frame = pl.DataFrame({"visitor": visitor, "user": user, "alias": rng.random(rows) < 1 / 3}).select(
        site_id=pl.lit(SITE),
        id_a=pl.format("{}.visitor-{}", pl.col("visitor") * 7_919 % 1_000_003, "visitor"),
        id_b=pl.when("alias")
        .then(pl.format("{}.before-{}", pl.col("visitor") * 104_729 % 1_000_003, "visitor"))
        .otherwise(pl.format("user:customer-{}", "user")),
        since=pl.Series(_BEGIN_MS + rng.integers(0, 90 * 86_400_000, rows)).cast(pl.Datetime("ms", "UTC")),
        source=pl.when("alias").then(pl.lit("alias")).otherwise(pl.lit("identify")),
    )
    return frame.unique(PAIR, keep="first", maintain_order=True).head(edges)


def measure(edges: int) -> dict[str, Any]:
    """Seconds of processor time of each part."""
    said = statements(edges)
    began = time.process_time()
    stated = changed_edges(NO_EDGES, said)
    found = persons_of(stated)
    columns = time.process_time() - began
    began = time.process_time()
    again = persons_again(stated.with_columns(version=pl.lit(1, pl.UInt64)))
    rows = time.process_time() - began
    assert again.height == found.persons.height
    assert again.join(found.persons, on=again.columns, how="anti").is_empty()
    return {
        "edges": said.height,
        "persons": found.persons["person_id"].n_unique(),
        "visitors": found.persons.height,
        "refused": found.refused.height,
        "columns_cpu_s": round(columns, 2),
        "rows_cpu_s": round(rows, 2),
        **_whole(said, found.persons.height),
        "peak_mb": round(peak_mb()),
    }


def _whole(said: pl.DataFrame, expected: int) -> dict[str, float]:
    """Statements into the tables of a new store: edges and persons."""
    with store_folder() as folder:
        store = open_store(Settings(data=folder))
        store.migrate()
        processes = [psutil.Process(), psutil.Process(store_pid(folder))]
        before, began = [_seconds(one) for one in processes], time.monotonic()
        PersonTable(store).take(Batch(1, "bench"), said)
        wall = time.monotonic() - began
        ours, theirs = (_seconds(one) - at for one, at in zip(processes, before, strict=True))
        assert store.rows(_COUNT)[0]["rows"] == expected
        store.close()
    return {
        "whole_cpu_s": round(ours + theirs, 2),
        "whole_store_cpu_s": round(theirs, 2),
        "whole_wall_s": round(wall, 2),
    }


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="Processor time of resolving identity edges from scratch.")
    parser.add_argument("--edges", type=int, default=1_000_000)
    print(json.dumps(measure(parser.parse_args().edges)))


if __name__ == "__main__":
    main()
