"""What to write when new events arrive: the part of each visitor's history they touch is cut again.

Pure, and right at any lateness: sessions come from the events alone, so what is written does not depend on
how the events were batched. Applied twice it writes nothing the second time, and it completes what a crash
left half written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from schemas.arrow import complete, defaults, schema
from schemas.event import Event
from schemas.session import Session
from sessionize.columns import DEFAULT, cuts, visitor_order
from sessionize.repeats import KEYS, SLIM, winners
from sessionize.rule import Rule

STORED = (*SLIM, "version", "is_deleted")
"""Columns of an event read back; without the last two, each row is taken to stand."""
SESSION_KEYS = ("site_id", "visitor_id", "session_id", "start")
TOMBSTONE = (*KEYS, "event_type", "channel", "received_at", "event_time")


@dataclass(frozen=True)
class Recut:
    """Rows to write, all of version 0 (the writer sets it), and what then stands in the chains touched."""

    insert: pl.DataFrame  # rows of the new events
    retract: pl.DataFrame  # stored copies that lost: TOMBSTONE columns, protocol, is_deleted
    sessions: pl.DataFrame  # schema(Session); is_deleted marks tombstones, which carry the stored start
    duplicates: int  # new events not inserted, because a copy stands
    strays: int  # inserted events that are passive and in no session
    touched: pl.DataFrame  # the chains: site_id, visitor_id, first, last
    events_after: pl.DataFrame  # SLIM columns of the chains touched
    sessions_after: pl.DataFrame  # schema(Session) of the chains touched


def recut(known: pl.DataFrame, new: pl.DataFrame, stored: pl.DataFrame, rules: Mapping[str, Rule]) -> Recut:
    """Compare what stands with what should.

    `known`: stored events (STORED columns): all copies of the new events, and all events of the chains that
    these and the new events touch. More does no harm; superseded and deleted rows belong to it.
    `new`: events of the block, any columns of schema(Event). `stored`: session rows of these chains.
    """
    touched = chains_of(pl.concat([slim(known), slim(new)]), new, rules)
    # All columns of the new copies are compared among themselves, the slim ones with what is stored.
    fresh = new.filter(winners(new.with_columns(slim(new))))
    standing = slim(_latest(known, (*KEYS, "event_time")))
    both = pl.concat([standing, slim(fresh)])
    wins = winners(both)
    insert, lost = fresh.filter(wins[standing.height :]), standing.filter(~wins[: standing.height])
    after = _inside(both.filter(wins), touched, "event_time", "event_time")
    cut = cuts(after, rules)
    before = _inside(_latest(complete(stored, Session), SESSION_KEYS), touched, "start", "end")
    return Recut(
        insert=insert,
        retract=_tombstones(lost, insert),
        sessions=_changes(before, cut.sessions),
        duplicates=new.height - insert.height,
        strays=after.filter(pl.Series(cut.session_of == -1)).join(insert, on=KEYS, how="semi").height,
        touched=touched,
        events_after=after,
        sessions_after=cut.sessions,
    )


def slim(events: pl.DataFrame) -> pl.DataFrame:
    """The SLIM columns; absent ones take the default of the record."""
    default, dtypes = defaults(Event), schema(Event)
    return events.select(
        pl.col(name).cast(dtypes[name])
        if name in events.columns
        else pl.lit(default[name], dtype=dtypes[name]).alias(name)
        for name in SLIM
    )


def chains_of(events: pl.DataFrame, touching: pl.DataFrame, rules: Mapping[str, Rule]) -> pl.DataFrame:
    """The chains that hold an event of `touching` or any copy of one: site_id, visitor_id, first, last.

    A chain is a visitor's events, those outside sessions too, without a pause longer than the time-out;
    a session never leaves its chain.
    """
    numbered = events.select(*KEYS, "event_time", chain=chain_numbers(events, rules))
    touched = numbered.join(touching.select(KEYS), on=KEYS, how="semi").select("chain").unique()
    chains = numbered.join(touched, on="chain", how="semi").group_by("chain")
    first_and_last = chains.agg(
        pl.first("site_id", "visitor_id"), first=pl.col("event_time").min(), last=pl.col("event_time").max()
    )
    return first_and_last.drop("chain")


def chain_numbers(events: pl.DataFrame, rules: Mapping[str, Rule]) -> pl.Series:
    """The chain of each row."""
    numbers = np.zeros(events.height, dtype=np.int64)
    if events.height:
        order, first = visitor_order(events)
        time = events["event_time"].dt.epoch("ms").to_numpy()[order]
        timeout = timeouts(events["site_id"], rules).to_numpy()[order]
        first[1:] |= np.diff(time) > timeout[1:]
        numbers[order] = np.cumsum(first)
    return pl.Series(numbers)


def timeouts(sites: pl.Series, rules: Mapping[str, Rule]) -> pl.Series:
    """The time-out of each row's site, in milliseconds."""
    of_site = {site: rule.timeout_ms for site, rule in rules.items()}
    of_rows: pl.Series = sites.replace_strict(of_site, default=DEFAULT.timeout_ms, return_dtype=pl.Int64)
    return of_rows


def _latest(rows: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """The rows that stand: of each key the highest version, unless it is a tombstone."""
    if "version" not in rows.columns:
        return rows
    latest = rows.sort("version").unique(keys, keep="last", maintain_order=True)
    standing: pl.DataFrame = latest.filter(~pl.col("is_deleted"))
    return standing


def _inside(rows: pl.DataFrame, chains: pl.DataFrame, begin: str, end: str) -> pl.DataFrame:
    """Rows that meet one of the visitor's chains."""
    numbered = rows.with_row_index("row")
    met = numbered.join(chains, on=["site_id", "visitor_id"], how="inner").filter(
        (pl.col(begin) <= pl.col("last")) & (pl.col(end) >= pl.col("first"))
    )
    return rows[met["row"].unique().sort()]


def _tombstones(lost: pl.DataFrame, insert: pl.DataFrame) -> pl.DataFrame:
    """Rows that retract stored events; where the winner has the same sort key it replaces them by itself."""
    key = [*KEYS, "event_time"]
    return (
        lost.join(insert.select(key), on=key, how="anti")
        .select(TOMBSTONE)
        .with_columns(protocol=pl.lit(""), is_deleted=pl.lit(True))
    )


def _changes(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Sessions that are new or differ, and tombstones of those that are no more."""
    content = [c for c in after.columns if c not in ("version", "is_deleted")]
    changed = after.join(before, on=content, how="anti")
    gone = before.join(after, on=SESSION_KEYS, how="anti")
    return pl.concat([changed, gone.with_columns(version=pl.lit(0, pl.UInt64), is_deleted=pl.lit(True))])
