"""Events in the order of the rule, column by column, and the places among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.event import INTERACTIVE, VIEWS
from sessionize.order import Bools, Ints, Order
from sessionize.rule import Rule


class Ordered:
    """What the rule reads of each event, in order."""

    def __init__(self, events: pl.DataFrame, by_visitor: Order, rules: Mapping[str, Rule]) -> None:
        kinds = events.select(
            time=pl.col("event_time").cast(pl.Int64),
            interactive=pl.col("event_type").is_in(INTERACTIVE),
            view=pl.col("event_type").is_in(VIEWS),
            bot=pl.col("is_bot"),
        )
        order = by_visitor.positions
        self.events, self.order, self.first_of_visitor = events, order, by_visitor.begins
        self.time: Ints = kinds["time"].to_numpy()[order]
        self.interactive: Bools = kinds["interactive"].to_numpy()[order]
        self.view: Bools = kinds["view"].to_numpy()[order]
        self.bot: Bools = kinds["bot"].to_numpy()[order]
        self._sites = events["site_id"].unique().to_list()
        self._rules = rules

    def rule_value(self, name: str, positions: Ints) -> npt.NDArray[Any]:
        """A field of the rule of the site of the events at these positions of the order."""
        values = [getattr(self._rules.get(site, Rule()), name) for site in self._sites]
        if len(set(values)) == 1:
            return np.full(len(positions), values[0])
        sites = self.take(positions, "site_id")["site_id"]
        of_rows: npt.NDArray[Any] = sites.replace_strict(self._sites, pl.Series(values)).to_numpy()
        return of_rows

    def rule_of_all(self, name: str) -> npt.NDArray[Any]:
        """A field of the rule of the site of every event."""
        return self.rule_value(name, np.arange(len(self.order)))

    def take(self, positions: Ints, *columns: str) -> pl.DataFrame:
        """Columns of the events at these positions of the order."""
        return self.events.select(columns)[self.order[positions]]


def next_set(flags: Bools) -> Ints:
    """Position of the next set flag at or after each position; the length where there is none."""
    at = np.where(flags, np.arange(len(flags)), len(flags))
    return np.minimum.accumulate(at[::-1])[::-1]


def last_set(flags: Bools) -> Ints:
    """Position of the last set flag at or before each position; -1 where there is none."""
    return np.maximum.accumulate(np.where(flags, np.arange(len(flags)), -1))


def session_numbers(first: Ints, end: Ints, size: int) -> Ints:
    """The session of each position, -1 for strays."""
    numbers = np.full(size, -1, dtype=np.int64)
    lengths = end - first
    inside = np.repeat(first - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) + np.arange(
        lengths.sum()
    )
    numbers[inside] = np.repeat(np.arange(len(first)), lengths)
    return numbers
