"""The strip of numbers on top of the campaigns: all sessions together, and before."""

from __future__ import annotations

from decimal import Decimal

from dash import html

from crm.rate import Rate
from dashboards import format, table
from dashboards.breakdown import Breakdown
from dashboards.coverage import Coverage
from dashboards.footing import coverage_words
from dashboards.goals import named
from dashboards.page import Node, View
from dashboards.parts import computed, delta, spark


def tiles(view: View, found: Breakdown, covered: Coverage) -> Node:
    """Sessions, engagement, conversion, revenue, revenue a session."""
    text, total = view.text, found.total
    info = computed(view, found.computed, text("campaigns.how"), coverage_words(view, covered))
    line = total.trend if found.period.ends <= found.asked_at else found.begun(total.trend)[:-1]
    return html.Div(
        [
            _tile(
                [html.Span(text("metric.sessions"), className="what"), info],
                format.short(total.sessions, view.lang),
                _changed(view, total.sessions, total.sessions_before),
                spark(line),
            ),
            _rate(view, text("col.engaged"), total.engaged_rate, total.engaged_rate_before),
            _rate(
                view,
                text("campaigns.conversion", goal=named(view, found.goal)),
                total.rate,
                total.rate_before,
            ),
            _money(view, text("col.revenue"), total.revenue, total.revenue_before),
            _money(view, text("col.per_session"), total.per_session, total.per_session_before),
        ],
        className="kpis",
    )


def _tile(head: list[Node], value: str, below: list[Node], more: Node = None) -> Node:
    parts = [
        html.Div(head, className="kpi-l"),
        html.Div(value, className="kpi-v"),
        html.Div(below, className="kpi-d"),
        more,
    ]
    return html.Div([part for part in parts if part is not None], className="kpi")


def _changed(view: View, now: float, then: float, was: str = "") -> list[Node]:
    if view.state.cmp != "prev":
        return []
    if not then:
        return [html.Span(view.text("kpi.nothing_before"))]
    before = view.text("kpi.from", value=was or format.short(then, view.lang))
    return [delta(now / then - 1, view.text), html.Span(before)]


def _rate(view: View, name: str, now: Rate, before: Rate) -> Node:
    """A share with its interval, and its change in points."""
    head: list[Node] = [html.Span(name, className="what ell", title=name)]
    if now.value is None or now.low is None or now.high is None:
        return _tile(head, "–", [])
    said = f"95%: {100 * now.low:.1f}–{format.percent(now.high)}"
    below: list[Node] = []
    if view.state.cmp == "prev" and before.value is not None:
        was = view.text("kpi.from", value=format.percent(before.value))
        below = [delta(now.value - before.value, view.text, unit="points"), html.Span(was)]
    more = html.Div(html.Span(said, className="muted xs"), className="mt12")
    return _tile(head, format.percent(now.value), below, more)


def _money(view: View, name: str, now: Decimal | None, before: Decimal | None) -> Node:
    head: list[Node] = [html.Span(name, className="what ell", title=name)]
    if now is None:
        return _tile(head, "–", [])
    was = table.money(view, before) if before else ""
    return _tile(head, table.money(view, now), _changed(view, float(now), float(before or 0), was))
