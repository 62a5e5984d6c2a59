"""Who converts better: one row a value of the breakdown, with its interval and a verdict in words."""

from __future__ import annotations

from collections.abc import Mapping

from dash import html

from dashboards import format, people
from dashboards.conditions import condition
from dashboards.controls import FILTER_FIELDS, kept, label_of, toggle, url_form
from dashboards.page import Node, View
from dashboards.parts import card, computed, empty, exports, icon, link, menu
from dashboards.reports.funnel.ask import BREAKDOWN
from dashboards.reports.funnel.fields import field_input, field_list
from dashboards.reports.funnel.names import field_name, interval, share, step_name
from dashboards.reports.funnel.options import FIRST_TOUCH, LAST_TOUCH
from dashboards.reports.funnel.records import Funnel, Segment

QUICK = ("channel", "source", "country", "device_class")
SHOWN = 25
"""Rows on the page; the tables to take along hold all."""


def groups(view: View, found: Funnel, faults: Mapping[str, str]) -> Node:
    """The card."""
    text = view.text
    said = [words for name, words in faults.items() if name in ("breakdown", "breakdown-at")]
    body: list[Node] = [
        html.Div([icon("circle-alert", 14), one[:400]], className="fn-fault", role="alert") for one in said
    ]
    body.append(html.Div([_fields(view), _touch(view, found)], className="row g8 wrap fn-by"))
    if not found.options.breakdown:
        body.append(empty("list", text("funnel.who"), text("funnel.by.none"), small=True))
    elif not found.segments:
        body.append(html.P(_few(view, found), className="muted sm"))
    else:
        body += [_table(view, found), html.P(text("funnel.groups"), className="muted xs mt12")]
    info = computed(view, found.computed[0], text("funnel.how.segments"))
    return card(text("funnel.who"), *body, tools=[exports(view, "funnel", "segments")], info=info)


def _fields(view: View) -> Node:
    """The usual fields at one click, any other by its name."""
    text, chosen = view.text, view.state.one("breakdown", BREAKDOWN)
    quick = toggle(
        view, text("funnel.by"), "breakdown", [(one, field_name(text, one)) for one in QUICK], BREAKDOWN
    )
    fields: list[Node] = [
        *kept(view, "breakdown"),
        field_input("breakdown", "" if chosen in QUICK else chosen),
        html.Button(text("funnel.by.show"), className="btn primary", type="submit"),
    ]
    label = text("funnel.by.other") if chosen in QUICK else field_name(text, chosen)[:60]
    other = menu(
        [html.Span(label, className="ell"), icon("chevron-down", 14)],
        [url_form(view, fields, f"breakdown|{chosen}"), field_list("breakdown")],
        "chip flat",
        "fn-pop",
    )
    return html.Div([quick, other], className="row g8 wrap")


def _touch(view: View, found: Funnel) -> Node:
    """At which event of the attempt the value is read."""
    text, state = view.text, view.state
    choices = [(FIRST_TOUCH, text("funnel.at.first_touch")), (LAST_TOUCH, text("funnel.at.last_touch"))]
    for number, step in enumerate(found.options.steps, 1):
        name = step_name(text, step)
        choices.append((str(number), f"{text('funnel.at.step', step=number)}: {name}"))
    chosen = found.options.breakdown_at
    options = [
        link(
            [html.Span(words, className="grow"), icon("check", 14, "" if value == chosen else "hide")],
            state.href(own={"breakdown-at": () if value == FIRST_TOUCH else (value,)}),
            "opt",
            **({"aria-current": "true"} if value == chosen else {}),
        )
        for value, words in choices
    ]
    shown = dict(choices)[chosen]
    label = [html.Span(text("funnel.at"), className="muted"), html.Span(shown, className="ell")]
    return menu([*label, icon("chevron-down", 14)], options, "chip flat", "fn-pop")


def _table(view: View, found: Funnel) -> Node:
    text = view.text
    heads = [
        html.Th(field_name(text, found.options.breakdown), scope="col"),
        *(
            html.Th(text(f"funnel.head.{key}"), scope="col", className="n")
            for key in ("entered", "converted", "rate")
        ),
        html.Th(text("funnel.head.interval"), scope="col", className="fn-w"),
        html.Th(text("funnel.head.verdict"), scope="col"),
    ]
    shown = found.segments[:SHOWN]
    most = max((one.converted.high or 0.0 for one in shown), default=0.0) or 1.0
    rows = [_row(view, found, one, most) for one in shown]
    if found.hidden:
        rest = html.Td(_few(view, found), colSpan=6, className="muted sm")
        rows.append(html.Tr(rest, className="fn-few"))
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="t rows stack fn-groups")
    return html.Div(
        table, className="fn-scroll", tabIndex="0", role="region", **{"aria-label": text("funnel.who")}
    )


def _few(view: View, found: Funnel) -> str:
    key = "funnel.few.step" if found.options.at_step else "funnel.few"
    return view.text(key, n=format.number(found.hidden))


def _row(view: View, found: Funnel, one: Segment, most: float) -> Node:
    text, field, rate = view.text, found.options.breakdown, one.converted
    name = label_of(view, field, one.value)
    shown: Node = name
    if field in FILTER_FIELDS and one.value:
        shown = link(name, view.state.filtered(condition(field, one.value)))
    own = {**view.state.own, "segment": (f"={one.value}",)}
    cells = [
        html.Th(shown, scope="row", className="break"),
        _count(view, rate.whole, "entered", own, text("funnel.head.entered")),
        _count(view, rate.part, "converted", own, text("funnel.head.converted")),
        html.Td(share(rate), className="n strong", **{"data-label": text("funnel.head.rate")}),
        html.Td(
            [_whisker(found, one, most), html.Span(interval(rate), className="muted num xs")],
            className="fn-w",
        ),
        html.Td(_verdict(view, found, one)),
    ]
    return html.Tr(cells)


def _count(view: View, count: int, who: str, own: Mapping[str, tuple[str, ...]], label: str) -> Node:
    shown = link(format.number(count), people.href(view, "funnel", who, own), "fn-count")
    return html.Td(shown, className="n", **{"data-label": label})


def _whisker(found: Funnel, one: Segment, most: float) -> Node:
    """The rate as a dot on its interval, and the rate of everybody as a dashed line."""
    rate = one.converted
    low, high, value = rate.low or 0.0, rate.high or 0.0, rate.value or 0.0
    everybody = found.known.value or 0.0
    marks = [
        html.I(className="fn-all", style={"left": f"{100 * min(1.0, everybody / most):.1f}%"}),
        html.I(
            className="fn-line",
            style={"left": f"{100 * low / most:.1f}%", "width": f"{100 * (high - low) / most:.1f}%"},
        ),
        html.I(className="fn-dot", style={"left": f"{100 * value / most:.1f}%"}),
    ]
    return html.Span(marks, className="fn-whisker", **{"aria-hidden": "true"})


def _verdict(view: View, found: Funnel, one: Segment) -> Node:
    text = view.text
    if one.p_value is None:
        return html.Span(text("funnel.verdict.alone"), className="muted")
    if not one.differs:
        return html.Span(text("funnel.verdict.none"), className="muted")
    rest_part, rest = found.known.part - one.converted.part, found.known.whole - one.converted.whole
    better = one.converted.part * rest > rest_part * one.converted.whole
    sign = html.Span("▲" if better else "▼", className="tri", **{"aria-hidden": "true"})
    words = text("funnel.verdict.better" if better else "funnel.verdict.worse")
    return html.Span([sign, " ", words], className="good" if better else "bad")
