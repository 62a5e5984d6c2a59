"""The table of people: who, since when, how often, what they brought; and the pages of a list."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dash import html

from dashboards import format
from dashboards.controls import label_of
from dashboards.page import Node, View
from dashboards.parts import icon, link
from dashboards.people import visitor_href
from dashboards.reports.people.query import SORTS, Person
from schemas.identity_edge import USER

_NUMBERS = ("first_seen", "last_seen", "sessions", "orders", "revenue")
_COLUMNS = (
    "id_quality",
    "first_seen",
    "last_seen",
    "sessions",
    "orders",
    "revenue",
    "channel_group",
    "country",
)


def table(view: View, rows: tuple[Person, ...], sort: str = "") -> Node:
    """Rows of people. sort: the column they are sorted by; '' if they cannot be sorted."""
    heads = [html.Th(view.text("people.person"), scope="col")]
    heads += [_head(view, column, sort) for column in _COLUMNS]
    body = [_row(view, row) for row in rows]
    made = html.Table([html.Thead(html.Tr(heads)), html.Tbody(body)], className="t rows stack people")
    return html.Div(
        made, className="scroll", tabIndex="0", role="region", **{"aria-label": view.text("people")}
    )


def _head(view: View, column: str, sort: str) -> Node:
    look = "n" if column in _NUMBERS else ""
    words = view.text(f"people.{column}")
    if not sort:
        return html.Th(words, scope="col", className=look)
    on = column == sort
    down = SORTS[column] < 0
    sign = icon("chevron-down" if down else "chevron-up", 14, "" if on else "hide")
    href = view.state.href(own={"sort": () if column == "last_seen" else (column,), "page": ()})
    aria = {"aria-sort": "descending" if down else "ascending"} if on else {}
    return html.Th(
        link([words, sign], href, "sort on" if on else "sort"), scope="col", className=look, **aria
    )


def name(person_id: str) -> str:
    """What a person is called: the site's own id of a user, else the visitor id. Nobody is given a name."""
    return person_id.removeprefix(USER)


def _row(view: View, row: Person) -> Node:
    text = view.text
    known = html.Span(icon("user" if row.id_quality == "user" else "clock" if row.id_quality == "salted_daily"
                           else "monitor", 14), className="ci")  # fmt: skip
    who = link(name(row.person_id), visitor_href(view, row.person_id), "strong ell", title=row.person_id)
    country = label_of(view, "country", row.country) if row.country else "–"
    source = text.name("channel_group", row.channel_group) if row.channel_group else "–"
    money = format.money(row.revenue, view.site.currency if view.site else "EUR") if row.revenue else "–"
    cells = [
        html.Td(text(f"people.is.{row.id_quality}"), className="muted"),
        _cell(view, "first_seen", _day(view, row.first_seen)),
        _cell(view, "last_seen", _ago(view, row.last_seen)),
        _cell(view, "sessions", format.number(row.sessions)),
        _cell(view, "orders", format.number(row.orders) if row.orders else "–"),
        _cell(view, "revenue", money),
        html.Td(source, **{"data-label": text("people.channel_group")}),
        html.Td(country, **{"data-label": text("people.country")}),
    ]
    return html.Tr([html.Th(html.Div([known, who], className="row g8 who"), scope="row"), *cells])


def _cell(view: View, column: str, value: Node) -> Node:
    return html.Td(value, className="n", **{"data-label": view.text(f"people.{column}")})


def _day(view: View, moment: datetime | None) -> str:
    if moment is None:
        return "–"
    day = moment.astimezone(ZoneInfo(view.zone)).date()
    return format.day(day, view.lang, year=day.year != view.today.year)


def _ago(view: View, moment: datetime | None) -> Node:
    """How long ago; the instant itself as its title."""
    if moment is None:
        return "–"
    seconds = max(0.0, (view.desk.now() - moment).total_seconds())
    said = view.text("ago", span=format.span(seconds, view.lang))
    return html.Span(said, title=format.instant(moment.astimezone(ZoneInfo(view.zone)), view.lang))


def pager(view: View, page: int, rows: int, total: int) -> Node:
    """ "51–100 of 1,234" with the links to the pages beside; None if there is one page only."""
    if total <= rows:
        return None
    text = view.text
    begin, end = (page - 1) * rows + 1, min(page * rows, total)
    words = text(
        "people.range", begin=format.number(begin), end=format.number(end), total=format.number(total)
    )
    links = [
        _step(view, "chevron-left", "people.earlier", page - 1 if page > 1 else 0),
        html.Span(words, className="muted sm num"),
        _step(view, "chevron-right", "people.later", page + 1 if end < total else 0),
    ]
    return html.Nav(links, className="row g8 pager", **{"aria-label": text("people.pages")})


def _step(view: View, symbol: str, key: str, page: int) -> Node:
    words = view.text(key)
    if not page:
        return html.Span(icon(symbol), className="btn sm off-btn", **{"aria-hidden": "true"})
    href = view.state.href(own={"page": () if page == 1 else (str(page),)})
    return link(icon(symbol), href, "btn sm", title=words, **{"aria-label": words})
