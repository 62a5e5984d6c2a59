"""The editor of a funnel: its steps as chips, and the rules as chips with a menu each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import html

from dashboards.conditions import EVENT_FIELDS
from dashboards.controls import condition_fields, hidden, kept, url_form
from dashboards.page import Node, View
from dashboards.parts import icon, link, menu, unseen
from dashboards.reports.funnel import edit
from dashboards.reports.funnel.names import field_name, step_name, window_words
from dashboards.reports.funnel.options import MOST_EXCLUSIONS, MOST_HELD, MOST_STEPS, ORDERS, UNITS
from dashboards.static import Element

STEP_FIELDS = (
    "event_type", "event_name", "path", "host", "source", "medium", "channel_group", "channel",
    "device_class", "browser", "os", "country",
)  # fmt: skip
"""Fields that the form of a step offers; any other can be written."""

WINDOWS = ("30m", "1h", "1d", "7d", "14d", "30d", "90d")
_CLOSED = ("order", "window", "exclude", "optional", "hold", "breakdown", "breakdown-at", "trend", "left")
"""What an open funnel does without."""


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
    said = [_fault(faults[name]) for name in ("step", "optional") if name in faults]
    row = html.Div(chips, className="fn-steps", role="group", **{"aria-label": view.text("funnel.steps")})
    return html.Div([row, *said, _rules(view, faults) if len(steps) > 1 else None], className="fn-edit")


def _fault(words: str) -> Node:
    return html.Div([icon("circle-alert", 14), html.Span(words[:400])], className="fn-fault", role="alert")


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
    return html.Div([chip, _fault(fault)], className="fn-with") if fault else chip


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
        options.append(_option(href, text("funnel.step.optional"), on))
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
    return _condition_form(view, fields, "step", f"change|{number}|{condition}", number - 1)


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


def _condition_form(view: View, fields: list[Node], name: str, key: str, at: int | None = None) -> Node:
    place = {} if at is None else {"data-at": str(at)}
    return Element(
        "form", fields, action=view.state.path, method="get", className="fields", key=key,
        **{"data-as": name, **place},
    )  # fmt: skip


def add_form(view: View) -> Node:
    """A form for one more step."""
    fields = [
        *kept(view),
        *condition_fields(view, STEP_FIELDS),
        html.Button(view.text("funnel.step.add"), className="btn primary", type="submit"),
    ]
    return _condition_form(view, fields, "step", "add|" + "|".join(view.state.all("step")))


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


def _rules(view: View, faults: Mapping[str, str]) -> Node:
    """Order, window, who is counted, exclusions, fields held constant."""
    is_open = view.state.one("open") == "true"
    groups: list[tuple[str, Sequence[Node]]] = [("order", [_order(view)])]
    if not is_open or "window" in faults:
        groups.append(("window", [_window(view)]))
    groups.append(("unit", [_unit(view)]))
    if not is_open:
        groups.append(("", [html.Span(view.text("funnel.best"), className="chip flat")]))
    if (not is_open and view.state.one("order") != "any") or view.state.all("exclude"):
        groups.append(("exclude", _exclusions(view)))
    if not is_open or view.state.all("hold"):
        groups.append(("hold", _held(view)))
    nodes: list[Node] = []
    for name, chips in groups:
        own = [words for key, words in faults.items() if name and (key == name or key.startswith(f"{name}-"))]
        nodes += [*chips, *(_fault(words) for words in own)]
    return html.Div(nodes, className="chips")


def _option(href: str, words: Node, on: bool) -> Node:
    parts = [html.Span(words, className="grow"), icon("check", 14, "" if on else "hide")]
    return link(parts, href, "opt", **({"aria-current": "true"} if on else {}))


def _chip(label: str, title: str, body: list[Node]) -> Node:
    return menu([unseen(f"{title}: "), label, icon("chevron-down", 14)], body, "chip flat", "fn-pop")


def _order(view: View) -> Node:
    text, state = view.text, view.state
    chosen = "open" if state.one("open") == "true" else state.one("order", "ordered")
    options = []
    for order in ORDERS:
        left_out = (
            () if order == "ordered" else ("optional",) if order == "strict" else ("optional", "exclude")
        )
        own = {"open": (), "order": () if order == "ordered" else (order,), **dict.fromkeys(left_out, ())}
        options.append(_option(state.href(own=own), text(f"funnel.order.{order}"), order == chosen))
    href = state.href(own={**dict.fromkeys(_CLOSED, ()), "open": ("true",)})
    options.append(_option(href, text("funnel.order.open"), chosen == "open"))
    label = text(f"funnel.order.{chosen}") if chosen in (*ORDERS, "open") else chosen[:40]
    return _chip(label, text("funnel.order"), options)


def _window(view: View) -> Node:
    text, state = view.text, view.state
    chosen = state.one("window", "14d")
    options: list[Node] = [
        _option(
            state.href(own={"window": () if one == "14d" else (one,)}), window_words(text, one), one == chosen
        )
        for one in WINDOWS
    ]
    field = Element(
        "input", name="window", defaultValue=chosen, required=True, maxLength=12, className="in",
        autoComplete="off",
    )  # fmt: skip
    body = [
        *kept(view, "window"),
        Element("label", [text("funnel.window.own"), field]),
        html.Button(text("funnel.window.set"), className="btn", type="submit"),
    ]
    options.append(url_form(view, body, f"window|{chosen}"))
    known = chosen[:-1].isdecimal() and chosen[-1:] in "mhdw" and len(chosen) < 10
    said = text("funnel.window.within", window=window_words(text, chosen) if known else chosen[:40])
    return _chip(said, text("funnel.window"), options)


def _unit(view: View) -> Node:
    text, state = view.text, view.state
    chosen = state.one("unit", "person")
    options = [
        _option(
            state.href(own={"unit": () if one == "person" else (one,)}),
            text(f"funnel.unit.{one}"),
            one == chosen,
        )
        for one in UNITS
    ]
    label = text(f"funnel.unit.{chosen}") if chosen in UNITS else chosen[:40]
    return _chip(label, text("funnel.unit"), options)


def _removable(view: View, words: str, href: str) -> Node:
    cross = link(icon("x", 14), href, "chip-x", **{"aria-label": view.text("funnel.remove", name=words)})
    return html.Span([html.Span(words, className="ell", title=words), cross], className="chip on")


def _exclusions(view: View) -> list[Node]:
    """A chip each, and a menu for one more."""
    text, state = view.text, view.state
    given, count = state.all("exclude"), len(state.all("step"))
    chips = [
        _removable(view, _excluded(view, one), state.href(own=edit.less(state.own, "exclude", at)))
        for at, one in enumerate(given)
    ]
    if len(given) >= MOST_EXCLUSIONS:
        return chips
    needed = [at for at in range(1, count + 1) if str(at) not in state.all("optional")]
    pairs = [(i, j) for i in needed for j in needed if i < j]
    options = [
        Element("option", text("funnel.exclude.pair", first=i, last=j), value=f"{i}-{j}:") for i, j in pairs
    ]
    between = Element("select", options, name="before", className="in")
    fields = [
        html.P(text("funnel.exclude.words"), className="muted xs"),
        *kept(view),
        Element("label", [text("funnel.exclude.between"), between]),
        *condition_fields(view, STEP_FIELDS),
        html.Button(text("funnel.exclude.add"), className="btn primary", type="submit"),
    ]
    form = _condition_form(view, fields, "exclude", f"exclude|{count}|" + "|".join(given))
    return [*chips, menu([icon("plus", 14), text("funnel.exclude")], form, "chip", "fn-pop")]


def _excluded(view: View, one: str) -> str:
    pair, colon, condition = one.partition(":")
    first, dash, last = pair.partition("-")
    if not (colon and dash):
        return one
    name = step_name(view.text, condition)
    return view.text("funnel.exclude.said", first=first.strip(), last=last.strip(), name=name)


def _held(view: View) -> list[Node]:
    text, state = view.text, view.state
    given = state.all("hold")
    chips = [
        _removable(
            view,
            text("funnel.hold.said", name=field_name(text, one)),
            state.href(own=edit.less(state.own, "hold", at)),
        )
        for at, one in enumerate(given)
    ]
    if len(given) >= MOST_HELD:
        return chips
    fields: list[Node] = [
        html.P(text("funnel.hold.words"), className="muted xs"),
        *kept(view),
        Element("label", [text("filter.field"), field_input("hold", "")]),
        html.Button(text("funnel.by.show"), className="btn primary", type="submit"),
    ]
    form = url_form(view, fields, "hold|" + "|".join(given))
    return [
        *chips,
        menu([icon("plus", 14), text("funnel.hold")], [form, field_list("hold")], "chip", "fn-pop"),
    ]


def field_input(name: str, value: str) -> Node:
    """An input for the name of any field of an event; goes with `field_list` of the same name."""
    return Element(
        "input", name=name, defaultValue=value, required=True, maxLength=200, className="in",
        list=f"fields-{name}", autoComplete="off", placeholder="properties.plan",
    )  # fmt: skip


def field_list(name: str) -> Node:
    """The fields that the input offers."""
    return Element("datalist", [Element("option", value=one) for one in EVENT_FIELDS], id=f"fields-{name}")
