"""Where it happened: host, path and campaign from the address of the page; no personal data in addresses."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import polars as pl

from ingest.enrich.address import (
    CLICK_IDS,
    SECRET_NAMES,
    UTM,
    clean_path,
    clean_value,
    without_email,
    without_secrets,
)
from ingest.enrich.address_columns import addresses
from ingest.enrich.column import some
from ingest.enrich.referrer import hosts_told_by_path
from ingest.sites import SiteIndex

MAX_URL = 4096
MAX_CAMPAIGN = 256
MAX_CLICK_ID = 512
CAME = "_came"
"""Helper column: the referrer without what tells nothing about the place; far fewer of them are distinct."""
_WORDS = (*UTM, "search_term")
_SUSPECT_WORD = "@|%|[=+]|eyJ|[0-9A-Za-z_/-]{32}"
_SUSPECT_TEXT = rf"(?i)@|%40|[?&](?:{'|'.join(sorted(SECRET_NAMES))})="


def put_location(events: pl.DataFrame, sites: SiteIndex) -> pl.DataFrame:
    """Host, path, utm_* and click_id from the url, unless the event gave them; addresses without secrets."""
    if "url" in events.columns:
        events = _with_parts(events, sites)
    clean = pl.col("text").str.slice(0, MAX_URL)
    if "referrer" in events.columns:
        found = addresses(events["referrer"], made=(clean.alias("referrer"), _came()))
        events = events.with_columns(found.get_columns())
    if "target" in events.columns:  # of an alias it is an id, not an address
        target = addresses(events["target"], made=(clean,)).to_series()
        is_id = pl.col("event_type") == "alias"
        events = events.with_columns(target=pl.when(is_id).then("target").otherwise(target))
    return _tidy(events)


def _with_parts(events: pl.DataFrame, sites: SiteIndex) -> pl.DataFrame:
    searched = {site: _search_names(sites, site) for site in events["site_id"].unique()}
    searching = tuple(dict.fromkeys(name for names in searched.values() for name in names))
    clicks = (pl.when(pl.col(name) != "").then(pl.lit(f"{name}=") + pl.col(name)) for name in CLICK_IDS)
    made = (
        pl.col("text").str.slice(0, MAX_URL).alias("url"),
        pl.col("host", "path"),
        *(pl.col(name).str.slice(0, MAX_CAMPAIGN) for name in UTM),
        pl.coalesce(*clicks, pl.lit("")).str.slice(0, MAX_CLICK_ID).alias("click_id"),
        *(pl.col(name).alias(f"?{name}") for name in searching),
    )
    found = addresses(events["url"], tuple(dict.fromkeys((*UTM, *CLICK_IDS, *searching))), made)
    found = found.with_columns(_searched(events["site_id"], searched)).drop(f"?{name}" for name in searching)
    put = []
    for column in found.get_columns():
        name = column.name
        if name in events.columns and name != "url":
            put.append(pl.when(pl.col(name) != "").then(pl.col(name)).otherwise(column).alias(name))
        elif name == "url" or (column != "").any():
            put.append(pl.lit(column).alias(name))
    return events.with_columns(put)


def _searched(site_ids: pl.Series, searched: dict[str, tuple[str, ...]]) -> pl.Expr:
    """The first parameter of the site's search page that is given."""
    terms: pl.Expr = pl.lit("")
    for site_id, names in searched.items():
        for name in reversed(names):
            here = pl.lit(site_ids == site_id) & (pl.col(f"?{name}") != "")
            terms = pl.when(here).then(f"?{name}").otherwise(terms)
    return terms.alias("search_term")


def _came() -> pl.Expr:
    telling = pl.col("host").str.strip_prefix("www.").is_in(sorted(hosts_told_by_path()))
    place = pl.concat_str(pl.lit("//"), "host", pl.when(telling).then("path").otherwise(pl.lit("/")))
    return pl.when(pl.col("host") == "").then("text").otherwise(place).alias(CAME)


def _search_names(sites: SiteIndex, site_id: str) -> tuple[str, ...]:
    """The parameters of the site's own search page, an option of the site: `search_parameters` = q,s."""
    site = sites.by_id(site_id)
    option = site.options.get("search_parameters", "") if site else ""
    return tuple(name.strip().lower() for name in option.split(",") if name.strip())


def put_privacy(events: pl.DataFrame, _sites: SiteIndex) -> pl.DataFrame:
    """Title and properties without e-mail addresses and secrets."""
    put: list[pl.Series] = []
    for name in some(("title",), events):
        put.append(_replaced(events, name, pl.col(name).str.contains("@|%40"), without_email))
    for name in some(("properties",), events):
        put.append(_replaced(events, name, pl.col(name).str.contains(_SUSPECT_TEXT), _clean_json))
    return events.with_columns(put)


def _replaced(events: pl.DataFrame, name: str, suspect: pl.Expr, clean: Callable[[str], str]) -> pl.Series:
    values = events.lazy().filter(suspect).select(pl.col(name).unique()).collect().to_series()
    changed = {value: new for value in values if (new := clean(value)) != value}
    column = events[name]
    if not changed:
        return column
    return column.replace(list(changed), list(changed.values()))


def _clean_json(text: str) -> str:
    try:
        return msgspec.json.encode(_clean(msgspec.json.decode(text))).decode()
    except (msgspec.DecodeError, RecursionError):
        return without_secrets(text)


def _clean(value: object) -> object:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {without_email(name): _clean(one) for name, one in value.items()}
    return value


def _tidy(events: pl.DataFrame) -> pl.DataFrame:
    """What was given as what was found; source and medium in lower case, as people mean them."""
    put = [
        _replaced(events, name, pl.col(name).str.contains(_SUSPECT_WORD), clean_value)
        for name in some(_WORDS, events)
    ]
    for name in some(("path",), events):
        put.append(_replaced(events, name, pl.col(name).str.contains(r"[?#@;]|%40"), clean_path))
    for name in some(("click_id",), events):
        put.append(_replaced(events, name, pl.col(name).str.contains("@|%40"), without_email))
    return events.with_columns(put).with_columns(
        pl.col(name).str.strip_chars().str.to_lowercase()
        for name in some(("utm_source", "utm_medium"), events)
    )
