"""Money given back: a refund lessens the order it names, whenever and by whomever it is sent. Pure."""

from __future__ import annotations

import polars as pl

ORDER = ["site_id", "order_id"]
_REFUND = ("site_id", "visitor_id", "event_id", "order_id", "currency", "revenue")


def orders_named(events: pl.DataFrame, event_type: str) -> pl.DataFrame:
    """The orders (site_id, order_id) that events of this type, order or refund, name."""
    if "order_id" not in events.columns:
        return pl.DataFrame(schema=dict.fromkeys(ORDER, pl.String))
    return _naming(events, event_type).select(ORDER).unique()


def refunds_of(events: pl.DataFrame) -> pl.DataFrame:
    """The refunds among the events that name an order, each event once: _REFUND columns."""
    refunds = _naming(events, "refund").select(_REFUND)
    return refunds.unique(["site_id", "visitor_id", "event_id"], maintain_order=True)


def net(bought: pl.DataFrame, refunds: pl.DataFrame) -> pl.DataFrame:
    """Amounts (session, revenue): those of the orders, and negative what was given back of them.

    `bought`: session, site_id, order_id ('' for none), revenue, and `ours`, the currency of the amounts.
    """
    amounts = bought.select("session", "revenue")
    if refunds.is_empty():
        return amounts
    orders = bought.filter(pl.col("order_id") != "").select("session", *ORDER, "ours")
    back = refunds.select(*ORDER, "currency", "revenue").join(orders, on=ORDER)
    back = back.filter((pl.col("currency") == "") | (pl.col("currency") == pl.col("ours")))
    return pl.concat([amounts, back.select("session", -pl.col("revenue"))])


def _naming(events: pl.DataFrame, event_type: str) -> pl.DataFrame:
    return events.filter((pl.col("event_type") == event_type) & (pl.col("order_id") != ""))
