"""The cards beside the heat map: the curve, the time to return, one cohort, the breakdown."""

from __future__ import annotations

from dash import html

from dashboards import format
from dashboards.controls import label_of
from dashboards.page import Node, View
from dashboards.parts import card, computed, empty, exports, graph, link
from dashboards.people import href as people_href
from dashboards.reports.retention.answer import Answer
from dashboards.reports.retention.figure import HEIGHT, return_curve, time_curve
from dashboards.reports.retention.heat import COLUMNS
from dashboards.reports.retention.question import breakdown_menu
from dashboards.reports.retention.records import Cohort, Group
from dashboards.reports.retention.who import WAITING, who
from dashboards.reports.retention.words import field_name, interval, later, name_of, time_sentence
from dashboards.significance import LEAST


def curve_card(view: View, answer: Answer) -> Node:
    """The share that is back, by periods after the start."""
    text, unit = view.text, answer.report.options.period
    means = answer.report.everyone.known
    tools = [exports(view, "retention", "mean")]
    if len(means) < 2:
        body = empty("clock", text("retention.curve.none"), text(f"retention.sub.early.{unit}"), small=True)
        return card(text("retention.curve"), body)
    keys = [html.Span([html.I(className="key"), text("retention.curve.all")])]
    name = ""
    if answer.looked_at is not None:
        name = text(f"retention.cohort.{unit}", name=name_of(view, answer, answer.looked_at))
        keys.append(html.Span([html.I(className="key", style={"borderColor": "var(--c2)"}), name]))
    last = means[-1].money if answer.shows == "money" else means[-1].back.value
    said = text(
        "retention.curve.label", when=later(view, answer, len(means) - 1), share=format.percent(last or 0)
    )
    return card(
        text("retention.curve"),
        html.Div(keys, className="legend"),
        graph("retention-curve", return_curve(answer, text, name), said, HEIGHT),
        html.P(text(f"retention.axis.{unit}"), className="axis-title muted xs"),
        tools=tools,
        info=computed(view, answer.sql("cells"), text(f"retention.how.{answer.shows}", zone=view.zone)),
        look="how-in how-right",
    )


def time_card(view: View, answer: Answer) -> Node:
    """How long people take to come back after their first visit."""
    text, found = view.text, answer.report.time_to_return
    info = computed(view, answer.sql("time_to_return"), text("retention.how.time"))
    if len(found.curve()) < 2:
        body = empty("clock", text("retention.time.none"), text("retention.time.none.words"), small=True)
        return card(text("retention.time"), body, info=info, look="how-in how-right")
    gone = found.back.whole - found.back.part
    waiting = link(text.n("retention.time.waiting", gone), people_href(view, "retention", WAITING), "a")
    said = time_sentence(view, answer)
    return card(
        text("retention.time"),
        html.P([said, " ", waiting] if gone else said, className="sm muted"),
        graph("retention-time", time_curve(found, text), said, HEIGHT),
        html.P(text("retention.axis.time"), className="axis-title muted xs"),
        tools=[exports(view, "retention", "time")],
        info=info,
        look="how-in how-right",
    )


def cohort_card(view: View, answer: Answer) -> Node:
    """The cohort that is looked at: who was back and who was not, and what it paid, period by period."""
    cohort, text, unit = answer.looked_at, view.text, answer.report.options.period
    if cohort is None or not cohort.size:
        return None
    title = text(f"retention.cohort.{unit}", name=name_of(view, answer, cohort))
    heads = [html.Th(text(f"retention.head.later.{unit}"), scope="col")]
    keys = ("back", "interval", "gone", "money", "money_share")
    heads += [html.Th(text(f"retention.head.{key}"), className="n", scope="col") for key in keys]
    rows = [_period(view, answer, cohort, at) for at in range(min(len(cohort.cells), COLUMNS))]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="t rows close")
    box = html.Div(table, className="scroll-x", tabIndex="0", role="region", **{"aria-label": title})
    return card(title, html.P(text("retention.cohort.words"), className="sm muted mb8"), box)


