"""A year of days as a grid of weeks: how busy each was, and which brought an order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from dash import html

from dashboards import format
from dashboards.page import Node, View
from dashboards.reports.visitor.records import ActiveDay, Visitor

WEEKS = 53
_LEVELS = 3  # so many sessions and more look the same


def calendar(view: View, found: Visitor) -> Node:
    """The last 53 weeks, Monday on top; what the grid says stands in its name, too."""
    text = view.text
    first = view.today - timedelta(days=view.today.weekday() + 7 * (WEEKS - 1))
    days = {one.day: one for one in found.days if first <= one.day <= view.today}
    cells = [_cell(view, first + timedelta(days=at), days) for at in range(7 * WEEKS)]
    orders = sum(1 for one in days.values() if one.orders)
    said = text("visitor.calendar.said", days=text.n("visitor.days", len(days)), orders=format.number(orders))
    keys = [html.Span(text("visitor.quiet"))]
    keys += [html.I(className=f"cell l{level}") for level in range(_LEVELS + 1)]
    keys += [html.Span(text("visitor.busy")), html.I(className="cell o"), html.Span(text("visitor.order"))]
    head = [
        html.H2(text("visitor.year"), className="sm"),
        html.Div(className="grow"),
        html.Div(keys, className="legend keys"),
    ]
    grid = html.Div(cells, className="year", role="img", **{"aria-label": said})
    return html.Div(
        [html.Div(head, className="row g8 wrap"), grid, _months(view, first)], className="calendar"
    )


def _cell(view: View, day: date, days: Mapping[date, ActiveDay]) -> Node:
    if day > view.today:
        return html.I(className="cell no")
    one = days.get(day)
    if one is None:
        return html.I(className="cell")
    text = view.text
    said = f"{format.weekday(day, view.lang)}: {text.n('visitor.sessions', one.sessions)}"
    if one.orders:
        return html.I(className="cell o", title=f"{said}, {text.n('visitor.orders', one.orders)}")
    return html.I(className=f"cell l{min(one.sessions, _LEVELS)}", title=said)


def _months(view: View, first: date) -> Node:
    """The name of a month under the week in which it begins."""
    names = []
    for week in range(WEEKS - 2):
        monday = first + timedelta(days=7 * week)
        sunday = monday + timedelta(days=6)
        if sunday.month != monday.month or monday.day == 1:
            name = f"{sunday.month}月" if view.lang == "zh" else format.day(sunday, "en").split()[1]
            names.append(html.Span(name, style={"gridColumn": f"{week + 1} / span 3"}))
    return html.Div(names, className="months", **{"aria-hidden": "true"})
