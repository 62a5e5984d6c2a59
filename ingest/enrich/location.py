"""Where it happened: host, path and campaign from the address of the page; no personal data in addresses."""

from __future__ import annotations

import msgspec
import polars as pl

from ingest.enrich.address import ADDRESSES, CLICK_IDS, EMAIL, HIDDEN, UTM, Address, without_email
from ingest.enrich.column import beside, some
from ingest.sites import SiteIndex

MAX_URL = 4096
MAX_CAMPAIGN = 256
_TEXTS = dict.fromkeys(("url", "host", "path", "_search", *UTM, "click_id"), pl.String())
_GIVEN = ("host", "path", *UTM, "click_id")


def put_location(events: pl.DataFrame, sites: SiteIndex) -> pl.DataFrame:
    """Host, path, utm_* and click_id from the url, unless the event gave them; url without secrets."""
    if "url" not in events.columns:
        return _tidy(events)
    searched = {site: _search_names(sites, site) for site in events["site_id"].unique()}

    def look(site_id: str, url: str) -> tuple[str, ...]:
        return _location(ADDRESSES[url], searched[site_id])

    found = beside(events, ("site_id", "url"), look, _TEXTS)
    names = {"_search": "search_term"}
    put = []
    for column in found.get_columns():
        name = names.get(column.name, column.name)
        if name in events.columns and name != "url":
            put.append(pl.when(pl.col(name) != "").then(pl.col(name)).otherwise(column).alias(name))
        elif name == "url" or (column != "").any():
            put.append(pl.lit(column).alias(name))
    return _tidy(events.with_columns(put))


def _location(address: Address, search_names: tuple[str, ...]) -> tuple[str, ...]:
    if not address.parameters:
        return (address.text[:MAX_URL], address.host, address.path, *_NO_PARAMETERS)
    values = dict(reversed(address.parameters))
    click = next((f"{name}={values[name]}" for name in CLICK_IDS if values.get(name)), "")
    search = next((values[name] for name in search_names if values.get(name)), "")
    utm = [values.get(name, "")[:MAX_CAMPAIGN] for name in UTM]
    return (address.text[:MAX_URL], address.host, address.path, without_email(search), *utm, click[:512])


_NO_PARAMETERS = ("",) * (len(_TEXTS) - 3)


def _search_names(sites: SiteIndex, site_id: str) -> tuple[str, ...]:
    """The parameters of the site's own search page, an option of the site: `search_parameters` = q,s."""
    site = sites.by_id(site_id)
    option = site.options.get("search_parameters", "") if site else ""
    return tuple(name.strip().lower() for name in option.split(",") if name.strip())


def put_privacy(events: pl.DataFrame, _sites: SiteIndex) -> pl.DataFrame:
    """Referrer, target, title, search term and properties without e-mail addresses and secrets."""
    put: list[pl.Series] = []
    for name in some(("referrer", "target"), events):
        put.append(_replaced(events, name, pl.col(name).str.contains(r"[?#@:;]|%40"), _clean_address))
    for name in some(("title", "search_term"), events):
        put.append(_replaced(events, name, pl.col(name).str.contains("@", literal=True), without_email))
    for name in some(("properties",), events):
        put.append(_replaced(events, name, pl.col(name).str.contains("@|%40"), _clean_json))
    return events.with_columns(put)


def _replaced(events: pl.DataFrame, name: str, suspect: pl.Expr, clean: object) -> pl.Series:
    assert callable(clean)
    if name == "target":  # of an alias it is an id, not an address
        suspect &= pl.col("event_type") != "alias"
    values = events.lazy().filter(suspect).select(pl.col(name).unique()).collect().to_series()
    changed = {value: new for value in values if (new := clean(value)) != value}
    column = events[name]
    if not changed:
        return column
    replaced = column.replace(list(changed), list(changed.values()))
    if name != "target":
        return replaced
    return events.select(pl.when(suspect).then(replaced).otherwise(column).alias(name)).to_series()


def _clean_address(text: str) -> str:
    return ADDRESSES[text].text[:MAX_URL]


def _clean_json(text: str) -> str:
    try:
        return msgspec.json.encode(_clean(msgspec.json.decode(text))).decode()
    except (msgspec.DecodeError, RecursionError):
        return EMAIL.sub(HIDDEN, text)


def _clean(value: object) -> object:
    if isinstance(value, str):
        return without_email(value)
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {without_email(name): _clean(one) for name, one in value.items()}
    return value


def _tidy(events: pl.DataFrame) -> pl.DataFrame:
    """Campaign words as people mean them: source and medium in lower case."""
    return events.with_columns(
        pl.col(name).str.strip_chars().str.to_lowercase()
        for name in some(("utm_source", "utm_medium"), events)
    )
