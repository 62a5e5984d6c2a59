"""Goals: what people should do here, how often they did, and an editor for more."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from dash import Dash, Input, Output, html, no_update
from dash import State as Given

from clicktrail.errors import ClicktrailError, ConfigError
from dashboards import format, people, table
from dashboards.access import CHANGE
from dashboards.controls import chips, period_tools
from dashboards.coverage import Coverage, coverage
from dashboards.footing import bad_request, cover, coverage_words, health
from dashboards.goals import ORDERS, Goal, goal_of, goals, named, put_goal, read_goal, remove_goal
from dashboards.page import Desk, Node, Page, View
from dashboards.parts import card, computed, exports, icon, link, spark
from dashboards.people import Selection
from dashboards.reports.goals import form
from dashboards.reports.goals.query import GoalRow, Goals, people_of, reached
from dashboards.shell import no_site, shell
from dashboards.snippet import first_steps
from dashboards.static import fast


@dataclass(frozen=True)
class _Answer:
    found: Goals
    coverage: Coverage


def layout(view: View) -> Node:
    """The page."""
    title = view.text("goals")
    if view.site is None:
        return no_site(view, title)
    try:
        answer, edited = _ask(view), _edited(view)
    except ConfigError as error:
        return shell(view, chips(view), bad_request(view, error), title=title, tools=period_tools(view))
    silent = answer.coverage.last_received is None and not view.state.f
    numbers = first_steps(view) if silent else _list(view, answer)
    parts = [numbers, form.editor(view, edited) if view.may(CHANGE) else None]
    columns = html.Div([part for part in parts if part is not None], className="grid top")
    return shell(
        view,
        chips(view),
        columns,
        *form.stores(),
        cover(view, answer.coverage),
        title=title,
        sub=view.text("goals.sub"),
        tools=period_tools(view),
        health=health(view, answer.coverage),
    )


def _ask(view: View) -> _Answer:
    site, store, now = view.site, view.desk.store, view.desk.now()
    assert site is not None
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(reached, store, site, view.period, view.state.f, now=now)
        covered = pool.submit(coverage, store, site, view.period, now=now)
        return _Answer(asked.result(), covered.result())


def _edited(view: View) -> Goal | None:
    """The goal whose change was asked for; ConfigError for one that is not there or is built in."""
    id = view.state.one("edit")
    if not id or view.site is None:
        return None
    if id == ORDERS.id:
        raise ConfigError("orders are a goal of every site and cannot be changed")
    return goal_of(view.desk.store, view.site.id, id)


def _list(view: View, answer: _Answer) -> Node:
    text, rows = view.text, answer.found.rows
    heads = [html.Th(text("goals.head.goal"), scope="col")]
    names = ("conversions", "change", "people", "rate", "value", "trend")
    heads += [html.Th(text(f"goals.head.{name}"), className="n", scope="col") for name in names]
    heads.append(html.Th(html.Span(text("goals.head.do"), className="off"), scope="col"))
    top = table.highest([row.rate for row in rows])
    most = max((row.conversions for row in rows), default=0) or 1
    running = answer.found.period.ends > answer.found.asked_at
    body = [_row(view, row, names, top, most, unfinished=running) for row in rows]
    made = html.Table([html.Thead(html.Tr(heads)), html.Tbody(body)], className="t bars lists goals")
    box = html.Div(
        made, className="lists-box", tabIndex="0", role="region", **{"aria-label": text("goals.list")}
    )
    info = computed(view, answer.found.computed, text("goals.how"), coverage_words(view, answer.coverage))
    words = text.n("goals.of", answer.found.sessions)
    return card(
        text("goals.list"),
        html.P(words, className="muted sm mb"),
        box,
        info=info,
        tools=[exports(view, "goals", "goals")],
    )


def _row(  # noqa: PLR0913 - what a row is drawn with
    view: View, row: GoalRow, names: tuple[str, ...], top: float, most: int, *, unfinished: bool
) -> Node:
    text, goal = view.text, row.goal
    kept_by = "orders>0" if goal == ORDERS else goal.condition
    current = {"aria-current": "true"} if kept_by in view.state.f else {}
    title = text("goals.filter", name=named(view, goal))
    name = link(named(view, goal), view.state.filtered(kept_by), "ell", title=title, **current)
    bar = html.Span(className="bar", style={"width": f"{100 * row.conversions / most:.1f}%"})
    first = html.Th(
        [
            html.Div([bar, html.Span([name], className="bar-label")], className="bar-cell"),
            html.Div(html.Code(goal.condition), className="muted xs ell", title=goal.condition),
        ],
        scope="row",
    )
    counted = format.number(row.conversions)
    whole = row.trend[:-1] if unfinished else row.trend
    cells: list[Node] = [
        link(counted, people.href(view, "goals", goal.id), "a num") if row.conversions else counted,
        table.change(view, row.change, row.conversions_before),
        format.number(row.people),
        table.rate(view, row.rate, top),
        "–" if row.value is None else table.money(view, row.value),
        spark(whole, 96, 24),
    ]
    tds = [
        html.Td(cell, className="n", **{"data-label": text(f"goals.head.{key}")})
        for key, cell in zip(names, cells, strict=True)
    ]
    return html.Tr([first, *tds, html.Td(_tools(view, goal), className="n who")])


def _tools(view: View, goal: Goal) -> Node:
    if goal == ORDERS or not view.may(CHANGE):
        return None
    name = view.text("goals.edit", name=goal.name)
    pencil = link(
        icon("pencil", 14),
        view.state.href(own={"edit": (goal.id,)}),
        "ghost sq sm",
        title=name,
        **{"aria-label": name},
    )
    return html.Div([pencil, form.remove_button(view, goal)], className="row")


def download(view: View, name: str) -> list[list[object]] | None:
    """The goals with their numbers, with a head."""
    if name != "goals" or view.site is None:
        return None
    found = reached(view.desk.store, view.site, view.period, view.state.f, now=view.desk.now())
    return table.taken([row.to_json() for row in found.rows], "goal", ("trend",))


def people_behind(view: View, who: str) -> Selection | None:
    """The people whose session holds the goal of this id."""
    if view.site is None:
        return None
    goal = goal_of(view.desk.store, view.site.id, who)
    asked = people_of(view.desk.store, view.site, view.period, goal, view.state.f, view.desk.now())
    title = view.text("goals.people_of", name=named(view, goal))
    return Selection(title, asked.sql, asked.used(), asked.ahead)


def connect(app: Dash, desk: Desk) -> None:
    """Writing and removing a goal, and the preview while one is typed."""
    app.callback(
        Output("goal-done", "data"),
        Output("goal-trouble", "children"),
        Input("goal-form", "data"),
        Given("_pages_location", "search"),
        prevent_initial_call=True,
    )(lambda fields, search: saved(desk.at("/goals", search), fields))
    app.callback(
        Output("goal-preview", "children"),
        Input("goal-draft", "data"),
        Given("_pages_location", "search"),
        prevent_initial_call=True,
    )(lambda fields, search: fast(form.previewed(desk.at("/goals", search), fields)))
    app.clientside_callback(
        _ONWARD,
        Output("goal-done", "modified_timestamp"),
        Input("goal-done", "data"),
        prevent_initial_call=True,
    )


_ONWARD = """function(href) {
  const {go, again} = window.dash_clientside.clicktrail, to = href && href.split('#')[0];
  return to === location.pathname + location.search ? again(true) : go(to);
}"""
"""Where to go after a goal was written; the same address is asked anew."""


def saved(view: View, fields: Mapping[str, Any] | None) -> tuple[Any, Any]:
    """(where to go, nothing), or (nothing, what is wrong). The mark after # makes each answer a new one."""
    if not isinstance(fields, Mapping) or view.site is None:
        return no_update, no_update
    try:
        if fields.get("remove"):
            remove_goal(view.desk.writer(), view.site.id, str(fields["remove"]))
        else:
            put_goal(view.desk.writer(), view.site.id, _typed(view, fields))
    except ClicktrailError as error:
        return no_update, form.said(view, error)
    return f"{view.state.href(own={'edit': ()})}#{time.time_ns()}", ""


def _typed(view: View, fields: Mapping[str, Any]) -> Goal:
    """The goal in the fields. A new one never takes the place of one that is there: ConfigError."""
    assert view.site is not None
    goal = read_goal(
        view.desk.store,
        str(fields.get("name") or ""),
        form.condition_from(fields),
        str(fields.get("amount") or ""),
        str(fields.get("id") or ""),
    )
    if not fields.get("id") and goal.id in {one.id for one in goals(view.desk.store, view.site.id)}:
        raise ConfigError(view.text("goals.taken", id=goal.id))
    return goal


PAGE = Page(
    "/goals",
    "goals",
    "target",
    "nav.understand",
    layout,
    connect=connect,
    download=download,
    people=people_behind,
    params=("edit",),
)
"""Registered in dashboards/app.py."""
