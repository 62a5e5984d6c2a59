"""A list with many columns: bars behind names, heads that order it, a search, pages, people behind a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dash import html

from crm.rate import Rate
from dashboards import format, people
from dashboards.controls import kept, url_form
from dashboards.listing import UP, VALUE, Listing
from dashboards.page import Node, View
from dashboards.parts import icon, link, unseen
from dashboards.static import Element


@dataclass(frozen=True)
class Column:
    """One column of numbers; `sort` is what the list is asked to be ordered by."""

    sort: str
    head: str
    ordered: bool = True  # whether the list can be ordered by it


@dataclass(frozen=True)
class Line:
    """One row: its name with what stands behind it, and a cell for each column."""

    label: Node
    bar: float  # 0 to 1
    cells: Sequence[Node]
    href: str = ""  # the filter of this row
    on: bool = False  # that filter is set
    people: str = ""  # where the people of the row are listed
    title: str = ""  # the whole name, where it may be cut off
    below: Node = None  # what stands under the name


def table(view: View, listing: Listing, head: str, columns: Sequence[Column], lines: Sequence[Line]) -> Node:
    """The table; on a phone each row is a card."""
    heads = [_head(view, listing, Column(VALUE, head), "")]
    heads += [_head(view, listing, column, "n") for column in columns]
    heads.append(html.Th(unseen(view.text("listing.people_head")), scope="col"))
    body = [_row(view, columns, line) for line in lines]
    made = html.Table([html.Thead(html.Tr(heads)), html.Tbody(body)], className="t bars lists")
    return html.Div(made, className="lists-box", tabIndex="0", role="region", **{"aria-label": head})


def _head(view: View, listing: Listing, column: Column, look: str) -> Node:
    if not column.ordered:
        return html.Th(column.head, className=look, scope="col")
    on = listing.sort == column.sort
    turned = on and not listing.up
    first_up = column.sort == VALUE and not on  # names begin with A
    word = column.sort + (UP if turned or first_up else "")
    arrow = icon("chevron-up" if listing.up else "chevron-down", 14) if on else None
    href = view.state.href(own={"sort": (word,), "page": ()})
    sorted_ = {"aria-sort": "ascending" if listing.up else "descending"} if on else {}
    inside = [part for part in (column.head, arrow) if part is not None]
    return html.Th(link(inside, href, "sort on" if on else "sort"), className=look, scope="col", **sorted_)


def _row(view: View, columns: Sequence[Column], line: Line) -> Node:
    current = {"aria-current": "true"} if line.on else {}
    title = {"title": line.title} if line.title else {}
    name = (
        link(line.label, line.href, "ell", **current, **title)
        if line.href
        else html.Span(line.label, className="ell", **title)
    )
    bar = html.Span(className="bar", style={"width": f"{100 * max(0.0, min(1.0, line.bar)):.1f}%"})
    label = html.Span([name], className="bar-label")
    below = [html.Div(line.below, className="muted xs ell")] if line.below is not None else []
    first = html.Th([html.Div([bar, label], className="bar-cell"), *below], scope="row")
    cells = [
        html.Td(cell, className="n", **{"data-label": column.head})
        for column, cell in zip(columns, line.cells, strict=True)
    ]
    people = (
        link(
            icon("users", 14),
            line.people,
            "ghost sq sm",
            **_named(view.text("listing.people", name=line.title)),
        )
        if line.people
        else None
    )
    return html.Tr([first, *cells, html.Td(people, className="n who")])


def _named(words: str) -> dict[str, str]:
    return {"aria-label": words, "title": words}


def search(view: View, listing: Listing) -> Node:
    """The field that keeps the rows that hold a text."""
    text = view.text
    box = Element(
        "input",
        name="q",
        type="search",
        defaultValue=listing.q,
        placeholder=text("listing.q"),
        className="in",
        maxLength=300,
        autoComplete="off",
        **{"aria-label": text("listing.q")},
    )
    send = html.Button(
        icon("search", 14), type="submit", className="btn sm sq", **_named(text("listing.search"))
    )
    form = url_form(view, [*kept(view, "q", "page"), box, send], f"q-{listing.q}")
    return html.Div(form, className="finder")


def pager(view: View, listing: Listing, found: int) -> Node:
    """Which rows these are, and the way to the others."""
    text = view.text
    if found <= listing.rows and listing.page == 1:
        return None
    first = (listing.page - 1) * listing.rows + 1
    last = min(found, first + listing.rows - 1)
    said = (
        text("listing.rows", first=format.number(first), last=format.number(last), all=format.number(found))
        if found
        else text("listing.beyond")
    )
    parts: list[Node] = [html.Span(said, className="muted sm num")]
    if listing.page > 1:
        back = listing.page - 1 if found else 1
        parts.append(_turn(view, back, [icon("chevron-left", 14), text("listing.before")]))
    if last < found:
        parts.append(_turn(view, listing.page + 1, [text("listing.after"), icon("chevron-right", 14)]))
    return html.Nav(parts, className="row g12 mt12", **{"aria-label": text("listing.pages")})


def _turn(view: View, page: int, inside: list[Node]) -> Node:
    return link(inside, view.state.href(own={"page": (str(page),) if page > 1 else ()}), "btn sm")


def rate(view: View, share: Rate, top: float, of: str = "listing.of") -> Node:
    """A share with its 95 % interval drawn below; top: the right end of the drawing, 0 to 1."""
    if share.value is None or share.low is None or share.high is None:
        return html.Span("–", className="muted")
    said = view.text(
        of,
        part=format.number(share.part),
        whole=format.number(share.whole),
        interval=f"{100 * share.low:.1f}–{format.percent(share.high)}",
    )
    scale = 100 / (top or 1)
    low, high, at = (min(100.0, scale * value) for value in (share.low, share.high, share.value))
    band = html.Span(className="band", style={"left": f"{low:.1f}%", "width": f"{max(2.0, high - low):.1f}%"})
    dot = html.Span(className="mark", style={"left": f"{at:.1f}%"})
    drawn = html.Span([band, dot], className="whisker", **{"aria-hidden": "true"})
    return html.Span([format.percent(share.value), drawn], className="rate", title=said)


def highest(rates: Sequence[Rate]) -> float:
    """Where the drawing of some intervals ends."""
    return max((one.high for one in rates if one.high is not None), default=1.0)


def change(view: View, share: float | None, before: int, *, good_up: bool = True) -> Node:
    """A change against the period before; new where there was nothing."""
    if view.state.cmp != "prev":
        return html.Span("–", className="muted")
    said = view.text("kpi.from", value=format.number(before))
    if share is None:
        return html.Span(view.text("table.new"), className="muted", title=said)
    look = "muted" if abs(share) < 0.0005 else "good" if (share > 0) == good_up else "bad"
    return html.Span(format.signed(share), className=look, title=said)


def counted(view: View, page: str, who: str, number: int) -> Node:
    """A number that leads to the people behind it."""
    said = format.number(number)
    return link(said, people.href(view, page, who), "a num") if number else said


def money(view: View, amount: Decimal) -> str:
    """An amount in the site's currency."""
    return format.money(amount, view.site.currency if view.site else "EUR")


def taken(rows: Sequence[Mapping[str, object]], name: str, but: Sequence[str] = ()) -> list[list[object]]:
    """Rows of a report's JSON as a table to take along; `name`: the head of their value."""
    if not rows:
        return [[name]]
    keys = [key for key in rows[0] if key not in but]
    return [
        [name if key == "value" and at == 0 else key for at, key in enumerate(keys)],
        *([row[key] for key in keys] for row in rows),
    ]
