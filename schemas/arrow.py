"""The records as columns: one Polars/Arrow schema for each dataclass, derived from its annotations."""

from __future__ import annotations

from dataclasses import MISSING, fields
from functools import cache
from typing import Any

import polars as pl

from schemas.event import Event
from schemas.failed_event import FailedEvent
from schemas.identity_edge import IdentityEdge, Person
from schemas.objects import StoredObject
from schemas.session import Session

INSTANT = pl.Datetime("ms", "UTC")
MONEY = pl.Decimal(18, 4)
DTYPES: dict[str, Any] = {
    "str": pl.String(),
    "bytes": pl.Binary(),
    "int": pl.Int64(),
    "float": pl.Float64(),
    "bool": pl.Boolean(),
    "datetime": INSTANT,
    "datetime | None": INSTANT,
    "Decimal": MONEY,
}
UNSIGNED = {"version": pl.UInt64(), "attempts": pl.UInt32()}
RECORDS: dict[str, type] = {
    "events": Event,
    "sessions": Session,
    "failed_events": FailedEvent,
    "identity_edges": IdentityEdge,
    "persons": Person,
    "objects": StoredObject,
}
"""Table name → record."""


@cache
def schema(record: type) -> pl.Schema:
    """Column names and types of a record, in the order of its fields."""
    return pl.Schema({f.name: UNSIGNED.get(f.name) or DTYPES[str(f.type)] for f in fields(record)})


@cache
def defaults(record: type) -> dict[str, Any]:
    """The default of every field that has one."""
    return {f.name: f.default for f in fields(record) if f.default is not MISSING}


def complete(frame: pl.DataFrame, record: type) -> pl.DataFrame:
    """The frame with all columns of the record, in order and of its types; absent ones take the default."""
    wanted, default = schema(record), defaults(record)
    return frame.select(
        pl.col(name).cast(dtype) if name in frame.columns else pl.lit(default[name], dtype=dtype).alias(name)
        for name, dtype in wanted.items()
    )
