"""The session rows of ranges of ordered events: counts and sums are differences of running sums."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import polars as pl

from schemas.arrow import INSTANT, MONEY, complete
from schemas.session import Session
from sessionize.order import Bools, Ints
from sessionize.ordered import Ordered, last_set, next_set, session_numbers
from sessionize.refunds import net
from sessionize.rule import ENGAGED_S, ENGAGED_VIEWS, ID_SEPARATOR, hash_id

OF_FIRST_EVENT = {
    "site_id": "site_id", "visitor_id": "visitor_id", "host": "host", "channel": "channel",
    "source": "source", "medium": "medium", "campaign": "utm_campaign", "channel_group": "channel_group",
    "device_class": "device_class", "os": "os", "browser": "browser", "country": "country",
}  # fmt: skip
"""Session column → column of its first event."""


def summaries(ordered: Ordered, first: Ints, end: Ints, refunds: pl.DataFrame) -> pl.DataFrame:
    """One row of schema(Session) for each range."""
    number = session_numbers(first, end, len(ordered.order))
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
        "entry_path": _path(ordered, next_set(ordered.view)[first], views),
        "exit_path": _path(ordered, last_set(ordered.view)[end - 1], views),
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


def _path(ordered: Ordered, view: Ints, views: Ints) -> pl.Series:
    """The path of each session's view; '' for a session without one."""
    seen = views > 0
    paths = ordered.take(np.where(seen, view, 0), "path")["path"]
    seen_paths: pl.Series = paths.zip_with(pl.Series(seen), pl.repeat("", len(paths), eager=True))
    return seen_paths


def _session_ids(opening: pl.DataFrame) -> list[str]:
    names = pl.concat_str("site_id", "visitor_id", "event_id", separator=ID_SEPARATOR)
    return list(map(hash_id, opening.select(names.cast(pl.Binary)).to_series().to_list()))


def _engaged_ms(ordered: Ordered, number: Ints, first: Ints) -> Ints:
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


def _page_of(ordered: Ordered, first: Ints) -> Ints:
    """Position of the event that names the page of each event."""
    names_page = ordered.view | (ordered.events["page_view_id"] != "").to_numpy()[ordered.order]
    names_page[first] = True
    return last_set(names_page)


def _orders(ordered: Ordered, number: Ints, size: int, refunds: pl.DataFrame) -> tuple[Ints, pl.Series]:
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
