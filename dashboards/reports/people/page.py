"""People: those behind a number of another page, or everybody with a session in the period."""

from __future__ import annotations

from dash import html

from clicktrail.errors import ConfigError
from dashboards import format
from dashboards.controls import chips, period_tools
from dashboards.footing import bad_request
from dashboards.page import PEOPLE, Node, Page, View
from dashboards.parts import card, computed, empty, exports, link
from dashboards.people import Selection
from dashboards.period import Period
from dashboards.reports.people.options import PARAMS, ROWS, WITH, Options, parse
from dashboards.reports.people.query import People, Slice, everybody, people
from dashboards.reports.people.table import pager, table
from dashboards.reports.sites.query import heard_of
from dashboards.reports.visitor.search import find_form
from dashboards.shell import no_site, shell
from dashboards.snippet import first_steps

MOST_EXPORTED = 1_000_000
"""People in one file."""
_COLUMNS = (
    "person_id", "id_quality", "first_seen", "last_seen", "sessions", "orders", "revenue", "channel_group",
    "country",
)  # fmt: skip


def layout(view: View) -> Node:
    """The page."""
    text = view.text
    if view.site is None:
        return no_site(view, text("people"))
    tools = [find_form(view), *period_tools(view)]
    try:
        asked = parse(view.state.own)
        chosen = selection(view, asked)
        found = _ask(view, asked, chosen)
    except ConfigError as error:
        return shell(view, chips(view), bad_request(view, error), title=text("people"), tools=tools)
    heard = found.total or view.state.f or heard_of(view.desk.store, view.site.id)
    if not heard:
        return shell(view, first_steps(view), title=text("people"), tools=tools)
    return shell(
        view,
        chips(view),
        _list(view, asked, found) if found.total else _nobody(view, asked),
        title=text("people"),
        sub=f"{chosen.title}: {text.n('people.count', found.total)}",
        tools=tools,
    )


def selection(view: View, asked: Options) -> Selection:
    """Who is meant; ConfigError if the page does not say."""
    assert view.site is not None
    if not asked.of:
        dates = format.dates(view.period.start, view.period.end, view.lang, view.today)
        return everybody(
            view.desk.store, view.site, view.period, view.state.f, view.text("people.everybody", dates=dates)
        )
    page = next((one for one in view.desk.pages if one.name == asked.of), None)
    found = page.people(view, asked.who) if page and page.people else None
    if found is None:
        raise ConfigError(view.text("people.unknown", of=asked.of[:60], who=asked.who[:60]))
    return found


def _ask(view: View, asked: Options, chosen: Selection) -> People:
    """The rows of the page; of a page behind the last one, those of the first."""
    assert view.site is not None
    during = _days(view, asked)
    found = people(view.desk.store, view.site, chosen, asked.slice, during)
    if not found.rows and asked.page > 1:
        raise ConfigError(view.text("people.no_page", page=asked.page))
    return found


def _days(view: View, asked: Options) -> Period | None:
    """The days in which everybody of the list has a session, where the list says so."""
    return None if asked.of else view.period


def _list(view: View, asked: Options, found: People) -> Node:
    text = view.text
    tools = [exports(view, "people", "people")]
    info = computed(view, found.computed, text("people.how"))
    return card(
        text("people.list"),
        table(view, found.rows, asked.sort),
        html.Div([_daily(view, asked, found), pager(view, asked.page, ROWS, found.total)], className="foot"),
        tools=tools,
        info=info,
    )


def _daily(view: View, asked: Options, found: People) -> Node:
    """What the files hold of those who are known for one day only."""
    text = view.text
    if not found.daily:
        return html.Span()
    key = "people.daily_in" if asked.with_daily else "people.daily_out"
    change = link(
        text("people.daily_leave" if asked.with_daily else "people.daily_take"),
        view.state.href(own={"daily": () if asked.with_daily else (WITH,)}),
        "a",
    )
    return html.P([text.n(key, found.daily), " ", change], className="muted sm")


def _nobody(view: View, asked: Options) -> Node:
    text = view.text
    words = text("people.none_behind") if asked.of else text("empty.period.words")
    more = link(text("period.90d"), view.state.href(p="90d", start="", end=""), "btn")
    body = empty("users", text("people.none"), words, more, alone=True)
    return html.Section(body, className="card")


def download(view: View, name: str) -> list[list[object]] | None:
    """All people of the list with a head; those with an id of one day only on wish."""
    if name != "people" or view.site is None:
        return None
    asked = parse(view.state.own)
    wanted = Slice(MOST_EXPORTED, 0, asked.sort, asked.with_daily)
    found = people(view.desk.store, view.site, selection(view, asked), wanted, _days(view, asked))
    return [list(_COLUMNS), *([getattr(row, column) for column in _COLUMNS] for row in found.rows)]


PAGE = Page(PEOPLE, "people", "users", "nav.act", layout, download=download, params=PARAMS)
"""Registered in dashboards/app.py."""
