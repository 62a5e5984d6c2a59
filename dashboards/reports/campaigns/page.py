"""Campaigns: where sessions came from, and what became of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from dash import html

from clicktrail.errors import ConfigError
from dashboards import format, people, table
from dashboards.annotations import Annotation, marks, notes_menu
from dashboards.breakdown import Breakdown, breakdown, people_of
from dashboards.controls import chips, label_of, period_tools, toggle
from dashboards.coverage import Coverage, coverage
from dashboards.footing import bad_request, cover, coverage_words, health
from dashboards.goals import chosen, named, picker
from dashboards.page import Node, Page, View
from dashboards.parts import card, computed, empty, exports, graph
from dashboards.people import Selection
from dashboards.reports.campaigns.figure import HEIGHT, TOP, trend
from dashboards.reports.campaigns.query import BYS, OPTIONS, by_of, parse
from dashboards.reports.campaigns.tiles import tiles
from dashboards.shell import no_site, shell
from dashboards.snippet import first_steps
from dashboards.table import Column, Line

ROWS = 25
"""Rows of a page of the list."""
TAKEN = 10_000
"""Most rows that are taken along as CSV or Parquet."""


@dataclass(frozen=True)
class _Answer:
    found: Breakdown
    coverage: Coverage
    notes: tuple[Annotation, ...]


def layout(view: View) -> Node:
    """The page."""
    title = view.text("campaigns")
    if view.site is None:
        return no_site(view, title)
    try:
        answer = _ask(view)
    except ConfigError as error:
        return shell(view, chips(view), bad_request(view, error), title=title, tools=period_tools(view))
    if answer.coverage.last_received is None and not view.state.f:
        return shell(view, first_steps(view), title=title)
    return shell(
        view,
        chips(view),
        tiles(view, answer.found, answer.coverage),
        _chart(view, answer),
        _list(view, answer),
        cover(view, answer.coverage),
        title=title,
        sub=view.text("campaigns.sub"),
        tools=[picker(view, answer.found.goal), *period_tools(view), notes_menu(view)],
        health=health(view, answer.coverage),
    )


def _ask(view: View) -> _Answer:
    site, store, now = view.site, view.desk.store, view.desk.now()
    assert site is not None
    by, listing = parse(_given(view), ROWS)
    goal = chosen(view)
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(breakdown, store, site, view.period, by, goal, listing, view.state.f, now=now)
        covered = pool.submit(coverage, store, site, view.period, now=now)
        return _Answer(asked.result(), covered.result(), marks(view))


def _given(view: View) -> dict[str, str]:
    return {name: view.state.one(name) for name in OPTIONS}


def _chart(view: View, answer: _Answer) -> Node:
    """The first groups of the list over time; sessions without a campaign would hide the campaigns."""
    text, found = view.text, answer.found
    shown = [
        (_name(view, found.by, group.value), group)
        for group in found.groups
        if group.sessions and (group.value or found.by != "campaign")
    ][:TOP]
    if not shown:
        return None
    names = [name for name, _ in shown]
    keys = [html.Span([html.I(className=f"key k{at}"), name]) for at, name in enumerate(names, 1)]
    said = text("campaigns.chart", names=", ".join(names))
    return card(
        text("campaigns.trend"),
        html.Div(keys, className="legend keys"),
        graph("campaigns-trend", trend(found, shown, text, answer.notes), said, HEIGHT),
    )


def _list(view: View, answer: _Answer) -> Node:
    text, found = view.text, answer.found
    tabs = toggle(
        view, text("campaigns.by"), "by", [(by, text(f"campaigns.by.{by}")) for by in BYS], by_of({})
    )
    head = html.Div(
        [tabs, html.Div(className="grow"), table.search(view, found.listing)], className="bar-head"
    )
    info = computed(view, found.computed, text("campaigns.how"), coverage_words(view, answer.coverage))
    if not found.groups:
        body: list[Node] = [
            empty("search", text("empty.list"), text("listing.none"), small=True),
            table.pager(view, found.listing, found.found),
        ]
    else:
        columns = [Column(sort, text(f"col.{sort}")) for sort in _COLUMNS]
        lines = _lines(view, found)
        body = [
            table.table(view, found.listing, text(f"field.{found.by}"), columns, lines),
            table.pager(view, found.listing, found.found),
        ]
    return card(
        text(f"campaigns.by.{found.by}"),
        head,
        *(part for part in body if part is not None),
        info=info,
        tools=[exports(view, "campaigns", "campaigns")],
    )


_COLUMNS = ("sessions", "change", "visitors", "engaged", "converted", "rate", "revenue", "per_session")


def _lines(view: View, found: Breakdown) -> list[Line]:
    most = max((group.sessions for group in found.groups), default=0) or 1
    engaged = table.highest([group.engaged_rate for group in found.groups])
    won = table.highest([group.rate for group in found.groups])
    made = []
    for group in found.groups:
        name = _name(view, found.by, group.value)
        cells = [
            format.number(group.sessions),
            table.change(view, group.change, group.sessions_before),
            format.number(group.visitors),
            table.rate(view, group.engaged_rate, engaged),
            table.counted(view, "campaigns", f"won:{group.value}", group.converted),
            table.rate(view, group.rate, won),
            table.money(view, group.revenue),
            "–" if group.per_session is None else table.money(view, group.per_session),
        ]
        made.append(
            Line(
                label=label_of(view, found.by, group.value),
                bar=group.sessions / most,
                cells=cells,
                href=view.state.filtered(group.condition),
                on=group.condition in view.state.f,
                people=people.href(view, "campaigns", f"all:{group.value}"),
                title=name,
            )
        )
    return made


def _name(view: View, field: str, value: str) -> str:
    """A value in words."""
    return (
        view.text.name("source" if field == "source_medium" else field, value)
        if value
        else view.text("unset")
    )


def download(view: View, name: str) -> list[list[object]] | None:
    """The rows of the list, with a head."""
    if name != "campaigns" or view.site is None:
        return None
    by, listing = parse({**_given(view), "page": ""}, TAKEN)
    found = breakdown(
        view.desk.store, view.site, view.period, by, chosen(view), listing, view.state.f, now=view.desk.now()
    )
    return table.taken([group.to_json() for group in found.groups], by, ("trend",))


def people_behind(view: View, who: str) -> Selection | None:
    """The people of a row: `all:` and its value, or `won:` for those whose session holds the goal."""
    kind, _, value = who.partition(":")
    if kind not in ("all", "won") or view.site is None:
        return None
    by, goal = by_of(_given(view)), chosen(view)
    asked = people_of(
        view.desk.store,
        view.site,
        view.period,
        by,
        value,
        goal if kind == "won" else None,
        view.state.f,
        view.desk.now(),
    )
    name = _name(view, by, value)
    title = view.text(f"campaigns.people.{kind}", name=name, goal=named(view, goal))
    return Selection(title, asked.sql, asked.used(), asked.ahead)


PAGE = Page(
    "/campaigns",
    "campaigns",
    "megaphone",
    "nav.understand",
    layout,
    download=download,
    people=people_behind,
    params=OPTIONS,
)
"""Registered in dashboards/app.py."""
