"""Columns that may be absent, and look-ups that cost once for each distinct value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import polars as pl

Value = TypeVar("Value")
BOUND = 1 << 15
"""Distinct strings a process keeps for one kind of look-up."""
MAX_AGENT = 512
"""Characters of an agent that are looked at: patterns cost by length, memories keep what was asked."""


def text(events: pl.DataFrame, name: str) -> pl.Expr:
    """A text column; '' where it is absent."""
    return pl.col(name).fill_null("") if name in events.columns else pl.lit("").alias(name)


def keyed(events: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """The distinct combinations of some text columns."""
    return events.select(text(events, name) for name in names).unique()


def beside(
    events: pl.DataFrame,
    keys: Sequence[str],
    look: Callable[..., tuple[Any, ...]],
    made: Mapping[str, Any],
) -> pl.DataFrame:
    """The columns `made` (name → type) that `look(*keys)` gives, as a frame parallel to the events."""
    table = keyed(events, keys)
    rows = [look(*row) for row in table.iter_rows()]
    if len(rows) == 1:
        return pl.select(
            pl.repeat(v, events.height, dtype=t).alias(n)
            for v, (n, t) in zip(rows[0], made.items(), strict=True)
        )
    answers = pl.DataFrame(rows, schema=dict(made), orient="row")
    table = table.select(pl.col(name).alias(f"\0{name}") for name in keys).hstack(answers)
    asked = events.select(text(events, name).alias(f"\0{name}") for name in keys)
    joined = asked.join(table, on=[f"\0{name}" for name in keys], how="left", maintain_order="left")
    return joined.select(*made)


class Remembered(dict[str, Value]):
    """A bounded memory of a function of one string; when full it starts anew."""

    def __init__(self, function: Callable[[str], Value], bound: int = BOUND) -> None:
        super().__init__()
        self._function, self._bound = function, bound

    def __missing__(self, key: str) -> Value:
        if len(self) >= self._bound:
            self.clear()
        value = self[key] = self._function(key)
        return value


def some(names: Sequence[str], events: pl.DataFrame) -> Iterator[str]:
    """Those of the names that the events have."""
    return (name for name in names if name in events.columns)
