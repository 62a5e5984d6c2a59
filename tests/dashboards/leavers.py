"""Sites whose people come back for a while and then leave, written straight into the tables."""

from __future__ import annotations

from datetime import datetime, timezone

import polars as pl

from crm.activity import Activity
from schemas.arrow import schema
from schemas.objects import Site
from schemas.session import Session
from store.objects import put_site
from store.tables.client import Store

HOUR = 3_600_000


def write_visits(
    store: Store, site: Site, activity: Activity, *, hour: int = 12, spent: float = 20.0
) -> None:
    """A session at that hour (UTC) of each active day; every second one of a person has an order."""
    put_site(store, site)
    number = pl.Series(activity.person)
    visits = pl.DataFrame({"visitor_id": activity.names.gather(number).cast(pl.String), "day": activity.day})
    starts = (pl.col("day") * 24 * HOUR + hour * HOUR).cast(pl.Datetime("ms", "UTC"))
    orders = pl.int_range(pl.len()).over("visitor_id") % 2
    frame = visits.with_columns(start=starts, orders=orders.cast(pl.Int64)).with_columns(
        site_id=pl.lit(site.id),
        session_id=pl.format("{}-{}", "visitor_id", "day"),
        end=pl.col("start") + pl.duration(minutes=5),
        events=pl.lit(3),
        page_views=pl.lit(2),
        revenue=(pl.col("orders") * spent).cast(pl.Decimal(18, 4)),
        channel=pl.lit("web"),
        country=pl.when(pl.col("visitor_id").str.ends_with("1")).then(pl.lit("AT")).otherwise(pl.lit("DE")),
        is_engaged=pl.lit(value=True),
    )
    kinds = schema(Session)
    known = [name for name in kinds if name in frame.columns]
    store.insert("sessions", frame.select(pl.col(name).cast(kinds[name]) for name in known))


def noon(year: int, month: int, day: int) -> datetime:
    """Twelve o'clock UTC."""
    return datetime(year, month, day, 12, tzinfo=timezone.utc)
