"""Content: what people saw, looked for, took and bought; each list with the goal that was chosen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from dash import html

from clicktrail.errors import ConfigError
from dashboards import breakdown, table
from dashboards.controls import chips, period_tools, toggle
from dashboards.coverage import Coverage, coverage
from dashboards.footing import bad_request, cover, coverage_words, health
from dashboards.goals import chosen, named, picker
from dashboards.page import Node, Page, View
from dashboards.parts import card, computed, empty, exports
from dashboards.people import Selection
from dashboards.reports.content.columns import columns, lines, name_of
from dashboards.reports.content.lists import LISTS, OPTIONS, list_of, parse
from dashboards.reports.content.query import BREAKDOWNS, content, people_of
from dashboards.reports.content.records import Content
from dashboards.shell import no_site, shell
from dashboards.snippet import first_steps

ROWS = 25
"""Rows of a page of a list."""
TAKEN = 10_000
"""Most rows that are taken along as CSV or Parquet."""


@dataclass(frozen=True)
class _Answer:
    found: Content
    coverage: Coverage


def layout(view: View) -> Node:
    """The page."""
    title = view.text("content")
    if view.site is None:
        return no_site(view, title)
    try:
        answer = _ask(view)
    except ConfigError as error:
        return shell(view, chips(view), bad_request(view, error), title=title, tools=period_tools(view))
    if answer.coverage.last_received is None and not view.state.f:
        return shell(view, first_steps(view), title=title)
    goal = [] if answer.found.list == "products" else [picker(view, answer.found.goal)]
    return shell(
        view,
        chips(view),
        _list(view, answer),
        cover(view, answer.coverage),
        title=title,
        sub=view.text("content.sub"),
        tools=[*goal, *period_tools(view)],
        health=health(view, answer.coverage),
    )


def _ask(view: View) -> _Answer:
    site, store, now = view.site, view.desk.store, view.desk.now()
    assert site is not None
    name, listing = parse(_given(view), ROWS)
    goal = chosen(view)
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(content, store, site, view.period, name, goal, listing, view.state.f, now=now)
        covered = pool.submit(coverage, store, site, view.period, now=now)
        return _Answer(asked.result(), covered.result())


def _given(view: View) -> dict[str, str]:
    return {name: view.state.one(name) for name in OPTIONS}


def _tabs(view: View) -> Node:
    """One link a list; the order and the page of another list mean nothing in this one."""
    plain = {name: values for name, values in view.state.own.items() if name not in ("sort", "page", "q")}
    there = replace(view, state=replace(view.state, own=plain))
    choices = [(name, view.text(f"content.{name}")) for name in LISTS]
    return toggle(there, view.text("content.lists"), "list", choices, list_of({}))


def _list(view: View, answer: _Answer) -> Node:
    text, found = view.text, answer.found
    title = text(f"content.{found.list}")
    finder = html.Div(
        [_tabs(view), html.Div(className="grow"), table.search(view, found.listing)], className="bar-head"
    )
    body: list[Node] = []
    if found.rows:
        head = text(f"content.head.{found.list}")
        body.append(table.table(view, found.listing, head, columns(text, found), lines(view, found)))
    else:
        words = text("listing.none" if found.listing.q else f"content.empty.{found.list}")
        body.append(empty("search", text("empty.list"), words, small=True))
    body.append(table.pager(view, found.listing, found.found))
    return card(
        title,
        finder,
        html.P(text(f"content.words.{found.list}"), className="muted sm mb"),
        *(part for part in body if part is not None),
        info=computed(
            view, found.computed, text(f"content.how.{found.list}"), coverage_words(view, answer.coverage)
        ),
        tools=[exports(view, "content", found.list)],
    )


def download(view: View, name: str) -> list[list[object]] | None:
    """The rows of a list, with a head; None for a list we do not have."""
    if name not in LISTS or view.site is None:
        return None
    given = {**_given(view), "list": name, "page": ""}
    _, listing = parse(given, TAKEN)
    found = content(
        view.desk.store,
        view.site,
        view.period,
        name,
        chosen(view),
        listing,
        view.state.f,
        now=view.desk.now(),
    )
    return table.taken([row.to_json() for row in found.rows], name, ("trend",))


def people_behind(view: View, who: str) -> Selection | None:
    """The people of a row: `all:` or `won:` (whose session holds the goal), its value, for some its place."""
    kind, _, row = who.partition(":")
    if kind not in ("all", "won") or view.site is None:
        return None
    name = list_of(_given(view))
    value, _, place = row.partition("\n")
    goal = chosen(view)
    won = goal if kind == "won" else None
    store, site, now = view.desk.store, view.site, view.desk.now()
    if name in BREAKDOWNS:
        asked = breakdown.people_of(store, site, view.period, BREAKDOWNS[name], value, won, view.state.f, now)
    else:
        asked = people_of(store, site, view.period, name, (value, place), won, view.state.f, now)
    said = " · ".join((view.text(f"content.{name}"), name_of(view, name, value, place)))
    title = view.text("content.won", name=said, goal=named(view, goal)) if won else said
    return Selection(title, asked.sql, asked.used(), asked.ahead)


PAGE = Page(
    "/content",
    "content",
    "newspaper",
    "nav.understand",
    layout,
    download=download,
    people=people_behind,
    params=OPTIONS,
)
"""Registered in dashboards/app.py."""
