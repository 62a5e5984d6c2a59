"""One batch into the tables: retractions and events first, then what follows from them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import polars as pl

from schemas.arrow import RECORDS, defaults
from store.tables.client import Store


@dataclass(frozen=True)
class Batch:
    """What stamps the rows of one batch. `version` grows from batch to batch; `token` names its input."""

    version: int
    token: str


def write(store: Store, batch: Batch, table: str, rows: pl.DataFrame) -> None:
    """Insert the rows under this batch's version.

    The token names the input and the rows: a batch that is repeated after a crash writes what is missing,
    and what an insert cut off in flight did write after all is dropped by the engine.
    """
    if rows.is_empty():
        return
    rows = _telling(rows, RECORDS[table])
    token = f"{batch.token}/{table}/{_fingerprint(rows)}"
    store.insert(table, rows.with_columns(version=pl.lit(batch.version, pl.UInt64)), token=token)


def _telling(rows: pl.DataFrame, record: type) -> pl.DataFrame:
    """Without the columns in which every row holds the default: the table fills them in by itself."""
    default = {name: value for name, value in defaults(record).items() if name in rows.columns}
    differs = rows.select(pl.col(name).ne_missing(pl.lit(value)).any() for name, value in default.items())
    return rows.drop(name for name in default if not differs[name][0])


def _fingerprint(rows: pl.DataFrame) -> str:
    # Only for retries by programs of one build: the hash need not be stable across versions of Polars.
    plain = rows.select(pl.exclude("version"))
    return hashlib.blake2b(plain.hash_rows().to_numpy().tobytes(), digest_size=12).hexdigest()
