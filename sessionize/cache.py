"""The last chain of recently active visitors, kept so that most blocks need no look-up.

Only a cache: losing it never changes a number.

What it promises of a site, once told how far the site's stored events reach: a stored event at or after
`complete_from` belongs to a visitor it holds, and of a visitor it holds, every stored event from the begin
of the chain on is in it. Dropping an old chain moves `complete_from` past its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from schemas.arrow import INSTANT, schema
from schemas.event import Event
from schemas.session import Session
from sessionize.order import timeouts
from sessionize.recut import STORED, Recut
from sessionize.repeats import SLIM
from sessionize.rule import Rule

VISITOR = ("site_id", "visitor_id")
TICK = pl.duration(milliseconds=1)
NO_CHAINS = pl.DataFrame(
    schema={
        "site_id": pl.String, "visitor_id": pl.String, "first": INSTANT, "last": INSTANT, "rows": pl.Int64,
        "chain": pl.Int64,
    }
)  # fmt: skip
NO_EVENTS = pl.DataFrame(schema={**{c: schema(Event)[c] for c in SLIM}, "chain": pl.Int64})
NO_SESSIONS = pl.DataFrame(schema={**schema(Session), "chain": pl.Int64})
SLACK_ROWS = 50_000


@dataclass(frozen=True)
class Known:
    """What the cache knows of a block's visitors, and whom the store must be asked about."""

    events: pl.DataFrame  # STORED columns, version 0
    sessions: pl.DataFrame  # schema(Session)
    missing: pl.DataFrame  # site_id, visitor_id


