"""Who it was: the ladder of visitor ids, and the statements that two ids are one person."""

from __future__ import annotations

import polars as pl

from ingest.sites import SiteIndex
from schemas.arrow import schema
from schemas.failed_event import Reason
from schemas.identity_edge import IdentityEdge

QUALITIES = ("user", "cookie", "url", "subscriber", "salted_daily")
NOBODY = (
    "",
    "0",
    "-1",
    "null",
    "none",
    "nil",
    "nan",
    "undefined",
    "guest",
    "anonymous",
    "unknown",
    "false",
    "true",
)
"""Words that programs send when they know no user."""
NO_VISITOR = f"{Reason.NO_VISITOR.value} neither id nor address nor agent"


def put_visitor(events: pl.DataFrame, _sites: SiteIndex) -> pl.DataFrame:
    """The best id of the device, and how good it is; who is known only as a user is one by that.

    After consent was denied only the day's hash is used, and nothing names the person.
    """
    given, quality = _text("visitor_id"), _text("id_quality")
    hashed = pl.coalesce("_client_hash", "_hash").fill_null("")
    denied = (_text("consent") == "denied") & (hashed != "")
    from_url = quality == "url"
    user = pl.when(~_nobody("user_id")).then(pl.lit("user:") + pl.col("user_id")).otherwise(pl.lit(""))
    ladder = [
        (pl.when(~denied & ~from_url).then(given), pl.when(quality.is_in(QUALITIES)).then(quality)),
        (pl.when(~denied).then("anonymous_id"), None),
        (pl.when(~denied).then("_cookie"), None),
        (pl.when(~denied & from_url).then(given), pl.lit("url")),
        (pl.when(~denied).then("_subscriber"), pl.lit("subscriber")),
        (hashed, pl.lit("salted_daily")),
        (pl.when(~denied).then(user), pl.lit("user")),
    ]
    rungs = [(pl.when(value.fill_null("") != "").then(value), how) for value, how in ladder]
    best = pl.coalesce(value for value, _ in rungs)
    how = pl.coalesce(
        pl.when(value.is_not_null()).then(pl.lit("cookie") if how is None else how.fill_null("cookie"))
        for value, how in rungs
    )
    named = {
        name: pl.when(denied).then(pl.lit("")).otherwise(_text(name)) for name in ("user_id", "anonymous_id")
    }
    return events.with_columns(
        visitor_id=best, id_quality=how, _refused=pl.when(best.is_null()).then(pl.lit(NO_VISITOR)), **named
    )


def edges(events: pl.DataFrame) -> pl.DataFrame:
    """One row (IdentityEdge) for each pair that an identify or alias event joins, since the first of them."""
    absent = [pl.lit("").alias(name) for name in ("user_id", "target") if name not in events.columns]
    said = events.filter(pl.col("event_type").is_in(("identify", "alias"))).with_columns(absent)
    identify = pl.col("event_type") == "identify"
    other = pl.when(identify).then(pl.lit("user:") + pl.col("user_id")).otherwise(pl.col("target"))
    wrong = pl.when(identify).then(_nobody("user_id")).otherwise(_nobody("target"))
    joined = said.filter(~wrong).select(
        "site_id",
        id_a="visitor_id",
        id_b=other,
        since="event_time",
        source="event_type",
    )
    joined = joined.filter(pl.col("id_a") != pl.col("id_b"))
    first = joined.sort("since").unique(["site_id", "id_a", "id_b"], keep="first", maintain_order=True)
    return first.cast({name: dtype for name, dtype in schema(IdentityEdge).items() if name in first.columns})


def _text(name: str) -> pl.Expr:
    return pl.col(name).fill_null("")


def _nobody(name: str) -> pl.Expr:
    return _text(name).str.strip_chars().str.to_lowercase().is_in(NOBODY)
