"""The last chain of recently active visitors, kept so that most blocks need no look-up.

Only a cache: losing it never changes a number.

What it promises of a site, once told how far the site's stored events reach: a stored event at or after
`complete_from` belongs to a visitor it holds, and of a visitor it holds, every stored event from the begin
of the chain on is in it. Dropping a chain moves `complete_from` past its end; the visitor's name and the end
stay, which tells new visitors from those whose chain must be read back. A stored event at or after
`named_from` belongs to a visitor who is held or named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from schemas.arrow import INSTANT, schema
from schemas.event import Event
from schemas.session import Session
from sessionize.order import timeouts
from sessionize.recut import STORED, Recut
from sessionize.repeats import SLIM
from sessionize.rule import Rule

VISITOR = ("site_id", "visitor_id")
TICK = timedelta(milliseconds=1)
NO_CHAINS = pl.DataFrame(
    schema={
        "site_id": pl.String, "visitor_id": pl.String, "first": INSTANT, "last": INSTANT, "rows": pl.Int64,
        "chain": pl.Int64,
    }
)  # fmt: skip
NO_EVENTS = pl.DataFrame(schema={**{c: schema(Event)[c] for c in SLIM}, "chain": pl.Int64})
NO_SESSIONS = pl.DataFrame(schema={**schema(Session), "chain": pl.Int64})
NO_SITES = pl.DataFrame(
    schema={"site_id": pl.String, "complete_from": INSTANT, "named_from": INSTANT, "newest": INSTANT}
)
NO_NAMES = pl.DataFrame(schema={"site_id": pl.String, "name": pl.UInt64, "ended": INSTANT})
NAME = pl.struct("site_id", "visitor_id").hash(1)
SLACK_ROWS = 50_000


@dataclass(frozen=True)
class Known:
    """What the cache knows of a block's visitors, and whom the store must be asked about."""

    events: pl.DataFrame  # STORED columns, version 0
    sessions: pl.DataFrame  # schema(Session)
    missing: pl.DataFrame  # site_id, visitor_id