class OpenSessions:
    """Chains in columns, at most `max_bytes` of them, none `max_age_ms` older than its site's newest."""

    def __init__(self, max_bytes: int = 64 << 20, max_age_ms: int = 3_600_000) -> None:
        self._max_bytes, self._max_age_ms = max_bytes, max_age_ms
        self.drop()

    def drop(self) -> None:
        """Forget everything."""
        self._complete_from = pl.DataFrame(schema={"site_id": pl.String, "complete_from": INSTANT})
        self._chains, self._events, self._sessions = NO_CHAINS, NO_EVENTS, NO_SESSIONS
        self._next = 0

    def unknown_sites(self, new: pl.DataFrame) -> list[str]:
        """Sites of the block of which `complete` was not said; nothing is kept of them until it is."""
        sites = new.select("site_id").unique()
        return sites.join(self._complete_from, on="site_id", how="anti")["site_id"].to_list()

    def complete(self, site_id: str, latest: datetime | None) -> None:
        """The site's stored events reach up to `latest`, inclusive; None: it has none."""
        start = datetime.fromisoformat("0001-01-01T00:00:00+00:00") if latest is None else latest
        row = pl.DataFrame(
            {"site_id": [site_id], "complete_from": [start]}, schema=self._complete_from.schema
        )
        if latest is not None:
            row = row.with_columns(pl.col("complete_from") + TICK)
        self._complete_from = pl.concat([self._complete_from.filter(pl.col("site_id") != site_id), row])

    def known(
        self, new: pl.DataFrame, rules: Mapping[str, Rule], copies: pl.DataFrame | None = None
    ) -> Known:
        """What is known of the visitors of new events and of stored `copies` (orders given back too)."""
        at = new.select(*VISITOR, "event_time")
        if copies is not None:
            at = pl.concat([at, copies.select(at.columns)])
        earliest = at.group_by(VISITOR).agg(pl.col("event_time").min())
        reach = pl.duration(milliseconds=pl.lit(timeouts(earliest["site_id"], rules)))
        visitors = (
            earliest.with_columns(reaches=pl.col("event_time") - reach)
            .join(self._chains, on=VISITOR, how="left")
            .join(self._complete_from, on="site_id", how="left")
        )
        held = pl.col("chain").is_not_null()
        answered = visitors.filter(
            pl.when(held)
            .then(pl.col("event_time") >= pl.col("first"))
            .otherwise(pl.col("reaches") >= pl.col("complete_from"))
        )
        chains = answered.select("chain").drop_nulls()
        events = self._events.join(chains, on="chain", how="semi").drop("chain")
        return Known(
            events.with_columns(version=pl.lit(0, pl.UInt64), is_deleted=pl.lit(False)).select(STORED),
            self._sessions.join(chains, on="chain", how="semi").drop("chain"),
            visitors.join(answered, on=VISITOR, how="anti").select(VISITOR),
        )

    def put(self, done: Recut) -> None:
        """Take over what stands after a step, when its rows are written."""
        touched = self._recent(done.touched)
        last = touched.sort("last").unique(VISITOR, keep="last", maintain_order=True)
        held = self._chains.select(*VISITOR, held_first="first", held_last="last", held="chain")
        visitors = last.join(held, on=VISITOR, how="left").join(self._complete_from, on="site_id")
        # Of a visitor not held nothing was stored from complete_from on: a chain that reaches it is the last.
        newest = visitors.filter(pl.col("last") >= pl.coalesce("held_first", "complete_from"))
        self._chains = self._chains.join(newest.select(chain="held"), on="chain", how="anti")
        kept = self._add(newest, done)
        # A chain may have lost all its events to earlier ones: then the visitor's last chain is not known.
        lost = newest.join(kept, on=VISITOR, how="anti")
        self._move(lost.select("site_id", last=pl.max_horizontal("last", "held_last")))
        self._evict()

    def _recent(self, touched: pl.DataFrame) -> pl.DataFrame:
        """Without chains that are too old to be kept: most of an import's."""
        ends = pl.concat([frame.select("site_id", "last") for frame in (self._chains, touched)])
        newest = ends.group_by("site_id").agg(newest=pl.col("last").max())
        age = pl.col("newest") - pl.col("last")
        aged = touched.join(newest, on="site_id", how="left", maintain_order="left").with_columns(
            old=age > pl.duration(milliseconds=self._max_age_ms)
        )
        old = aged.filter("old")
        self._move(old.select("site_id", "last"))
        held = self._chains.join(old.select(*VISITOR, until="last"), on=VISITOR)
        self._let_go(held.filter(pl.col("until") >= pl.col("first")).select(self._chains.columns))
        return aged.filter(~pl.col("old")).select(touched.columns)

    def _add(self, newest: pl.DataFrame, done: Recut) -> pl.DataFrame:
        """Keep these chains as they stand after the step; returned are those that hold an event."""
        numbers = newest.select("chain", kept=pl.int_range(pl.len()) + self._next)
        self._next += newest.height
        events = _numbered(done.events_after, numbers)
        sessions = _numbered(done.sessions_after, numbers)
        chains = (
            events.group_by("chain")
            .agg(
                pl.first(*VISITOR),
                first=pl.col("event_time").min(),
                last=pl.col("event_time").max(),
                rows=pl.len().cast(pl.Int64),
            )
            .select(NO_CHAINS.columns)
        )
        self._chains = pl.concat([self._chains, chains])
        self._events = pl.concat([self._events, events])
        self._sessions = pl.concat([self._sessions, sessions])
        return chains

    def _move(self, ended: pl.DataFrame) -> None:
        """Chains with these ends (site_id, last) are no longer held: `complete_from` goes past them."""
        past = ended.group_by("site_id").agg(past=pl.col("last").max() + TICK)
        self._complete_from = self._complete_from.join(past, on="site_id", how="left").select(
            "site_id", complete_from=pl.max_horizontal("complete_from", "past")
        )

    def _evict(self) -> None:
        age = pl.col("last").max().over("site_id") - pl.col("last")
        self._let_go(self._chains.filter(age > pl.duration(milliseconds=self._max_age_ms)))
        if self._events.height > 2 * self._chains["rows"].sum() + SLACK_ROWS:
            self._compact()
        if self._bytes() <= self._max_bytes:
            return
        self._compact()
        if (size := self._bytes()) > self._max_bytes:
            # A quarter is freed at once, so that this is rare.
            rows = int(self._events.height * self._max_bytes / size * 3 // 4)
            oldest_last = self._chains.sort("last", descending=True)
            self._let_go(oldest_last.filter(pl.col("rows").cum_sum() > rows))
            self._compact()

    def _let_go(self, chains: pl.DataFrame) -> None:
        self._chains = self._chains.join(chains, on="chain", how="anti")
        self._move(chains.select("site_id", "last"))

    def _compact(self) -> None:
        self._events = self._events.join(self._chains, on="chain", how="semi").rechunk()
        self._sessions = self._sessions.join(self._chains, on="chain", how="semi").rechunk()

    def _bytes(self) -> int:
        return int(self._events.estimated_size() + self._sessions.estimated_size())


def _numbered(rows: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """The rows of these chains, under their numbers in the cache."""
    return rows.join(numbers, on="chain").drop("chain").rename({"kept": "chain"})
