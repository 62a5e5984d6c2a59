"""Addresses as columns: the fast form of address.py.

Polars reads the addresses browsers send; one that may hold a person's data, an escape where it matters or an
unusual spelling goes to the readable form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote_plus

import polars as pl

from ingest.enrich.address import ADDRESSES, CLICK_IDS, SECRET_NAMES

_HOST = r"(?:[a-z0-9_-]+\.)*[a-z0-9_-]+(?::[0-9]*)?"
_CHARS = r"[^?#;@\s\x00-\x20]*"
_SHAPE = (
    rf"^(?:https?://{_HOST}(?:/{_CHARS})?|/(?:[^/?#;@\s\x00-\x20]{_CHARS})?)?"
    r"(?:\?[^#@\s\x00-\x20]+)?(?:#[^@\s\x00-\x20]*)?$"
)
_SUSPECT = (
    rf"(?i)%40|%3d|%25|&&|[?]&|&#|&$|[?&;#=](?:{'|'.join(sorted(SECRET_NAMES))})=|%[^&#?]*=|"
    r"=eyj|=[0-9a-z_+/=%.-]{32}"
)
_CLICKED = rf"(?i)([?&](?:{'|'.join(CLICK_IDS)})=)[0-9a-z_.-]+"
_FEW = 4
"""Each address is read once if it comes this often on average."""


def addresses(
    texts: pl.Series, names: Sequence[str] = (), made: Sequence[pl.Expr] = (pl.all(),)
) -> pl.DataFrame:
    """Columns text, host, path of Address and the values of some parameters, parallel to the texts.

    The names are in lower case; the value of an absent parameter is ''. `made` is what to make of them.
    """
    texts = texts.fill_null("").alias("text")
    if texts.to_frame().select(pl.all().approx_n_unique()).item() * _FEW > len(texts):
        return _read(texts, names).select(made)
    once = texts.unique()
    table = _read(once, names).select(made).with_columns(once.alias("_asked"))
    asked = texts.alias("_asked").to_frame()
    return asked.join(table, on="_asked", how="left", maintain_order="left").drop("_asked")


def _read(texts: pl.Series, names: Sequence[str]) -> pl.DataFrame:
    frame = texts.to_frame()
    odd = _odd(texts)
    if not odd.any():
        return _plain(frame, names)
    frame = frame.with_row_index("_at")
    strange = frame.filter(odd)
    made = dict.fromkeys(("text", "host", "path", *names), pl.String())
    rows = [_row(text, names) for text in strange["text"]]
    read = pl.DataFrame(rows, schema=made, orient="row").with_columns(strange["_at"])
    plain = _plain(frame.filter(~odd), names).select(read.columns)
    return pl.concat([plain, read]).sort("_at").drop("_at")


def _odd(texts: pl.Series) -> pl.Series:
    """Which need the readable form."""
    strange = ~texts.str.contains(_SHAPE)
    clicked = texts.str.contains(_CLICKED)
    if clicked.any():  # their ids are long by nature, and kept
        texts = texts.str.replace_all(_CLICKED, "${1}")
    return strange | texts.str.contains(_SUSPECT)


def _row(text: str, names: Sequence[str]) -> tuple[str, ...]:
    address = ADDRESSES[text]
    values = dict(reversed(address.parameters))
    return (address.text, address.host, address.path, *(values.get(name, "") for name in names))


def _plain(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Of plain addresses: `https://host/path?query#fragment`, of which any part may be absent."""
    cut = frame.with_columns(
        pl.col("text").str.splitn("#", 2).struct.rename_fields(["_front", "_fragment"]).alias("_cut")
    )
    cut = cut.unnest("_cut").with_columns(
        pl.col("_front").str.splitn("?", 2).struct.rename_fields(["_base", "_query"]).alias("_cut")
    )
    cut = cut.unnest("_cut").with_columns(
        pl.col("_base")
        .str.splitn("/", 4)
        .struct.rename_fields(["_scheme", "_1", "_host", "_path"])
        .alias("_cut")
    )
    cut = cut.unnest("_cut")
    absolute = ~(pl.col("_base").str.starts_with("/") | (pl.col("_base") == ""))
    below = pl.concat_str(pl.lit("/"), pl.col("_path").fill_null(""))
    routed = pl.col("_fragment").str.starts_with("/") | pl.col("_fragment").str.starts_with("!")
    kept = [name for name in frame.columns if name != "text"]
    return cut.select(
        *kept,
        pl.when(routed).then("text").otherwise("_front").alias("text"),
        host=pl.when(absolute).then(pl.col("_host").str.splitn(":", 2).struct[0]).otherwise(pl.lit("")),
        path=pl.when(absolute).then(below).otherwise("_base"),
        **_values(cut["_query"], names),
    )


def _values(queries: pl.Series, names: Sequence[str]) -> dict[str, pl.Expr]:
    """The decoded value of each name in the queries."""
    values: dict[str, pl.Expr] = dict.fromkeys(names, pl.lit(""))
    if not names:
        return values
    some = queries.str.contains_any(list(names), ascii_case_insensitive=True).fill_null(False)
    if not some.any():
        return values
    at = some.arg_true()
    asked = pl.select(pl.concat_str(pl.lit("&"), queries.gather(at))).to_series()
    lower = asked.str.to_lowercase()
    for name in names:
        named = lower.str.contains(f"&{name}", literal=True)
        if named.any():
            found = _decoded(asked.filter(named), name)
            values[name] = pl.lit(pl.repeat("", len(queries), eager=True).scatter(at.filter(named), found))
    return values


def _decoded(queries: pl.Series, name: str) -> pl.Series:
    values = queries.str.extract(f"(?i)&{re.escape(name)}(?:=([^&]*))?(?:&|$)").fill_null("")
    escaped = values.filter(values.str.contains("[%+]")).unique()
    return values.replace(
        escaped, pl.Series([unquote_plus(text).strip() for text in escaped], dtype=pl.String)
    )
