"""The editor of a funnel: its steps as chips, each with a menu; the rules below them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import html

from dashboards.controls import condition_fields, hidden, kept, url_form
from dashboards.page import Node, View
from dashboards.parts import icon, link, menu, unseen
from dashboards.reports.funnel import edit
from dashboards.reports.funnel.fields import STEP_FIELDS, condition_form, fault_note, option
from dashboards.reports.funnel.names import step_name
from dashboards.reports.funnel.options import MOST_STEPS
from dashboards.reports.funnel.rules import rules
from dashboards.static import Element


def editor(view: View, faults: Mapping[str, str], frequent: Sequence[str]) -> Node:
    """Both rows of chips, each fault beside its chip."""
    steps = view.state.all("step")
    chips: list[Node] = []
    for number, condition in enumerate(steps, 1):
        if number > 1:
            chips.append(icon("chevron-right", 14, "fn-sep"))
        chips.append(_step(view, number, condition, faults.get(f"step-{number}", "")))
    if len(steps) < MOST_STEPS:
        chips.append(_add(view, frequent))
    said = [fault_note(faults[name]) for name in ("step", "optional") if name in faults]
    row = html.Div(chips, className="fn-steps", role="group", **{"aria-label": view.text("funnel.steps")})
    return html.Div([row, *said, rules(view, faults) if len(steps) > 1 else None], className="fn-edit")


def _step(view: View, number: int, condition: str, fault: str) -> Node:
    """Its number and name, which open the menu, and a cross."""
    text, state = view.text, view.state
    name = step_name(text, condition)
    label = [
        unseen(text("funnel.step.edit") + " "),
        html.Span(str(number), className="fn-n"),
        html.Span(name, className="ell", title=name),
    ]
    if str(number) in state.all("optional"):
        label.append(html.Span(text("funnel.step.optional_short"), className="muted xs"))
    opened = menu(label, _step_menu(view, number, condition), "", "fn-pop")
    cross = link(
        icon("x", 14),
        state.href(own=edit.without(state.own, number)),
        "chip-x",
        **{"aria-label": text("funnel.step.remove", n=number, name=name)},
    )
    chip = html.Div([opened, cross], className="fn-chip bad" if fault else "fn-chip")
    return html.Div([chip, fault_note(fault)], className="fn-with") if fault else chip


def _step_menu(view: View, number: int, condition: str) -> list[Node]:
    """Where it stands, whether it is optional, and the condition itself."""
    text, state, steps = view.text, view.state, view.state.all("step")
    options: list[Node] = []
    if number > 1:
        href = state.href(own=edit.moved(state.own, number, -1))
        options.append(link([icon("arrow-left", 14), text("funnel.step.left")], href, "opt"))
    if number < len(steps):
        href = state.href(own=edit.moved(state.own, number, 1))
        options.append(link([icon("arrow-right", 14), text("funnel.step.right")], href, "opt"))
    on = str(number) in state.all("optional")
    if on or (number > 1 and state.one("order", "ordered") == "ordered" and state.one("open") != "true"):
        href = state.href(own=edit.toggled(state.own, "optional", str(number)))
        options.append(option(href, text("funnel.step.optional"), on))
    return [*options, _change_form(view, number, condition), _write_form(view, number, condition)]


def _change_form(view: View, number: int, condition: str) -> Node:
    """Another condition in its place; app.js puts it where `data-at` says."""
    others = (*view.state.all("step")[: number - 1], *view.state.all("step")[number:])
    fields = [
        *kept(view, "step"),
        *(hidden("step", one) for one in others),
        *condition_fields(view, STEP_FIELDS),
        html.Button(view.text("funnel.step.change"), className="btn primary", type="submit"),
    ]
    return condition_form(view, fields, "step", f"change|{number}|{condition}", number - 1)


def _write_form(view: View, number: int, condition: str) -> Node:
    """The condition as text, for what the three fields cannot say."""
    text, steps = view.text, view.state.all("step")
    field = Element(
        "input", name="step", defaultValue=condition, required=True, maxLength=2000, className="in mono",
        autoComplete="off",
    )  # fmt: skip
    before, after = steps[: number - 1], steps[number:]
    body = [
        *kept(view, "step"),
        *(hidden("step", one) for one in before),
        Element("label", [text("funnel.step.condition"), field]),
        *(hidden("step", one) for one in after),
        html.Button(text("funnel.step.change"), className="btn", type="submit"),
    ]
    form = url_form(view, body, f"write|{number}|{condition}")
    return html.Details([html.Summary(text("funnel.step.write")), form], className="fn-write")


def add_form(view: View) -> Node:
    """A form for one more step."""
    fields = [
        *kept(view),
        *condition_fields(view, STEP_FIELDS),
        html.Button(view.text("funnel.step.add"), className="btn primary", type="submit"),
    ]
    return condition_form(view, fields, "step", "add|" + "|".join(view.state.all("step")))


def _add(view: View, frequent: Sequence[str]) -> Node:
    """ "+ Step": the most frequent events at one click, or a condition."""
    text, state = view.text, view.state
    quick = [
        link(step_name(text, one), state.href(own={"step": (*state.all("step"), one)}), "opt")
        for one in frequent[:8]
    ]
    head = [html.Div(text("funnel.step.often"), className="opt-head")] if quick else []
    label = [icon("plus", 14), text("funnel.step")]
    return menu(label, [*head, html.Div(quick, className="fn-quick"), add_form(view)], "chip", "fn-pop")
