"""Which stored events must be read before new ones can be cut: whole chains, found day by day. Pure.

The table is read in units of (visitor, UTC day), because that is its order. Loop until nothing is wanted:

    reading = ReadBack(new, rules)
    reading.add_copies(...)  # stored rows of reading.keys and of orders given back, wherever they lie
    while (days := reading.wanted()).height:
        reading.add_days(days, ...)  # all stored rows of these visitors and days, without FINAL
    recut(reading.known, new, ..., rules)  # and the sessions that start inside reading.chains()
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from schemas.arrow import schema
from schemas.event import Event
from sessionize.order import chains, timeouts
from sessionize.recut import STORED, slim, touching
from sessionize.repeats import KEYS
from sessionize.rule import Rule

EMPTY = pl.DataFrame(schema={c: schema(Event)[c] for c in STORED})
DAY = ("site_id", "visitor_id", "day")


class ReadBack:
    """What is known so far of the chains that new events touch."""

    def __init__(self, new: pl.DataFrame, rules: Mapping[str, Rule]) -> None:
        self.known = EMPTY
        self.keys = new.select(KEYS).unique()
        self._new, self._rules = slim(new), rules
        self._read = pl.DataFrame(schema={"site_id": pl.String, "visitor_id": pl.String, "day": pl.Date})

    def add_copies(self, rows: pl.DataFrame) -> None:
        """Stored rows (STORED columns, deleted ones too), at any time: of `keys`, or of orders given back."""
        self.known = pl.concat([self.known, rows.select(STORED).cast(EMPTY.schema)])

    def wanted(self) -> pl.DataFrame:
        """The days still to be read: site_id, visitor_id, day (UTC). Empty when all chains are closed."""
        touched = self.chains()
        reach = pl.duration(milliseconds=pl.lit(timeouts(touched["site_id"], self._rules)))
        days = touched.select(
            "site_id",
            "visitor_id",
            day=pl.date_ranges((pl.col("first") - reach).dt.date(), (pl.col("last") + reach).dt.date()),
        )
        return days.explode("day").unique().join(self._read, on=DAY, how="anti")

    def add_days(self, days: pl.DataFrame, rows: pl.DataFrame) -> None:
        """All stored rows (STORED columns, deleted ones too) of these days; they are not wanted again."""
        self._read = pl.concat([self._read, days.select(DAY)])
        self.add_copies(rows)

    def chains(self) -> pl.DataFrame:
        """The chains touched, as far as known: chain, site_id, visitor_id, first, last."""
        every = pl.concat([slim(self.known), self._new])
        return chains(every, self._rules).bounds(every, touching(every, self._new, self.known.height))


def to_read_back(new: pl.DataFrame, copies: pl.DataFrame, missing: pl.DataFrame) -> pl.DataFrame:
    """The new events around which must be read: those of `missing` visitors, and refunds.

    A refund reaches the order it names at another visitor. `copies`: stored rows, deleted ones too.
    """
    keys = pl.concat([frame.select(*KEYS, "event_type") for frame in (new, copies)])
    refunds = keys.filter(pl.col("event_type") == "refund")
    of_missing = new.join(missing, on=["site_id", "visitor_id"], how="semi", maintain_order="left")
    if refunds.is_empty():
        return of_missing
    others = new.join(missing, on=["site_id", "visitor_id"], how="anti", maintain_order="left")
    return pl.concat([of_missing, others.join(refunds, on=KEYS, how="semi", maintain_order="left")])
