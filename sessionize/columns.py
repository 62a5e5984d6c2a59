"""The session rule for any number of sites and visitors at once; the same rows as `sessionize.rule`.

Events are ordered once. A run of one visitor's events without a pause longer than the time-out is a *chain*.
In a chain the first interactive event opens a session and everything after it joins, so that a session is a
range of the order and its sums are differences of running sums. A site that cuts at midnight or on campaigns
has shorter chains. Only a chain that meets a cap (24 h, 10,000 events) is cut step by step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from schemas.arrow import INSTANT, schema
from schemas.event import OUTSIDE_SESSIONS
from schemas.session import Session
from sessionize.order import Bools, Ints, Order, visitor_order
from sessionize.ordered import Ordered, next_set, session_numbers
from sessionize.refunds import refunds_of
from sessionize.rule import CAMPAIGN, Rule
from sessionize.summaries import summaries

COLUMNS = (
    "site_id", "visitor_id", "event_id", "event_type", "channel", "event_time", "seq", "page_view_id",
    "engaged_ms", "path", "host", "source", "medium", *CAMPAIGN, "channel_group", "device_class", "os",
    "browser", "country", "order_id", "revenue", "currency", "is_bot",
)  # fmt: skip
"""The event columns the rule reads."""


@dataclass(frozen=True)
class Cuts:
    """Sessions, and for each event (in the order given) the row of its session.

    `session_of` is -1 for a stray event and -2 for an event of a channel outside sessions.
    """

    sessions: pl.DataFrame
    session_of: Ints


def sessions(
    events: pl.DataFrame, rules: Mapping[str, Rule], refunds: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Sessions of the events (any order, no repeats) of any sites and visitors; schema(Session), version 0.

    Ordered by visitor and start inside a visitor only. A site without a rule is cut by the default rule.
    `refunds`: events (COLUMNS) by which other visitors gave back orders of these. More does no harm.
    """
    return cuts(events, rules, refunds).sessions


def cuts(
    events: pl.DataFrame,
    rules: Mapping[str, Rule],
    refunds: pl.DataFrame | None = None,
    order: Order | None = None,
) -> Cuts:
    """Sessions of the events and the session of each event; `order` if it is known already."""
    given_back = refunds_of(events) if refunds is None else refunds_of(_both(events, refunds))
    session_of = np.full(events.height, -2, dtype=np.int64)
    inside = ~events["channel"].is_in(OUTSIDE_SESSIONS).to_numpy()
    if not inside.any():
        return Cuts(pl.DataFrame(schema=schema(Session)), session_of)
    order = visitor_order(events) if order is None else order
    if not inside.all():
        order = order.only(inside)
        events = events.filter(inside)
    ordered = Ordered(events, order, rules)
    first, end = _ranges(ordered)
    numbers = np.empty(events.height, dtype=np.int64)
    numbers[order.positions] = session_numbers(first, end, len(numbers))
    session_of[inside] = numbers
    return Cuts(summaries(ordered, first, end, given_back), session_of)


def _both(events: pl.DataFrame, refunds: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([events.select(COLUMNS), refunds.select(COLUMNS)])


def _ranges(ordered: Ordered) -> tuple[Ints, Ints]:
    """Sessions as ranges [first, end) of the order."""
    size = len(ordered.order)
    timeout = ordered.rule_of_all("timeout_ms")
    opens_chain = ordered.first_of_visitor.copy()
    opens_chain[1:] |= np.diff(ordered.time) > timeout[1:]
    opens_chain |= _by_another_campaign(ordered, opens_chain) | _on_another_day(ordered)
    chain = np.flatnonzero(opens_chain)
    chain_end = np.append(chain[1:], size)
    opener = next_set(ordered.interactive)  # the next interactive event at or after each position
    first, end = opener[chain], chain_end
    some = first < end  # chains of passive events only are strays
    first, end = first[some], end[some]
    length, most = ordered.rule_value("max_length_ms", first), ordered.rule_value("max_events", first)
    capped = (ordered.time[end - 1] - ordered.time[first] > length) | (end - first > most)
    if not capped.any():
        return first, end
    pieces = [
        _cut_chain(ordered.time[:stop], opener, start, (longest, most_events))
        for start, stop, longest, most_events in np.column_stack([first, end, length, most])[capped].tolist()
    ]
    first = np.concatenate([first[~capped], *(p[0] for p in pieces)])
    end = np.concatenate([end[~capped], *(p[1] for p in pieces)])
    order = np.argsort(first)
    return first[order], end[order]


def _by_another_campaign(ordered: Ordered, opens_chain: Bools) -> Bools:
    """Whether each event arrives by a campaign that is not the one before it in its chain."""
    cuts = np.zeros(len(ordered.order), dtype=np.bool_)
    at = np.flatnonzero(ordered.interactive & ordered.rule_of_all("cut_on_campaign"))
    if len(at) == 0:
        return cuts
    named = ordered.take(at, *CAMPAIGN)
    some = named.select(pl.any_horizontal(pl.all() != "")).to_series().to_numpy()
    at, named = at[some], named.filter(some)
    chain = pl.Series("chain", np.cumsum(opens_chain)[at])
    key = pl.struct("chain", *CAMPAIGN)
    another = named.with_columns(chain).select(key.ne_missing(key.shift())).to_series()
    cuts[at] = another.to_numpy()
    return cuts


def _on_another_day(ordered: Ordered) -> Bools:
    """Whether each event falls on another day than the one before it, at sites that cut at midnight."""
    cuts = np.zeros(len(ordered.order), dtype=np.bool_)
    zones = ordered.rule_of_all("midnight_zone")
    for zone in set(np.unique(zones)) - {""}:
        at = np.flatnonzero(zones == zone)
        instants = pl.Series(ordered.time[at]).cast(INSTANT)
        day = instants.dt.convert_time_zone(zone).dt.date().to_physical().to_numpy()
        # Between two sites' events a visitor begins, which opens a chain anyway.
        cuts[at[1:]] = np.diff(day) != 0
    return cuts


def _cut_chain(time: Ints, opener: Ints, first: int, caps: tuple[int, int]) -> tuple[Ints, Ints]:
    """Sessions of the chain that begins at `first` and ends with `time`, of at most these caps."""
    (max_length, max_events), firsts, ends = caps, [], []
    while first < len(time):
        over = first + int(np.searchsorted(time[first:], time[first] + max_length, side="right"))
        end = min(over, first + max_events)
        firsts.append(first)
        ends.append(end)
        first = int(opener[end]) if end < len(time) else end
    return np.array(firsts, dtype=np.int64), np.array(ends, dtype=np.int64)
