"""The content: pages, searches, links, downloads, forms, errors and products, each a list with its goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from dashboards.breakdown import breakdown, parameters
from dashboards.computed import Computed, read_sql
from dashboards.conditions import condition
from dashboards.expressions import ONLY_PATHS, Expression, fill
from dashboards.filters import session_filter
from dashboards.goals import Goal, converts
from dashboards.listing import Listing
from dashboards.period import Period
from dashboards.reports.content.lists import LISTS
from dashboards.reports.content.records import ActRow, Content, PageRow, ProductRow, Row
from schemas.objects import Site
from store.tables.client import Cost, Store

_FIRST, _VIEWS, _VIEWS_OF_PEOPLE, _PAGES, _ACTS, _PRODUCTS, _PEOPLE = (
    read_sql(__package__ or "", f"{name}.sql")
    for name in ("first", "views", "views_of_people", "pages", "acts", "products", "people")
)
_BY_VIEWS = fill(_FIRST, people=Expression("0"), views=Expression(_VIEWS))
_BY_PEOPLE = fill(
    _FIRST,
    people=Expression("uniqExactIf(person, viewed AND current)"),
    views=Expression(fill(_VIEWS_OF_PEOPLE, views=Expression(_VIEWS))),
)
_FIRST_BY = {"views": _BY_VIEWS, "change": _BY_VIEWS, "value": _BY_VIEWS, "visitors": _BY_PEOPLE}
"""Order of the list of pages → the query of its first paths, where these need not be counted whole."""
BREAKDOWNS = {"entry": "entry_path", "exit": "exit_path"}
"""Lists that are sessions by one field of theirs."""
_LIKE = (
    " Human events whose time lies in the period; under a filter those inside a session that it keeps. "
    "The period before is as long; while the period runs it is counted up to the same day and time of day."
)
_WON = " Converted: sessions with it that hold the goal, of all sessions with it."
DEFINITIONS = {
    "pages": "Page and screen views by path, and the people who made them. Engaged: the median visible time "
    "of the views that told one. Scroll: the depth that a quarter of the views reached or passed. Exit rate: "
    "sessions that ended on the page, of those that saw it." + _WON + _LIKE,
    "search": "Searches by their words. Nothing found: the event's properties say 0 results (results, "
    "search_count or results_count)." + _WON + _LIKE,
    "outlinks": "Clicks on links that lead to other sites." + _WON + _LIKE,
    "downloads": "Files that were loaded down." + _WON + _LIKE,
    "forms": "Forms that were sent, by form and page. Completion: people who sent it, of those who saw the "
    "page or sent a form there." + _WON + _LIKE,
    "errors": "Errors by page and kind (the status that an access log names, else the name of the event), "
    "with the address that led there most often." + _WON + _LIKE,
    "products": "Products by their id: the target of product_view and add_to_cart, the sku (or id, item_id, "
    "product_id) of an order's items. Revenue: price × quantity of orders in the site's currency; refunds "
    "are not taken off. Rate: people who bought it, of all who saw it, took it or bought it." + _LIKE,
}
"""List → what its numbers are."""


def content(  # noqa: PLR0913 - what a report may be asked
    store: Store,
    site: Site,
    period: Period,
    name: str,
    goal: Goal,
    listing: Listing,
    filters: Sequence[str] = (),
    *,
    now: datetime,
) -> Content:
    """One page of one of LISTS. ConfigError for a bad condition."""
    if name in BREAKDOWNS:
        groups = breakdown(store, site, period, BREAKDOWNS[name], goal, listing, filters, now=now)
        return Content(name, goal, period, listing, groups.groups, groups.found, groups.computed, now)
    kept = session_filter(store, filters)
    won = Expression("0") if name == "products" else converts(store, goal)
    given = {
        **parameters(site, period, kept, now),
        **won.parameters,
        **listing.parameters(),
        "type": LISTS[name].type,
        "currency": site.currency,
        "active": int(kept.active),
    }
    asked = kept.computed(name, DEFINITIONS[name], _sql(name, won), given)
    first = _FIRST_BY.get(listing.sort, "")
    if name == "pages" and first and not kept.active:
        rows, found, asked = _first_alone(store, asked, first)
    else:
        rows = asked.rows(store, kept.tables(store, given))
        found = rows[0]["found"] if rows else 0
    return Content(name, goal, period, listing, tuple(_row(name, row) for row in rows), found, asked, now)


def _first_alone(store: Store, asked: Computed, sql: str) -> tuple[list[dict[str, Any]], int, Computed]:
    """The rows of the list of pages, how many there are in all, and the query of these paths alone."""
    first = replace(asked, sql=sql, cost=Cost()).rows(store)
    given = {**asked.parameters, "skip": 0, "paths": [row["value"] for row in first]}
    only = replace(asked, sql=fill(asked.sql, paths=ONLY_PATHS), parameters=given)
    return only.rows(store) if first else [], first[0]["found"] if first else 0, only


def people_of(  # noqa: PLR0913 - as many as the number has
    store: Store,
    site: Site,
    period: Period,
    name: str,
    row: tuple[str, str],
    goal: Goal | None,
    filters: Sequence[str],
    now: datetime,
) -> Computed:
    """The query of the people of a row (value, place); with a goal, of those whose session holds it."""
    kept = session_filter(store, filters)
    won = converts(store, goal) if goal else Expression("1")
    given = {
        **parameters(site, period, kept, now),
        **won.parameters,
        "list": name,
        "value": row[0],
        "place": row[1],
        "won": int(goal is not None),
        "active": int(kept.active),
    }
    return kept.computed("people", DEFINITIONS[name], fill(_PEOPLE, goal=won), given)


def _sql(name: str, won: Expression) -> str:
    if name == "products":
        return _PRODUCTS
    return fill(_PAGES if name == "pages" else _ACTS, goal=won)


def _row(name: str, row: dict[str, Any]) -> Row:
    if name == "pages":
        return _page(row)
    return _product(row) if name == "products" else _act(name, row)


def _page(row: dict[str, Any]) -> PageRow:
    names = ("value", "views", "visitors", "sessions", "exits", "converted", "views_before")
    return PageRow(
        condition=condition("path", row["value"]),
        engaged_s=row["engaged_ms"] / 1000 if row["timed"] else None,
        scroll_pct=row["scroll_pct"] if row["scrolled"] else None,
        **{name: row[name] for name in names},
    )


def _act(name: str, row: dict[str, Any]) -> ActRow:
    names = ("value", "events", "visitors", "sessions", "converted", "events_before", "nothing", "counted")
    return ActRow(
        condition=_condition(name, row),
        place=row["place_of"],
        reached=row["reached"] if name == "forms" else 0,
        referrer=row["referrer"],
        **{name: row[name] for name in names},
    )


def _condition(name: str, row: dict[str, Any]) -> str:
    """The filter that keeps sessions with it."""
    value, place = row["value"], row["place_of"]
    if name == "search":
        return condition("search_term", value)
    if name == "errors":
        return f"event_type=error & {condition('path', value)}"
    if name == "forms":
        return f"event_type=form & {condition('path', place)}"
    return f"event_type={LISTS[name].type} & {condition('target', value)}"


def _product(row: dict[str, Any]) -> ProductRow:
    names = (
        "value", "name", "views", "visitors", "carts", "orders", "buyers", "people", "quantity", "revenue",
        "views_before", "revenue_before",
    )  # fmt: skip
    kept_by = f"event_type=product_view & {condition('target', row['value'])}"
    return ProductRow(condition=kept_by, **{name: row[name] for name in names})
