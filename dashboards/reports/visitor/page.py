"""Visitor: one person with all that is known of it; or the search for one."""

from __future__ import annotations

from dataclasses import replace

from dash import Dash, Input, Output, dcc, html
from dash import State as Given

from clicktrail.errors import ConfigError
from dashboards.computed import jsonable
from dashboards.controls import period_tools, share_button
from dashboards.footing import bad_request
from dashboards.page import PEOPLE, Desk, Node, Page, View
from dashboards.parts import icon, link
from dashboards.reports.churn.person import risk_card
from dashboards.reports.churn.risk import risk_of
from dashboards.reports.people.query import Person
from dashboards.reports.people.table import name
from dashboards.reports.sites.query import heard_of
from dashboards.reports.visitor.joins import joins_card, unlink
from dashboards.reports.visitor.options import LINES, OPTIONS, Options, parse
from dashboards.reports.visitor.profile import head_card, profile_card, touch_card
from dashboards.reports.visitor.query import Answer, visitor
from dashboards.reports.visitor.raw import show
from dashboards.reports.visitor.records import Line, Visitor
from dashboards.reports.visitor.search import PATH, find_form, matches_card, search_card
from dashboards.reports.visitor.timeline import timeline_card
from dashboards.shell import no_site, shell
from dashboards.snippet import first_steps

MOST_EXPORTED = 100_000
"""Lines of a timeline in one file."""


def layout(view: View) -> Node:
    """The page."""
    title = view.text("visitor")
    if view.site is None:
        return no_site(view, title)
    try:
        found = _ask(view, parse(view.state.own), LINES)
    except ConfigError as error:
        return shell(view, bad_request(view, error), title=title, tools=[find_form(view)])
    if found.visitor is None:
        if found.matches is None and not heard_of(view.desk.store, view.site.id):
            return shell(view, first_steps(view), title=title, sub=view.text("visitor.sub"))
        parts = [search_card(view, found.asked)]
        if found.matches is not None:
            parts.append(matches_card(view, found.matches))
        return shell(view, *parts, title=title, sub=view.text("visitor.sub"), tools=period_tools(view))
    return _person(view, found.visitor, found.asked)


def _ask(view: View, asked: Options, lines: int) -> Answer:
    """What the store says; ConfigError for a property that cannot be read or a page that is not there."""
    assert view.site is not None
    found = visitor(view.desk.store, view.site, view.period, asked, lines)
    if found.visitor and not found.visitor.timeline and asked.page > 1:
        raise ConfigError(view.text("people.no_page", page=asked.page))
    return found


def _person(view: View, found: Visitor, asked: Options) -> Node:
    everybody = link(
        [icon("users"), html.Span(view.text("visitor.everybody"))], view.state.href(PEOPLE), "btn"
    )
    cards = [_risk(view, found), touch_card(view, found), profile_card(view, found), joins_card(view, found)]
    side = html.Div(cards, className="grid top")
    return shell(
        view,
        head_card(view, found),
        html.Div([timeline_card(view, found, asked), side], className="grid g-31"),
        dcc.Store(id="visitor-ask"),
        dcc.Store(id="visitor-unlink"),
        title=view.text("visitor"),
        sub=view.text("visitor.who", name=name(found.person_id)),
        tools=[find_form(view), everybody, share_button(view)],
    )


def _risk(view: View, found: Visitor) -> Node:
    """The person's risk of leaving; who is not in play, or before the first forecast, has none."""
    assert view.site is not None
    try:
        risks = risk_of(view.desk.store, view.site, [found.person_id], view.desk.now())
    except ConfigError:
        risks = {}
    return risk_card(view, risks.get(found.person_id))


def download(view: View, table: str) -> list[list[object]] | None:
    """The timeline of a person, or the people that fit a search, with a head."""
    if view.site is None or table not in ("timeline", "matches"):
        return None
    found = _ask(view, replace(parse(view.state.own), page=1), MOST_EXPORTED)
    if table == "matches":
        people = found.matches.rows if found.matches else ()
        columns = list(Person.__dataclass_fields__)
        return [list(columns), *([getattr(row, column) for column in columns] for row in people)]
    columns = [column for column in Line.__dataclass_fields__ if column != "session"]
    lines = found.visitor.timeline if found.visitor else ()
    rows = [
        [line.session.session_id if line.session else "", *(jsonable(getattr(line, c)) for c in columns)]
        for line in lines
    ]
    return [["session_id", *columns], *rows]


def connect(app: Dash, desk: Desk) -> None:
    """One event on demand; a join taken away."""
    app.callback(
        Output("visitor-event", "children"),
        Input("visitor-ask", "data"),
        Given("_pages_location", "search"),
        prevent_initial_call=True,
    )(lambda asked, search: show(desk, asked, search))
    app.callback(
        Output("visitor-unlinked", "children"),
        Input("visitor-unlink", "data"),
        Given("_pages_location", "search"),
        prevent_initial_call=True,
    )(lambda asked, search: unlink(desk, asked, search))


PAGE = Page(
    PATH,
    "visitor",
    "user",
    "nav.act",
    layout,
    connect=connect,
    download=download,
    params=(*OPTIONS, "page"),
    under=PEOPLE,
)
"""Registered in dashboards/app.py."""