class OpenSessions:
    """Chains in columns, at most `max_bytes` of them, none `max_age_ms` older than its site's newest."""

    def __init__(
        self, max_bytes: int = 64 << 20, max_age_ms: int = 3_600_000, max_names: int = 1_000_000
    ) -> None:
        self._max_bytes, self._max_age_ms, self._max_names = max_bytes, max_age_ms, max_names
        self.drop()

    def drop(self) -> None:
        """Forget everything."""
        self._sites = NO_SITES
        self._named, self._names_kept = NO_NAMES, 0
        self._chains, self._events, self._sessions = NO_CHAINS, NO_EVENTS, NO_SESSIONS
        self._next = 0

    def unknown_sites(self, new: pl.DataFrame) -> list[str]:
        """Sites of the block of which `complete` was not said; nothing is kept of them until it is."""
        sites = new.select("site_id").unique()
        return sites.join(self._sites, on="site_id", how="anti")["site_id"].to_list()

    def complete(self, site_id: str, latest: datetime | None) -> None:
        """The site's stored events reach up to `latest`, inclusive; None: it has none."""
        start = datetime.fromisoformat("0001-01-01T00:00:00+00:00") if latest is None else latest + TICK
        row = pl.DataFrame([(site_id, start, start, start)], schema=NO_SITES.schema, orient="row")
        self._sites = pl.concat([self._sites.filter(pl.col("site_id") != site_id), row])

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
            .join(self._sites, on="site_id", how="left")
        )
        held = pl.col("chain").is_not_null()
        answered = visitors.filter(
            pl.when(held)
            .then(pl.col("event_time") >= pl.col("first"))
            .otherwise((pl.col("reaches") >= pl.col("complete_from")) | self._are_new(visitors))
        )
        chains = answered.select("chain").drop_nulls()
        events = self._events.join(chains, on="chain", how="semi").drop("chain")
        return Known(
            events.with_columns(version=pl.lit(0, pl.UInt64), is_deleted=pl.lit(False)).select(STORED),
            self._sessions.join(chains, on="chain", how="semi").drop("chain"),
            visitors.join(answered, on=VISITOR, how="anti").select(VISITOR),
        )

    def _are_new(self, visitors: pl.DataFrame) -> pl.Series:
        """Whether nothing that is stored of each visitor reaches as far as its new events do."""
        names = visitors.select(name=NAME)["name"]
        asked = self._named.filter(pl.col("name").is_in(names.implode()))
        ended = asked.group_by("name").agg(pl.col("ended").max())
        of_visitors = visitors.with_columns(name=names).join(
            ended, on="name", how="left", maintain_order="left"
        )
        told = pl.col("reaches") >= pl.col("named_from")
        gone = pl.col("ended").is_null() | (pl.col("ended") < pl.col("reaches"))
        are_new: pl.Series = of_visitors.select(told & gone).to_series().fill_null(False)
        return are_new

    def put(self, done: Recut) -> None:
        """Take over what stands after a step, when its rows are written."""
        touched = self._recent(done.touched)
        last = touched.sort("last").unique(VISITOR, keep="last", maintain_order=True)
        held = self._chains.select(*VISITOR, held_first="first", held_last="last", held="chain")
        visitors = last.join(held, on=VISITOR, how="left").join(self._sites, on="site_id")
        # Of a visitor not held nothing was stored from complete_from on: a chain that reaches it is the last.
        is_newest = pl.col("last") >= pl.coalesce("held_first", "complete_from")
        newest = visitors.filter(is_newest)
        self._move(visitors.filter(~is_newest).select(*VISITOR, "last"))
        self._chains = self._chains.join(newest.select(chain="held"), on="chain", how="anti")
        kept = self._add(newest, done)
        # A chain may have lost all its events to earlier ones: then the visitor's last chain is not known.
        lost = newest.join(kept, on=VISITOR, how="anti")
        self._move(lost.select(*VISITOR, last=pl.max_horizontal("last", "held_last")))
        self._evict()

    def _recent(self, touched: pl.DataFrame) -> pl.DataFrame:
        """Without chains that are too old to be kept: most of an import's."""
        ends = touched.group_by("site_id").agg(end=pl.col("last").max())
        self._sites = (
            self._sites.join(ends, on="site_id", how="left")
            .with_columns(newest=pl.max_horizontal("newest", "end"))
            .drop("end")
        )
        too_old = self._too_old(touched)
        old = touched.filter(too_old)
        self._move(old.select(*VISITOR, "last"))
        held = self._chains.join(old.select(*VISITOR, until="last"), on=VISITOR)
        self._let_go(held.filter(pl.col("until") >= pl.col("first")).select(self._chains.columns))
        return touched.filter(~too_old)

    def _too_old(self, chains: pl.DataFrame) -> pl.Series:
        """Whether each chain ended too long before its site's newest one."""
        age = pl.col("newest") - pl.col("last")
        of_sites = chains.join(self._sites, on="site_id", how="left", maintain_order="left")
        return of_sites.select(age > pl.duration(milliseconds=self._max_age_ms)).to_series()

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
        """Chains with these ends (site_id, visitor_id, last) are no longer held, only named."""
        if ended.is_empty():
            return
        past = ended.group_by("site_id").agg(past=pl.col("last").max() + TICK)
        self._sites = (
            self._sites.join(past, on="site_id", how="left")
            .with_columns(complete_from=pl.max_horizontal("complete_from", "past"))
            .drop("past")
        )
        names = ended.select("site_id", name=NAME, ended="last")
        self._named = pl.concat([self._named, names.cast(NO_NAMES.schema)])

    def _evict(self) -> None:
        self._let_go(self._chains.filter(self._too_old(self._chains)))
        self._forget_names()
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
        if chains.is_empty():
            return
        self._chains = self._chains.join(chains, on="chain", how="anti")
        self._move(chains.select(*VISITOR, "last"))

    def _forget_names(self) -> None:
        """Of the visitors named drop those of long ago, and half of them all when there are too many."""
        if self._named.height <= self._names_kept * 5 // 4 + SLACK_ROWS:
            return
        age = pl.duration(milliseconds=self._max_age_ms)
        sites = self._sites.select("site_id", least=pl.col("newest") - age)
        named = self._named.group_by("site_id", "name").agg(pl.col("ended").max())
        if named.height > self._max_names:
            middle = named["ended"].median()
            sites = sites.with_columns(least=pl.max_horizontal("least", pl.lit(middle, INSTANT)))
        kept = named.join(sites, on="site_id", how="left").filter(pl.col("ended") >= pl.col("least"))
        self._named, self._names_kept = kept.select(NO_NAMES.columns), kept.height
        self._sites = (
            self._sites.join(sites, on="site_id")
            .with_columns(named_from=pl.max_horizontal("named_from", "least"))
            .drop("least")
        )

    def _compact(self) -> None:
        self._events = self._events.join(self._chains, on="chain", how="semi").rechunk()
        self._sessions = self._sessions.join(self._chains, on="chain", how="semi").rechunk()

    def _bytes(self) -> int:
        return int(self._events.estimated_size() + self._sessions.estimated_size())


def _numbered(rows: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """The rows of these chains, under their numbers in the cache."""
    return rows.join(numbers, on="chain").drop("chain").rename({"kept": "chain"})
