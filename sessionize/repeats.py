"""Copies of one event: (site, visitor, event_id) is one event, whenever the copies come.

The winner is the copy received first; then the one that happened first; then the least hash of what the
session rule reads; then the least hash of the whole row. raw_ref, version and is_deleted are no content:
they say where and when a copy was stored, so copies that differ in nothing else are the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.event import Event
from sessionize.columns import COLUMNS

KEYS = ("site_id", "visitor_id", "event_id")
SLIM = (*COLUMNS, "received_at")
"""What must be known of a stored event to judge copies and cut sessions."""
MONEY_UNIT = 10_000
NO_CONTENT = ("raw_ref", "version", "is_deleted")
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def winner(copies: Iterable[Event]) -> Event:
    """The copy that stands; all are of one site, visitor and event_id."""
    return min(copies, key=_rank)


def may_repeat(ids: pl.Series) -> bool:
    """Whether an id may stand twice; False is certain. Hashes are compared, much faster than texts."""
    return ids.hash(1).n_unique() < len(ids)


def winners(events: pl.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether each row (at least SLIM columns) is the copy that stands.

    Of copies with the same content in the columns given, the first row stands.
    """
    wins = np.ones(events.height, dtype=np.bool_)
    # Ids differ nearly always: one cheap column says which rows need a closer look.
    copies = events.with_row_index("row").filter(pl.col("event_id").is_duplicated())
    if copies.height == 0:
        return wins
    wins[copies["row"]] = False
    instants = ["received_at", "event_time"]
    earliest = copies.sort(instants).unique(KEYS, keep="first", maintain_order=True)
    tied = copies.join(
        earliest.select(*KEYS, *instants), on=[*KEYS, *instants], how="semi", maintain_order="left"
    )
    wins[_least(tied)] = True
    return wins


def _least(tied: pl.DataFrame) -> pl.Series:
    """Rows of the copies that stand among copies received and happened at the same instants."""
    content = [c for c in tied.columns if c not in (*NO_CONTENT, "row")]
    different = tied.unique(content, keep="first", maintain_order=True)
    alone = ~different.select(pl.struct(KEYS).is_duplicated()).to_series()
    if alone.all():
        return different["row"]
    rest = different.filter(~alone)
    plain = rest.select(_plain(rest, c) for c in content)
    ranked = rest.select(*KEYS, "row").with_columns(
        slim=pl.Series(content_hashes(plain.select(c for c in SLIM if c in content))),
        whole=pl.Series(content_hashes(plain.select(sorted(content)))),
    )
    best = ranked.sort("slim", "whole", "row").unique(KEYS, keep="first", maintain_order=True)
    return pl.concat([different.filter(alone)["row"], best["row"]])


def _plain(frame: pl.DataFrame, column: str) -> pl.Series:
    """The column in types whose text is the same for ever: instants and amounts as integers."""
    values, dtype = frame[column], frame[column].dtype
    if isinstance(dtype, pl.Datetime):
        values = values.dt.epoch("ms")
    if isinstance(dtype, pl.Decimal):
        values = pl.Series(column, [int(v * MONEY_UNIT) for v in values], dtype=pl.Int64)
    return values


def content_hashes(plain: pl.DataFrame) -> list[bytes]:
    """A stable hash of each row."""
    return [_hash(row) for row in plain.iter_rows()]


def _rank(event: Event) -> tuple[object, ...]:
    values = {name: _value(value) for name, value in vars(event).items() if name not in NO_CONTENT}
    slim = _hash(tuple(values[name] for name in SLIM))
    return event.received_at, event.event_time, slim, _hash(tuple(values[name] for name in sorted(values)))


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return round((value - EPOCH).total_seconds() * 1000)
    return int(value * MONEY_UNIT) if isinstance(value, Decimal) else value


def _hash(values: tuple[object, ...]) -> bytes:
    return hashlib.blake2b(repr(values).encode(), digest_size=8).digest()
