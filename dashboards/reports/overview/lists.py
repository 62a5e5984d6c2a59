"""The lists of the overview: rows with bars, each row a filter; and the shares that stand apart."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from crm.rate import Rate, relative
from dashboards import format
from dashboards.controls import label_of
from dashboards.footing import coverage_words
from dashboards.page import PEOPLE, Node, View
from dashboards.parts import Row, bars, card, computed, empty, exports, icon
from dashboards.reports.overview.answer import Answer, interval
from dashboards.reports.overview.changes import FIELDS
from dashboards.reports.overview.records import PageRow, TopRow

SHOWN = 8
"""Rows of a list on the page; the CSV holds all."""

_QUERIES = {"pages": ("events", "pages"), "lists": ("lists", "people")}

_DEVICE_ICONS = {
    "phone": "smartphone",
    "tablet": "tablet",
    "feature_phone": "phone",
    "tv": "tv",
    "bot": "bot",
}


def list_card(view: View, answer: Answer, names: Sequence[str]) -> Node:
    """A card of one or more lists: the first one open, the others folded below it."""
    text = view.text
    tools = [exports(view, "overview", names[0])]
    body: list[Node] = [_table(view, answer, names[0])]
    for name in names[1:]:
        head = html.Summary([icon("chevron-right", 14), html.H3(text(f"list.{name}"))])
        body.append(
            html.Details(
                [
                    head,
                    _table(view, answer, name),
                    html.Div(exports(view, "overview", name), className="row"),
                ],
                className="more",
            )
        )
    kind = "pages" if names[0] == "pages" else "lists"
    queries = [answer.sql(name) for name in _QUERIES[kind]]
    info = computed(view, queries, text(f"how.{kind}", zone=view.zone), coverage_words(view, answer.coverage))
    return card(text(f"list.{names[0]}"), *body, tools=tools, info=info)


def _table(view: View, answer: Answer, name: str) -> Node:
    text = view.text
    found = sorted(getattr(answer.now, name), key=lambda row: -row.visitors)
    rows = [row for row in found if row.value or name != "campaigns"][:SHOWN]
    if not rows:
        return empty(
            "search",
            text("empty.list"),
            text(f"empty.{name}") if text.has(f"empty.{name}") else text("empty.period.words"),
            small=True,
        )
    compare = answer.compare and bool(answer.now.previous.visitors)
    made = [_row(view, name, row, row.visitors_before if compare else None) for row in rows]
    return bars(text, made, text(f"head.{name}"), answer.now.totals.visitors, compare=compare)


def _row(view: View, name: str, row: TopRow | PageRow, earlier: int | None) -> Row:
    field, on = FIELDS[name], row.condition in view.state.f
    label = label_of(view, field, row.value)
    front: Node = None
    if name == "countries" and row.value:
        front = html.Span(row.value, className="tag-c", **{"aria-hidden": "true"})
    elif name == "devices":
        front = icon(_DEVICE_ICONS.get(row.value, "monitor"), 14)
    change = None if earlier is None else relative(row.visitors, earlier)
    people = view.state.href(PEOPLE, f=view.state.f if on else (*view.state.f, row.condition))
    href = view.state.filtered(row.condition)
    return Row(label, row.visitors, change, href, front, on, earlier == 0, people if row.visitors else "")


def apart(view: View, answer: Answer) -> Node:
    """What stands apart: WAP's share, engagement, and the bots that no other number holds."""
    text, totals = view.text, answer.now.totals
    rows = [
        ("wap", totals.wap_share),
        ("engaged", totals.engaged_rate),
        ("single", totals.single_page_rate),
        ("order", totals.converted_rate),
    ]
    facts = [_share(view, key, rate) for key, rate in rows if key != "order" or totals.orders]
    bots = text(
        "apart.bots",
        sessions=text.n("apart.sessions", totals.bot_sessions),
        events=text.n("apart.events", totals.bot_events),
    )
    note = html.P([icon("bot", 14), html.Span(bots)], className="row g8 muted sm mt12")
    return card(
        text("apart"),
        html.Div(facts, className="facts"),
        note,
        info=computed(
            view,
            [answer.sql("totals"), answer.sql("events")],
            text("how.apart"),
            coverage_words(view, answer.coverage),
        ),
    )


def _share(view: View, key: str, rate: Rate) -> Node:
    amount = "–" if rate.value is None else format.percent(rate.value)
    said = view.text(
        "rate.of", part=format.number(rate.part), whole=format.number(rate.whole), interval=interval(rate)
    )
    left = html.Div(
        [html.Div(view.text(f"apart.{key}")), html.Div(said, className="muted xs")], className="grow"
    )
    return html.Div([left, html.Div(amount, className="n strong")], className="fact")
