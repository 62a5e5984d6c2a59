"""Events in the order of the rule, and the chains they form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from sessionize.rule import Rule

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
VISITOR_HASH = pl.struct("site_id", "visitor_id").hash(1)


@dataclass(frozen=True)
class Order:
    """Positions of events by visitor, event_time, seq, event_id; and which of these begin a visitor."""

    positions: Ints
    begins: Bools

    def only(self, kept: Bools) -> Order:
        """The order of what is left when only these rows are kept."""
        keep = kept[self.positions]
        visitor = np.cumsum(self.begins)[keep]
        positions = (np.cumsum(kept) - 1)[self.positions[keep]]
        return Order(positions, np.diff(visitor, prepend=-1) != 0)


def visitor_order(events: pl.DataFrame, visitor_hash: pl.Expr = VISITOR_HASH) -> Order:
    """The order of the events of any visitors.

    Visitors stand in no particular order: their hashes are sorted, which is much faster than their names.
    """
    keys = events.select(
        visitor=visitor_hash,
        check=pl.struct("site_id", "visitor_id").hash(2),
        time=pl.col("event_time").cast(pl.Int64),
    )
    if events.height == 0:
        return Order(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_))
    order, first = _by_time(keys, events)
    check = keys["check"].to_numpy()[order]
    if np.any(~first[1:] & (check[1:] != check[:-1])):  # two visitors with one hash
        order, first = _by_time(keys.with_columns(visitor=_visitor_numbers(events)), events)
    return Order(order, first)


def _visitor_numbers(events: pl.DataFrame) -> pl.Series:
    pair = ["site_id", "visitor_id"]
    numbers = events.select(pair).unique().with_row_index("number")
    numbered = events.select(pair).join(numbers, on=pair, how="left", maintain_order="left")
    of_rows: pl.Series = numbered["number"].cast(pl.UInt64)
    return of_rows


def _by_time(keys: pl.DataFrame, events: pl.DataFrame) -> tuple[Ints, Bools]:
    visitor, time = keys["visitor"].to_numpy(), keys["time"].to_numpy()
    order = np.lexsort((time, visitor))
    visitor, time = visitor[order], time[order]
    first = np.concatenate([[True], visitor[1:] != visitor[:-1]])
    same = ~first[1:] & (time[1:] == time[:-1])
    if same.any():  # seq and event_id are compared only where they decide
        at = np.flatnonzero(np.concatenate([same, [False]]) | np.concatenate([[False], same]))
        tied = keys[order[at]].hstack(events[order[at]].select(pl.col("seq").fill_null(0), "event_id"))
        order[at] = order[at][tied.select(pl.arg_sort_by("visitor", "time", "seq", "event_id")).to_series()]
    return order, first


@dataclass(frozen=True)
class Chains:
    """Each visitor's events, those outside sessions too, cut where a pause is longer than the time-out.

    A session never leaves its chain, so a chain is what must be known to cut any of its sessions.
    """

    order: Order
    number: Ints  # of each row

    def of(self, rows: Bools) -> Bools:
        """All rows of the chains of these rows."""
        chosen = np.bincount(self.number[rows], minlength=len(rows)) > 0
        whole: Bools = chosen[self.number]
        return whole

    def bounds(self, events: pl.DataFrame, rows: Bools) -> pl.DataFrame:
        """The chains of these rows: chain (number), site_id, visitor_id, first, last (times)."""
        begins = np.flatnonzero(np.diff(self.number[self.order.positions], prepend=-1))
        ends = np.append(begins[1:], len(self.number))[: len(begins)] - 1
        numbers = np.flatnonzero(np.bincount(self.number[rows]))
        first = events.select("site_id", "visitor_id", first="event_time")[
            self.order.positions[begins[numbers]]
        ]
        last = events.select(last="event_time")[self.order.positions[ends[numbers]]]
        return first.hstack(last).insert_column(0, pl.Series("chain", numbers))


def chains(events: pl.DataFrame, rules: Mapping[str, Rule]) -> Chains:
    """The chains of the events, numbered from 0."""
    order = visitor_order(events)
    time = events["event_time"].dt.epoch("ms").to_numpy()[order.positions]
    timeout = timeouts(events["site_id"], rules).to_numpy()[order.positions]
    begins = order.begins.copy()
    begins[1:] |= np.diff(time) > timeout[1:]
    number = np.empty(events.height, dtype=np.int64)
    number[order.positions] = np.cumsum(begins) - 1
    return Chains(order, number)


def timeouts(sites: pl.Series, rules: Mapping[str, Rule]) -> pl.Series:
    """The time-out of each row's site, in milliseconds."""
    of_site = {site: rule.timeout_ms for site, rule in rules.items()}
    of_rows: pl.Series = sites.replace_strict(of_site, default=Rule().timeout_ms, return_dtype=pl.Int64)
    return of_rows
