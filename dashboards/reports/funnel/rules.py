"""The rules of a funnel as chips with a menu each: order, window, unit, exclusions, fields held constant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import html

from dashboards.controls import condition_fields, kept, url_form
from dashboards.page import Node, View
from dashboards.parts import icon, link, menu, unseen
from dashboards.reports.funnel import edit
from dashboards.reports.funnel.fields import (
    STEP_FIELDS,
    condition_form,
    fault_note,
    field_input,
    field_list,
    option,
)
from dashboards.reports.funnel.names import field_name, step_name, window_words
from dashboards.reports.funnel.options import MOST_EXCLUSIONS, MOST_HELD, ORDERS, UNITS
from dashboards.static import Element

WINDOWS = ("30m", "1h", "1d", "7d", "14d", "30d", "90d")
_CLOSED = ("order", "window", "exclude", "optional", "hold", "breakdown", "breakdown-at", "trend", "left")
"""What an open funnel does without."""


def rules(view: View, faults: Mapping[str, str]) -> Node:
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
        nodes += [*chips, *(fault_note(words) for words in own)]
    return html.Div(nodes, className="chips")


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
        options.append(option(state.href(own=own), text(f"funnel.order.{order}"), order == chosen))
    href = state.href(own={**dict.fromkeys(_CLOSED, ()), "open": ("true",)})
    options.append(option(href, text("funnel.order.open"), chosen == "open"))
    label = text(f"funnel.order.{chosen}") if chosen in (*ORDERS, "open") else chosen[:40]
    return _chip(label, text("funnel.order"), options)


def _window(view: View) -> Node:
    text, state = view.text, view.state
    chosen = state.one("window", "14d")
    options: list[Node] = [
        option(
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
        option(
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
    form = condition_form(view, fields, "exclude", f"exclude|{count}|" + "|".join(given))
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
