"""The session rule for any number of sites and visitors at once; the same rows as `sessionize.rule`.

Events are ordered once. A run of one visitor's events without a pause longer than the time-out is a *chain*.
In a chain the first interactive event opens a session and everything after it joins, so that a session is a
range of the order and its sums are differences of running sums. A site that cuts at midnight or on campaigns
has shorter chains. Only a chain that meets a cap (24 h, 10,000 events) is cut step by step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.arrow import INSTANT, MONEY, complete, schema
from schemas.event import INTERACTIVE, OUTSIDE_SESSIONS, VIEWS
from schemas.session import Session
from sessionize.order import Bools, Ints, Order, visitor_order
from sessionize.refunds import net, refunds_of
from sessionize.rule import CAMPAIGN, ENGAGED_S, ENGAGED_VIEWS, ID_SEPARATOR, Rule, hash_id

COLUMNS = (
    "site_id", "visitor_id", "event_id", "event_type", "channel", "event_time", "seq", "page_view_id",
    "engaged_ms", "path", "host", "source", "medium", *CAMPAIGN, "channel_group", "device_class", "os",
    "browser", "country", "order_id", "revenue", "currency", "is_bot",
)  # fmt: skip
"""The event columns the rule reads."""
OF_FIRST_EVENT = {
    "site_id": "site_id", "visitor_id": "visitor_id", "host": "host", "channel": "channel",
    "source": "source", "medium": "medium", "campaign": "utm_campaign", "channel_group": "channel_group",
    "device_class": "device_class", "os": "os", "browser": "browser", "country": "country",
}  # fmt: skip
"""Session column → column of its first event."""
MONEY_UNIT = 10_000


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
    ordered = _Ordered(events, order, rules)
    first, end = _ranges(ordered)
    numbers = np.empty(events.height, dtype=np.int64)
    numbers[order.positions] = _numbers(first, end, len(numbers))
    session_of[inside] = numbers
    return Cuts(_summaries(ordered, first, end, given_back), session_of)


def _both(events: pl.DataFrame, refunds: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([events.select(COLUMNS), refunds.select(COLUMNS)])


class _Ordered:
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


def _ranges(ordered: _Ordered) -> tuple[Ints, Ints]:
    """Sessions as ranges [first, end) of the order."""
    size = len(ordered.order)
    timeout = ordered.rule_of_all("timeout_ms")
    opens_chain = ordered.first_of_visitor.copy()
    opens_chain[1:] |= np.diff(ordered.time) > timeout[1:]
    opens_chain |= _by_another_campaign(ordered, opens_chain) | _on_another_day(ordered)
    chain = np.flatnonzero(opens_chain)
    chain_end = np.append(chain[1:], size)
    opener = _next(ordered.interactive)  # the next interactive event at or after each position
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


def _by_another_campaign(ordered: _Ordered, opens_chain: Bools) -> Bools:
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


def _on_another_day(ordered: _Ordered) -> Bools:
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


def _next(flags: Bools) -> Ints:
    """Position of the next set flag at or after each position; the length where there is none."""
    at = np.where(flags, np.arange(len(flags)), len(flags))
    return np.minimum.accumulate(at[::-1])[::-1]


def _last(flags: Bools) -> Ints:
    """Position of the last set flag at or before each position; -1 where there is none."""
    return np.maximum.accumulate(np.where(flags, np.arange(len(flags)), -1))


def _numbers(first: Ints, end: Ints, size: int) -> Ints:
    """The session of each position, -1 for strays."""
    numbers = np.full(size, -1, dtype=np.int64)
    lengths = end - first
    inside = np.repeat(first - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) + np.arange(
        lengths.sum()
    )
    numbers[inside] = np.repeat(np.arange(len(first)), lengths)
    return numbers


def _summaries(ordered: _Ordered, first: Ints, end: Ints, refunds: pl.DataFrame) -> pl.DataFrame:
    """One row of schema(Session) for each range."""
    number = _numbers(first, end, len(ordered.order))
    views = _count(ordered.view, first, end)
    engaged_s = _engaged_ms(ordered, number, first) / 1000
    orders, revenue = _orders(ordered, number, len(first), refunds)
    engaged = (engaged_s > ENGAGED_S) | (views >= ENGAGED_VIEWS) | (orders > 0)
    opening = ordered.take(first, "event_id", *OF_FIRST_EVENT.values())
    columns: dict[str, object] = {name: opening[column] for name, column in OF_FIRST_EVENT.items()}
    columns |= {
        "session_id": _session_ids(opening),
        "start": pl.Series(ordered.time[first]).cast(INSTANT),
        "end": pl.Series(ordered.time[end - 1]).cast(INSTANT),
        "events": end - first,
        "page_views": views,
        "engaged_s": engaged_s,
        "entry_path": _path(ordered, _next(ordered.view)[first], views),
        "exit_path": _path(ordered, _last(ordered.view)[end - 1], views),
        "orders": orders,
        "revenue": revenue,
        "is_bounce": ~engaged,
        "is_engaged": engaged,
        "is_bot": _count(ordered.bot, first, end) > 0,
    }
    return complete(pl.DataFrame(columns), Session)


def _count(flags: Bools, first: Ints, end: Ints) -> Ints:
    sums = np.concatenate([[0], np.cumsum(flags)])
    counts: Ints = sums[end] - sums[first]
    return counts


def _path(ordered: _Ordered, view: Ints, views: Ints) -> pl.Series:
    """The path of each session's view; '' for a session without one."""
    seen = views > 0
    paths = ordered.take(np.where(seen, view, 0), "path")["path"]
    seen_paths: pl.Series = paths.zip_with(pl.Series(seen), pl.repeat("", len(paths), eager=True))
    return seen_paths


