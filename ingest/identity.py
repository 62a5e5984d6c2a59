"""Who it was: the ladder of visitor ids, and the statements that two ids are one person."""

from __future__ import annotations

import re

import polars as pl

from ingest.sites import SiteIndex
from schemas.arrow import schema
from schemas.failed_event import Reason
from schemas.identity_edge import GROUP, USER, IdentityEdge

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
STATEMENTS = ("identify", "alias", "group")
"""Events that say who somebody is."""
PAIR = ("site_id", "id_a", "id_b")
_PREFIX = re.compile(f"^(?:{USER}|{GROUP})")
_LADDER = (
    "visitor_id", "anonymous_id", "_cookie", "_subscriber", "_client_hash", "_hash", "user_id", "consent",
)  # fmt: skip
NO_VISITOR = f"{Reason.NO_VISITOR.value} neither id nor address nor agent"


def put_visitor(events: pl.DataFrame, _sites: SiteIndex) -> pl.DataFrame:
    """The best id of the device, and how good it is; who is known only as a user is one by that.

    After consent was denied only the day's hash is used, and nothing names the person.
    """
    said = {name for name in _LADDER if _says(events[name])}
    quality = _text("id_quality")
    hashed = pl.coalesce("_client_hash", "_hash").fill_null("")
    denied = (_text("consent") == "denied") & (hashed != "") if "consent" in said else pl.lit(False)
    from_url = quality == "url"
    user = pl.when(~_nobody("user_id")).then(pl.lit("user:") + pl.col("user_id"))
    ladder = [
        ("visitor_id", pl.when(~denied & ~from_url).then("visitor_id"), quality),
        ("anonymous_id", pl.when(~denied).then("anonymous_id"), pl.lit("cookie")),
        ("_cookie", pl.when(~denied).then("_cookie"), pl.lit("cookie")),
        ("visitor_id", pl.when(~denied & from_url).then("visitor_id"), pl.lit("url")),
        ("_subscriber", pl.when(~denied).then("_subscriber"), pl.lit("subscriber")),
        ("_client_hash", pl.col("_client_hash"), pl.lit("salted_daily")),
        ("_hash", pl.col("_hash"), pl.lit("salted_daily")),
        ("user_id", pl.when(~denied).then(user), pl.lit("user")),
    ]
    rungs: list[tuple[pl.Expr, pl.Expr]] = [(pl.lit(None, pl.String), quality)]
    rungs += [(pl.when(value != "").then(value), how) for name, value, how in ladder if name in said]
    best = pl.coalesce(value for value, _ in rungs)
    how = pl.coalesce(pl.when(value.is_not_null()).then(how) for value, how in rungs)
    how = pl.when(how.is_in(QUALITIES)).then(how).otherwise(pl.lit("cookie"))
    named = {
        name: pl.when(denied).then(pl.lit("")).otherwise(_text(name)) if name in said else pl.lit("")
        for name in ("user_id", "anonymous_id")
    }
    return events.with_columns(
        visitor_id=best, id_quality=how, _refused=pl.when(best.is_null()).then(pl.lit(NO_VISITOR)), **named
    )


def edges(events: pl.DataFrame) -> pl.DataFrame:
    """What identify, alias and group events say: one row (IdentityEdge) a pair, since the first of them.

    An identify names the user, an alias in `target` another id of the visitor (`user:<id>` is a known user),
    a group in `target` the group. Nothing is said by who denied consent, nor of ids that mean nobody.
    """
    absent = [pl.lit("").alias(n) for n in ("user_id", "target", "consent") if n not in events.columns]
    said = events.filter(pl.col("event_type").is_in(STATEMENTS)).with_columns(absent)
    kind = pl.col("event_type")
    other = (
        pl.when(kind == "identify")
        .then(USER + pl.col("user_id"))
        .when(kind == "group")
        .then(GROUP + pl.col("target").str.strip_prefix(GROUP))
        .otherwise("target")
    )
    pairs = said.filter(_text("consent") != "denied").select(
        "site_id",
        id_a="visitor_id",
        id_b=other,
        since="event_time",
        source="event_type",
    )
    bare = (_text(end).str.replace(_PREFIX.pattern, "") for end in ("id_a", "id_b"))
    wrong = pl.any_horizontal(_means_nobody(name) for name in bare) | (pl.col("id_a") == pl.col("id_b"))
    wrong |= pl.col("id_a").str.starts_with(GROUP)  # a group is no visitor
    first = pairs.filter(~wrong).sort("since", "source").unique(PAIR, keep="first", maintain_order=True)
    return first.cast({name: dtype for name, dtype in schema(IdentityEdge).items() if name in first.columns})


def names_nobody(name: str) -> bool:
    """Whether the id, with or without `user:` or `group:`, is a word for no one."""
    return _PREFIX.sub("", name).strip().lower() in NOBODY


def _says(column: pl.Series) -> bool:
    """Whether a value is given anywhere."""
    return column.null_count() < len(column) and bool((column != "").any())


def _text(name: str) -> pl.Expr:
    return pl.col(name).fill_null("")


def _nobody(name: str) -> pl.Expr:
    return _means_nobody(_text(name))


def _means_nobody(name: pl.Expr) -> pl.Expr:
    return name.str.strip_chars().str.to_lowercase().is_in(NOBODY)
