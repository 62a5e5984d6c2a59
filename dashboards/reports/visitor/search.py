"""The search: by an id, a user id or a property; and the people that fit when there are several."""

from __future__ import annotations

from dash import html

from dashboards import format
from dashboards.controls import hidden
from dashboards.page import PEOPLE, Node, View
from dashboards.parts import card, computed, empty, exports, icon, link
from dashboards.reports.people.query import People
from dashboards.reports.people.table import table
from dashboards.reports.visitor.options import Options
from dashboards.static import Element

PATH = "/visitor"


def find_form(view: View) -> Node:
    """The small search of a page's head: any id of a person, or the beginning of one."""
    text = view.text
    field = Element(
        "input",
        name="id",
        type="search",
        required=True,
        maxLength=500,
        className="in find",
        placeholder=text("visitor.find"),
        autoComplete="off",
        **{"aria-label": text("visitor.find")},
    )
    go = html.Button(icon("search"), className="btn", type="submit", **{"aria-label": text("visitor.go")})
    return Element("form", [*_kept(view), field, go], action=PATH, method="get", className="row finder")


def search_card(view: View, asked: Options) -> Node:
    """The search as a card: by id, by user, by property."""
    text = view.text
    parts = [
        _field(view, "id", asked.id, "visitor.by_id", "9f3c1a…"),
        _field(view, "user", asked.user, "visitor.by_user", "4711"),
        _field(view, "property", asked.with_property, "visitor.by_property", "plan=gold"),
    ]
    days = format.dates(view.period.start, view.period.end, view.lang, view.today)
    note = html.P(text("visitor.search.words", dates=days), className="muted sm")
    everybody = link([icon("users", 14), text("visitor.everybody")], view.state.href(PEOPLE), "btn sm")
    return card(
        text("visitor.search"), html.Div(parts, className="grid g-3 finders"), note, tools=[everybody]
    )


def _field(view: View, name: str, value: str, key: str, example: str) -> Node:
    text = view.text
    field = Element(
        "input",
        name=name,
        defaultValue=value,
        required=True,
        maxLength=500,
        className="in",
        placeholder=example,
        autoComplete="off",
    )
    go = html.Button(text("visitor.go"), className="btn", type="submit")
    label = Element("label", [text(key), html.Span([field, go], className="row g8")])
    return Element(
        "form", [*_kept(view), label], action=PATH, method="get", className="fields flush", key=name + value
    )


def _kept(view: View) -> list[Node]:
    """What a search keeps of the address: site, days and language."""
    state = view.state
    pairs = [("site", state.site), ("p", state.p), ("start", state.start), ("end", state.end)]
    pairs += [("lang", state.lang), ("cmp", state.cmp), *(("f", text) for text in state.f)]
    return [hidden(name, value) for name, value in pairs if value]


def matches_card(view: View, found: People) -> Node:
    """Those that fit, or that nobody does."""
    text = view.text
    if not found.rows:
        more = link(text("period.90d"), view.state.href(p="90d", start="", end=""), "btn")
        return html.Section(
            empty("search", text("visitor.nobody"), text("visitor.nobody.words"), more, alone=True),
            className="card",
            role="status",
        )
    title = text.n("visitor.matches", found.total)
    if found.total > len(found.rows):
        title = text("visitor.matches_of", n=len(found.rows), all=format.number(found.total))
    return card(
        title,
        table(view, found.rows),
        tools=[exports(view, "visitor", "matches")],
        info=computed(view, found.chosen, text("visitor.matches.how")),
    )