def _period(view: View, answer: Answer, cohort: Cohort, at: int) -> Node:
    cell, rate = cohort.cells[at], cohort.cells[at].back
    currency = view.site.currency if view.site else "EUR"
    back = format.number(rate.part)
    gone = format.number(rate.whole - rate.part)
    if rate.part:
        back = link(back, people_href(view, "retention", who("back", at, cohort.start)), "a")
    if rate.part < rate.whole:
        gone = link(gone, people_href(view, "retention", who("gone", at, cohort.start)), "a")
    share = cohort.money(at)
    running = html.Span(f" · {view.text('chart.running')}", className="muted xs") if cell.unfinished else None
    cells = [
        html.Th([later(view, answer, at), running] if running else later(view, answer, at), scope="row"),
        html.Td([back, html.Span(f" · {format.percent(rate.value or 0)}", className="muted")], className="n"),
        html.Td(interval(rate) if at else "–", className="n muted"),
        html.Td(gone, className="n"),
        html.Td(format.money(cell.revenue, currency), className="n"),
        html.Td("–" if share is None else format.percent(share), className="n muted"),
    ]
    return html.Tr(cells)


def breakdown_card(view: View, answer: Answer) -> Node:
    """The period after the start, divided by a value at the start: rate, interval, verdict."""
    text, report = view.text, answer.report
    unit, by = report.options.period, report.options.breakdown
    title = text(f"retention.by.{unit}", field=field_name(view, by))
    info = computed(view, answer.sql("cells"), text("retention.how.by", least=LEAST))
    tools = [breakdown_menu(view, report.options), exports(view, "retention", "breakdown")]
    groups = [group for group in report.groups if group.next.whole]
    if not groups:
        body = empty("users", text("empty.list"), text(f"retention.sub.early.{unit}"), small=True)
        return card(title, body, tools=tools, info=info, look="how-in")
    top = max(group.next.high or 0.0 for group in groups) or 1.0
    heads = [html.Th(text.name("field", by), scope="col")]
    heads += [
        html.Th(text(f"retention.head.{key}"), className="n" if key != "verdict" else "", scope="col")
        for key in ("people", "rate", "interval", "verdict")
    ]
    rows = [_group(view, answer, group, top) for group in groups]
    more = report.values - len(report.groups)
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="t rows close by")
    box = html.Div(table, className="scroll-x", tabIndex="0", role="region", **{"aria-label": title})
    rest = html.P(text.n("retention.by.more", more), className="muted xs") if more > 0 else None
    return card(title, box, rest, tools=tools, info=info, look="how-in")


def _group(view: View, answer: Answer, group: Group, top: float) -> Node:
    rate, by = group.next, answer.report.options.breakdown
    value = rate.value or 0.0
    name = label_of(view, by, group.value)
    shown = format.percent(value)
    if answer.report.options.start == "first" and rate.part:
        shown = link(shown, people_href(view, "retention", who("back", 1, None, group.value)), "a")
    cells = [
        html.Th(name, scope="row"),
        html.Td(format.number(rate.whole), className="n muted"),
        html.Td(html.B(shown), className="n"),
        html.Td(_whisker(rate.low or 0.0, value, rate.high or 0.0, top, interval(rate)), className="n"),
        html.Td(_verdict(view, answer, group), className="verdict"),
    ]
    return html.Tr(cells)


def _whisker(low: float, value: float, high: float, top: float, said: str) -> Node:
    """The interval as a line with a dot, its numbers beside it."""
    at = {"left": f"{100 * low / top:.1f}%", "width": f"{100 * (high - low) / top:.1f}%"}
    parts = [
        html.Span(className="wk-line", style=at),
        html.Span(className="wk-dot", style={"left": f"{100 * value / top:.1f}%"}),
    ]
    drawn = html.Span(parts, className="wk", **{"aria-hidden": "true"})
    return html.Span([drawn, html.Span(said, className="muted")], className="wk-cell")


def _verdict(view: View, answer: Answer, group: Group) -> Node:
    text = view.text
    if group.next.whole < LEAST:
        return html.Span(text("retention.verdict.few", least=LEAST), className="muted")
    if not group.differs:
        return html.Span(text("retention.verdict.same"), className="muted")
    groups = answer.report.groups
    part = sum(one.next.part for one in groups) - group.next.part
    whole = sum(one.next.whole for one in groups) - group.next.whole
    better = whole > 0 and (group.next.value or 0.0) > part / whole
    mark = html.Span("▲" if better else "▼", className="tri", **{"aria-hidden": "true"})
    words = text("retention.verdict.better" if better else "retention.verdict.worse")
    return html.Span([mark, words], className="delta good" if better else "delta bad")