def _session_ids(opening: pl.DataFrame) -> list[str]:
    names = pl.concat_str("site_id", "visitor_id", "event_id", separator=ID_SEPARATOR)
    return list(map(hash_id, opening.select(names.cast(pl.Binary)).to_series().to_list()))


def _engaged_ms(ordered: _Ordered, number: Ints, first: Ints) -> Ints:
    """Sum over each session's pages of the longest visible time, in milliseconds."""
    at = np.flatnonzero((ordered.events["engaged_ms"].to_numpy()[ordered.order] > 0) & (number >= 0))
    if len(at) == 0:
        return np.zeros(len(first), dtype=np.int64)
    page = _page_of(ordered, first)[at]
    names = ordered.take(page, "page_view_id")["page_view_id"]
    timed = pl.DataFrame(
        {
            "session": number[at],
            "page": names,
            "at": np.where((names == "").to_numpy(), page, -1),
            "ms": ordered.take(at, "engaged_ms")["engaged_ms"],
        }
    )
    longest = timed.group_by("session", "page", "at").agg(pl.col("ms").max())
    return np.bincount(longest["session"], weights=longest["ms"], minlength=len(first)).astype(np.int64)


def _page_of(ordered: _Ordered, first: Ints) -> Ints:
    """Position of the event that names the page of each event."""
    names_page = ordered.view | (ordered.events["page_view_id"] != "").to_numpy()[ordered.order]
    names_page[first] = True
    return _last(names_page)


def _orders(ordered: _Ordered, number: Ints, size: int, refunds: pl.DataFrame) -> tuple[Ints, pl.Series]:
    """Each session's count of orders, and its revenue."""
    is_order = (ordered.events["event_type"] == "order").to_numpy()[ordered.order]
    at = np.flatnonzero(is_order & (number >= 0))
    if len(at) == 0:
        return np.zeros(size, dtype=np.int64), pl.Series([Decimal(0)], dtype=MONEY).new_from_index(0, size)
    rows = ordered.take(at, "site_id", "order_id", "event_id", "revenue", "currency").with_columns(
        session=pl.Series(number[at]),
        ours=pl.Series(ordered.rule_value("currency", at)),
        # An order without an id stands for itself.
        event_id=pl.when(pl.col("order_id") == "").then("event_id").otherwise(pl.lit("")),
    )
    key = ["session", "order_id", "event_id"]
    paid = rows.filter((pl.col("currency") == "") | (pl.col("currency") == pl.col("ours")))
    bought = paid.unique(key, keep="first", maintain_order=True)
    sums = net(bought, refunds).group_by("session").agg(pl.col("revenue").sum())
    every = pl.DataFrame({"session": np.arange(size)}).join(
        sums, on="session", how="left", maintain_order="left"
    )
    counts = np.bincount(rows.unique(key)["session"], minlength=size)
    return counts, every["revenue"].fill_null(Decimal(0)).cast(MONEY)
