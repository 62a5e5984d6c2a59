"""The columns of a funnel in HTML: a bar a step, joined by a sloped band, the numbers below."""

from __future__ import annotations

from dash import html

from dashboards import format, people
from dashboards.page import Node, View
from dashboards.parts import icon, link
from dashboards.reports.funnel.names import interval, share, step_name, units
from dashboards.reports.funnel.records import Funnel, Step


def columns(view: View, found: Funnel) -> Node:
    """One column a step; a scrolling box when they are many."""
    made = [_column(view, found, number) for number in range(1, len(found.steps) + 1)]
    return html.Div(
        html.Ol(made, className="fn-cols", style={"--n": str(len(made))}),
        className="fn-scroll",
        tabIndex="0",
        role="region",
        **{"aria-label": view.text("funnel.steps")},
    )


def legend(view: View, found: Funnel) -> Node:
    """What the fillings of a bar mean."""
    kinds = [("", "funnel.reached")]
    kinds += [("hatch", "funnel.has_time")] if found.in_progress else []
    kinds += [("maybe", "funnel.step.optional_short")] if found.options.optional else []
    keys = [html.Span([html.I(className=f"fn-key {look}".strip()), view.text(key)]) for look, key in kinds]
    return html.Div(keys, className="legend")


def _height(found: Funnel, number: int) -> float:
    return found.steps[number - 1].reached.value or 0.0


def _could(found: Funnel, number: int) -> float:
    """Share of the entries that stopped before a required step and may still reach it."""
    waiting = sum(step.in_progress for step in found.steps[: number - 1])
    whole = found.converted.whole
    return waiting / whole if whole and number > 1 and not found.steps[number - 1].optional else 0.0


def _column(view: View, found: Funnel, number: int) -> Node:
    step = found.steps[number - 1]
    name = step_name(view.text, step.name)
    head = html.Div(
        [html.Span(str(number), className="muted num"), html.Span(name, className="ell", title=name)],
        className="fn-head",
    )
    return html.Li([head, _plot(view, found, number, name), *_below(view, found, number, step)])


def _plot(view: View, found: Funnel, number: int, name: str) -> Node:
    here, step = _height(found, number), found.steps[number - 1]
    said = view.text(
        "funnel.bar", units=units(view.text, found.options, step.reached.part), step=number, name=name
    )
    who = "entered" if number == 1 and not found.options.open else f"reached-{number}"
    hatch = html.Span(className="fn-hatch", style={"--h": f"{100 * _could(found, number):.2f}%"})
    bar = link(
        html.Span(className="fn-fill"),
        people.href(view, "funnel", who),
        "fn-bar maybe" if step.optional else "fn-bar",
        style={"--h": f"{100 * here:.2f}%"},
        title=said,
        **{"aria-label": said},
    )
    parts: list[Node] = [html.Div([hatch, bar], className="fn-tower")]
    if number < len(found.steps):
        parts.append(_band(here, _height(found, number + 1), found.steps[number]))
    return html.Div(parts, className="fn-plot")


def _band(here: float, there: float, following: Step) -> Node:
    """From the top of this bar to the top of the next, with the step rate on it."""
    shape = f"polygon(0 {100 - 100 * here:.2f}%,100% {100 - 100 * there:.2f}%,100% 100%,0 100%)"
    rate = following.from_previous.value
    pill = (
        []
        if rate is None
        else [html.Span([format.percent(rate, 0), icon("chevron-right", 14)], className="fn-pill")]
    )
    slope = html.Span(className="fn-slope", style={"clipPath": shape})
    return html.Div([slope, *pill], className="fn-band", **{"aria-hidden": "true"})


def _below(view: View, found: Funnel, number: int, step: Step) -> list[Node]:
    text, options = view.text, found.options
    count = units(text, options, step.reached.part)
    if number == 1 and not options.open:
        said = text(f"funnel.entered.{options.unit}")
        first = [
            html.Div(format.number(step.reached.part), className="fn-big"),
            html.Div(said, className="muted sm"),
        ]
        return [html.Div([*first, *_left(view, found, number, step)], className="fn-text")]
    lines: list[Node] = [
        html.Div(share(step.reached), className="fn-big"),
        html.Div(f"{count} · {interval(step.reached)}", className="muted sm num"),
    ]
    if number > 1:
        before = max((one for one in options.required if one < number), default=1)
        rest = " " + text("funnel.of_step", step=before, interval=interval(step.from_previous))
        lines.append(
            html.Div(
                [html.B(share(step.from_previous)), html.Span(rest, className="muted")], className="sm num"
            )
        )
    lines += _took(view, step)
    return [html.Div([*lines, *_left(view, found, number, step)], className="fn-text")]


def _took(view: View, step: Step) -> list[Node]:
    if step.median_s is None or step.p75_s is None or step.p90_s is None:
        return []
    spans = {
        name: format.span(seconds, view.lang)
        for name, seconds in (("median", step.median_s), ("p75", step.p75_s), ("p90", step.p90_s))
    }
    said = view.text("funnel.took", **spans)
    return [html.Div([icon("clock", 14), html.Span(said)], className="fn-took xs muted")]


def _left(view: View, found: Funnel, number: int, step: Step) -> list[Node]:
    """Who left here, and who still has time; each leads to the people."""
    text = view.text
    if found.options.open or number >= found.options.required[-1] or step.optional:
        return []
    lines: list[Node] = []
    if step.left:
        words = text("funnel.left", n=format.number(step.left))
        lines.append(link(words, people.href(view, "funnel", f"left-{number}"), "fn-left"))
    if step.in_progress:
        words = text.n("funnel.waiting", step.in_progress)
        lines.append(link(words, people.href(view, "funnel", f"waiting-{number}"), "fn-wait"))
    return [html.Div(lines, className="fn-out sm")] if lines else []
