"""Building blocks of every page: icons, menus, cards, tables with bars, sparklines, the states of a card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from dash import dcc, html

from clicktrail.errors import StoreError
from dashboards import format, theme
from dashboards.computed import Computed, jsonable
from dashboards.i18n import Text
from dashboards.page import Node, View


def icon(name: str, size: int = 16, extra: str = "") -> Node:
    """A Lucide outline, a CSS mask in the colour of the text."""
    sized = "" if size == 16 else f" s{size}"
    return html.Span(className=f"i i-{name}{sized} {extra}".strip(), **{"aria-hidden": "true"})


def link(children: Node, href: str, look: str = "", **props: Node) -> Node:
    """An anchor that app.js turns into navigation without a reload; unlike dcc.Link it takes aria-*."""
    return html.A(children, href=href, className=look, **{"data-nav": "1"}, **props)


def menu(label: Node, children: Node, look: str = "", panel: str = "", name: str | None = None) -> Node:
    """A <details> that opens a panel: works by keyboard, Escape closes it. name: of a label of icons."""
    named = {"aria-label": name, "title": name} if name else {}
    panel_node = html.Div(children, className=f"pop {panel}".strip())
    return html.Details([html.Summary(label, className=look, **named), panel_node], className="menu")


def card(title: str, *body: Node, tools: Sequence[Node] = (), info: Node = None, look: str = "") -> Node:
    """A titled panel."""
    head = [html.H2(title), info, html.Div(className="grow"), *tools]
    return html.Section([html.Div(head, className="card-head"), *body], className=f"card {look}".strip())


def computed(view: View, query: Computed | Sequence[Computed], definition: str = "", cover: str = "") -> Node:
    """ "How is this computed": the definition, who is left out, and each query that ran.

    Of a query: its text, its parameters, the rows it read and its time. Of several the first one is open.
    """
    text, queries = view.text, (query,) if isinstance(query, Computed) else tuple(query)
    rows: list[Node] = [html.Div(text("how.title"), className="pop-title")]
    rows.append(html.P(definition or queries[0].definition))
    if cover:
        rows.append(html.P([html.B(text("how.coverage") + " "), cover]))
    if len(queries) == 1:
        rows += _query(view, queries[0])
    else:
        for at, one in enumerate(queries):
            head = text("how.query", at=at + 1, all=len(queries), name=one.name)
            rows.append(
                html.Details([html.Summary(head), *_query(view, one)], className="details query", open=not at)
            )
    return menu(icon("info", 14), rows, "info", "how", text("how.title"))


def _query(view: View, query: Computed) -> list[Node]:
    """What one query read, its text, and what it was given."""
    text, rows = view.text, list[Node]()
    if query.cost.seconds:
        read = text("how.read", rows=format.number(query.cost.rows), span=f"{query.cost.seconds:.2f} s")
        rows.append(html.P(read, className="muted xs"))
    rows += [html.Pre(query.whole, tabIndex="0"), copy_button(text, text("how.copy"), "btn sm")]
    given = [f"{name} = {jsonable(value)}" for name, value in query.used().items()]
    if given:
        rows.append(
            html.Details(
                [html.Summary(text("how.parameters")), html.Pre("\n".join(given), tabIndex="0")],
                className="details",
            )
        )
    return rows


def exports(view: View, page: str, name: str) -> Node:
    """The two small buttons under which a table can be taken along; None for who may not."""
    if not view.access.takes(page, name, view.site.id if view.site else None):
        return None
    kinds = [("csv", "CSV"), ("parquet", "Parquet")]
    buttons = [
        html.A(
            [icon("download", 14) if kind == "csv" else None, said],
            href=view.state.href(f"/download/{page}/{name}.{kind}", own=view.state.own, metric="visitors"),
            className="btn sm quiet",
            download="",
            title=view.text(f"{kind}.title"),
            **{"aria-label": f"{said}: {view.text(f'{kind}.title')}, {name}"},
        )
        for kind, said in kinds
    ]
    return html.Span(buttons, className="row")


def unseen(words: str) -> Node:
    """Words for those who listen to the page."""
    return html.Span(words, className="off")


def copy_button(text: Text, label: str, look: str = "btn") -> Node:
    """Copies the <pre> beside it."""
    act = {"data-act": "copy", "data-done": text("copied")}
    return html.Button([icon("copy", 14), label], className=look, type="button", **act)


def delta(change: float | None, text: Text, *, good_up: bool = True, unit: str = "share") -> Node:
    """▲ +11.7 %: a change in the colour of better or worse, with its sign."""
    if change is None:
        return html.Span(text("kpi.new"), className="delta muted")
    words = format.signed(change) if unit == "share" else text("kpi.points", value=format.points(change))
    if words.startswith("0.0"):
        return html.Span(words, className="delta muted")
    look = "good" if (change > 0) == good_up else "bad"
    triangle = html.Span("▲" if change > 0 else "▼", className="tri", **{"aria-hidden": "true"})
    return html.Span([triangle, words], className=f"delta {look}")


def spark(values: Sequence[float], width: int = 120, height: int = 32) -> Node:
    """A small line that follows the theme: two CSS masks, no chart library."""
    if len(values) < 2:
        return html.Span(className="spark", **{"aria-hidden": "true"})
    low, top = min(values), max(values)
    step, rise = (width - 4) / (len(values) - 1), (height - 6) / ((top - low) or 1)
    flat = (height - 6) / 2 if top == low else 0.0
    points = " ".join(
        f"{2 + i * step:.1f},{height - 3 - flat - (v - low) * rise:.1f}" for i, v in enumerate(values)
    )
    stroke = "stroke='#000' stroke-width='1.6' stroke-linejoin='round' stroke-linecap='round'"
    line = f"<polyline points='{points}' fill='none' {stroke} vector-effect='non-scaling-stroke'/>"
    area = f"<polygon points='2,{height} {points} {width - 2},{height}' fill='#000'/>"
    layers = [_masked("spark-a", area, width, height), _masked("spark-l", line, width, height)]
    return html.Span(layers, className="spark", **{"aria-hidden": "true"})


def _masked(look: str, shape: str, width: int, height: int) -> Node:
    size = f"viewBox='0 0 {width} {height}' preserveAspectRatio='none'"
    svg = quote(f"<svg xmlns='http://www.w3.org/2000/svg' {size}>{shape}</svg>")
    mask = f'url("data:image/svg+xml,{svg}")'
    return html.Span(className=look, style={"WebkitMaskImage": mask, "maskImage": mask})


@dataclass(frozen=True)
class Row:
    """One row of a table with bars."""

    label: Node
    value: int
    change: float | None = None  # share; None: nothing to compare with
    href: str = ""
    before: Node = None  # an icon or a country's letters
    on: bool = False  # the filter of this row is set
    new: bool = False  # there was none of it before
    people: str = ""  # where those are listed who are counted


def bars(  # noqa: PLR0913 - what a table is told
    text: Text, rows: Sequence[Row], head: str, total: int, *, compare: bool = True, counted: str = ""
) -> Node:
    """Table with the bar behind the label: rank, share and trend at one glance.

    total: what shares are of; counted: what is counted if not visitors.
    """
    top = max((row.value for row in rows), default=0) or 1
    titles = [html.Th(head, scope="col")] + [
        html.Th(words, className="n", scope="col")
        for words in (
            counted or text("table.visitors"),
            text("table.share"),
            *((text("table.change"),) if compare else ()),
        )
    ]
    body = []
    for row in rows:
        number: Node = format.number(row.value)
        if row.people:
            number = link(number, row.people, "behind", title=text("table.people"))
        cells = [_bar_cell(row, top), html.Td(number, className="n")]
        cells.append(html.Td(format.share(row.value, total), className="n muted"))
        if compare:
            cells.append(html.Td(_change(row, text), className="n xs"))
        body.append(html.Tr(cells))
    return html.Table([html.Thead(html.Tr(titles)), html.Tbody(body)], className="t bars")


def _bar_cell(row: Row, top: int) -> Node:
    pressed = {"aria-current": "true"} if row.on else {}
    if isinstance(row.label, str):
        pressed["title"] = row.label  # a long one is cut off
    label = link(row.label, row.href, "ell", **pressed) if row.href else html.Span(row.label, className="ell")
    parts = [
        html.Span(className="bar", style={"width": f"{100 * row.value / top:.1f}%"}),
        html.Span([row.before, label] if row.before is not None else [label], className="bar-label"),
    ]
    return html.Th(html.Div(parts, className="bar-cell"), scope="row")


def _change(row: Row, text: Text) -> Node:
    if row.change is None:
        return html.Span(text("table.new") if row.new else "–", className="muted")
    look = "muted" if abs(row.change) < 0.0005 else "good" if row.change > 0 else "bad"
    return html.Span(format.signed(row.change), className=look)


def now_table(rows: Sequence[Row], head: str, column: str) -> Node:
    """The short form for the live page: label with bar, number."""
    top = max((row.value for row in rows), default=0) or 1
    title = html.Tr([html.Th(head, scope="col"), html.Th(column, className="n", scope="col")])
    body = [html.Tr([_bar_cell(row, top), html.Td(format.number(row.value), className="n")]) for row in rows]
    return html.Table([html.Thead(title), html.Tbody(body)], className="t bars brief")


def graph(id: str, figure: Node, label: str, height: int) -> Node:
    """A chart with a name for those who do not see it."""
    chart = dcc.Graph(id=id, figure=figure, config=theme.CONFIG, style={"height": height})
    # The room is there before Dash has fetched the chart: what stands below does not move.
    return html.Div(chart, role="img", style={"height": height}, **{"aria-label": label})


def empty(
    symbol: str, title: str, words: str, *actions: Node, small: bool = False, alone: bool = False
) -> Node:
    """Nothing to show: why, and the next step. alone: the card has no other title."""
    buttons = html.Div(list(actions), className="row g8 center wrap") if actions else None
    parts = [
        html.Div(icon(symbol, 22), className="empty-ic"),
        (html.H2 if alone else html.H3)(title),
        html.P(words),
        buttons,
    ]
    return html.Div(
        [part for part in parts if part is not None], className="empty small" if small else "empty"
    )


def failure(view: View, error: StoreError) -> Node:
    """The card of a store that does not answer: nothing is lost, and what to do next."""
    text, state = view.text, view.state
    again = html.Button(
        [icon("refresh-cw", 14), text("error.again")],
        className="btn primary",
        type="button",
        **{"data-act": "again"},
    )
    week = link(text("error.week"), state.href(p="7d", start="", end=""), "btn")
    buttons = [again] if state.p == "7d" or state.path not in ("/",) else [again, week]
    words = text("error.away") if error.retryable else text("error.refused")
    detail = html.Details(
        [html.Summary(text("error.details")), html.Pre(str(error)[:2000])], className="details"
    )
    parts = [
        html.Div(icon("circle-alert", 22), className="empty-ic bad"),
        html.H2(text("error.title")),
        html.P(words),
        html.Div(buttons, className="row g8 center wrap"),
        detail,
    ]
    return html.Section(html.Div(parts, className="empty", role="alert"), className="card")


def code(text: Text, kind: str, source: str, *, main: bool = False, titled: bool = True) -> Node:
    """A piece of code (kind: tag, pixel, wap) with a button that copies it."""
    look = "btn primary" if main else "btn"
    return html.Div(
        [
            html.H3(text(f"code.{kind}")) if titled else None,
            html.P(text(f"code.{kind}.words"), className="lead") if titled else None,
            html.Pre(source, tabIndex="0"),
            html.Div(copy_button(text, text(f"code.copy_{kind}"), look), className="row g8 wrap"),
        ],
        className="code",
    )
