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
from sessionize.columns import Cuts, cuts
from sessionize.order import Bools, Ints, chains
from sessionize.refunds import ORDER, orders_named
from sessionize.repeats import KEYS, SLIM, may_repeat, winners
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
    touched: pl.DataFrame  # the chains: chain (a number), site_id, visitor_id, first, last
    events_after: pl.DataFrame  # SLIM columns and chain
    sessions_after: pl.DataFrame  # schema(Session) and chain


def recut(
    known: pl.DataFrame,
    new: pl.DataFrame,
    stored: pl.DataFrame,
    rules: Mapping[str, Rule],
    replaced: pl.DataFrame | None = None,
) -> Recut:
    """Compare what stands with what should.

    `known`: stored events (STORED columns): all copies of the new events, the orders that refunds among all
    these name, all events of the chains that they touch, and the refunds of the orders in these chains. More
    does no harm; superseded and deleted rows belong to it.
    `new`: events of the block, any columns of schema(Event). `stored`: session rows of these chains.
    `replaced`: stored events (SLIM columns) whose requests say `new` instead now: they stand no longer.
    """
    gone = slim(known).clear() if replaced is None else slim(replaced)
    known, is_gone = _without(known, gone)
    # In one piece: to pick rows of text out of several costs ten times as much.
    every, before_new = pl.concat([slim(known), slim(new)], rechunk=True), known.height
    linked = chains(every, rules)
    touched = touching(every, new, before_new, is_gone)
    wins, lost = _standing(known, new, every)
    stays = wins & linked.of(touched)
    after = every.filter(stays)
    refunds = every.filter(wins).filter(pl.col("event_type") == "refund")
    cut = cuts(after, rules, refunds, linked.order.only(stays))
    insert = new if wins[before_new:].all() else new.filter(wins[before_new:])
    ranges = linked.bounds(every, touched)
    before = _inside(latest(complete(stored, Session), SESSION_KEYS), ranges)
    stray = cut.session_of == -1
    return Recut(
        insert=insert,
        retract=_tombstones(pl.concat([lost, gone]), insert),
        sessions=session_changes(before, cut.sessions),
        duplicates=new.height - insert.height,
        strays=int(np.count_nonzero(np.flatnonzero(stays)[stray] >= before_new)),
        touched=ranges,
        events_after=after.with_columns(chain=pl.Series(linked.number[stays])),
        sessions_after=cut.sessions.with_columns(chain=_chain_of_sessions(cut, linked.number[stays])),
    )


def touching(every: pl.DataFrame, new: pl.DataFrame, before_new: int, is_gone: Bools | None = None) -> Bools:
    """Rows that are new (those from `before_new` on), copies of new ones, gone, or orders these give back."""
    touches = np.arange(every.height) >= before_new
    if is_gone is not None:
        touches[:before_new] |= is_gone
    if may_repeat(every["event_id"]):
        old = every.select(KEYS).head(before_new).with_row_index("row")
        copies = old.filter(pl.col("event_id").is_in(new["event_id"].implode()))
        touches[copies.join(new.select(KEYS), on=KEYS, how="semi")["row"]] = True
    given_back = orders_named(every.filter(touches), "refund")
    if given_back.height:
        orders = every.with_row_index("row").filter(pl.col("event_type") == "order")
        touches[orders.join(given_back, on=ORDER, how="semi")["row"]] = True
    return touches


def _without(known: pl.DataFrame, gone: pl.DataFrame) -> tuple[pl.DataFrame, Bools]:
    """The known rows with those that are gone marked as deleted, and which these are."""
    is_gone = np.zeros(known.height, dtype=np.bool_)
    if gone.is_empty():
        return known, is_gone
    rows = known.select(*KEYS, "event_time").with_row_index("row")
    is_gone[rows.join(gone, on=[*KEYS, "event_time"], how="semi")["row"]] = True
    return known.with_columns(is_deleted=pl.col("is_deleted") | pl.lit(pl.Series(is_gone))), is_gone


def _standing(known: pl.DataFrame, new: pl.DataFrame, every: pl.DataFrame) -> tuple[Bools, pl.DataFrame]:
    """Which rows of `every` (the known and then the new) win, and the stored events that lost."""
    wins = np.ones(every.height, dtype=np.bool_)
    if "is_deleted" in known.columns:
        wins[: known.height] = ~known["is_deleted"].to_numpy()
    if not may_repeat(every["event_id"]):
        return wins, every.clear()
    old = latest(known.with_row_index("row"), (*KEYS, "event_time"))["row"].to_numpy()
    # All columns of the new copies are compared among themselves, the slim ones with what is stored.
    fresh = np.flatnonzero(winners(new.with_columns(slim(new)))) + known.height
    rows = np.concatenate([old, fresh]).astype(np.int64)
    best = winners(every[rows])
    wins[:] = False
    wins[rows[best]] = True
    return wins, every[rows[: len(old)][~best[: len(old)]]]


def slim(events: pl.DataFrame) -> pl.DataFrame:
    """The SLIM columns; absent ones take the default of the record."""
    default, dtypes = defaults(Event), schema(Event)
    return events.select(
        pl.col(name).cast(dtypes[name])
        if name in events.columns
        else pl.lit(default[name], dtype=dtypes[name]).alias(name)
        for name in SLIM
    )


def latest(rows: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """The rows that stand: of each key the highest version, unless it is a tombstone."""
    if "version" not in rows.columns:
        return rows
    latest = rows.sort("version").unique(keys, keep="last", maintain_order=True)
    standing: pl.DataFrame = latest.filter(~pl.col("is_deleted"))
    return standing


def _inside(sessions: pl.DataFrame, chains: pl.DataFrame) -> pl.DataFrame:
    """Sessions that start in one of their visitor's chains."""
    met = sessions.join(chains, on=["site_id", "visitor_id"])
    return met.filter(pl.col("start").is_between("first", "last")).select(sessions.columns)


def _chain_of_sessions(cut: Cuts, chain_of_events: Ints) -> pl.Series:
    member = cut.session_of >= 0
    chain = np.empty(cut.sessions.height, dtype=np.int64)
    chain[cut.session_of[member]] = chain_of_events[member]
    return pl.Series(chain)


def _tombstones(lost: pl.DataFrame, insert: pl.DataFrame) -> pl.DataFrame:
    """Rows that retract stored events; where the winner has the same sort key it replaces them by itself."""
    key = [*KEYS, "event_time"]
    return (
        lost.join(insert.select(key), on=key, how="anti")
        .select(TOMBSTONE)
        .with_columns(protocol=pl.lit(""), is_deleted=pl.lit(True))
    )


def session_changes(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Sessions that are new or differ, and tombstones of those that are no more; all of version 0."""
    content = [c for c in after.columns if c not in ("version", "is_deleted")]
    changed = after.join(before, on=content, how="anti")
    gone = before.join(after, on=SESSION_KEYS, how="anti")
    return pl.concat([changed, gone.with_columns(version=pl.lit(0, pl.UInt64), is_deleted=pl.lit(True))])
