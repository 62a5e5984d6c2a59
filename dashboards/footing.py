"""What the numbers of a page stand on, in words: the line under them, and the sidebar's health."""

from __future__ import annotations

from dash import html

from clicktrail.errors import ConfigError
from dashboards import format
from dashboards.conditions import ConditionError, refusal
from dashboards.coverage import Coverage
from dashboards.filters import FilterError
from dashboards.page import Node, View
from dashboards.parts import empty, link


def coverage_words(view: View, found: Coverage) -> str:
    """Who is counted by a durable id, and how much is left out as bots."""
    durable, bots = found.durable.value, found.bots.value
    said = [view.text("cover.durable", share=format.percent(durable, 0))] if durable is not None else []
    said += [view.text("cover.bots", share=format.percent(bots, 1))] if bots is not None else []
    return " · ".join(said)


def cover(view: View, found: Coverage) -> Node:
    """The coverage line: age, durable ids, bots, late and failed events, other currencies, zone."""
    text = view.text
    said = [age(view, found.age_s)]
    for key, rate in (("durable", found.durable), ("bots", found.bots), ("late", found.late)):
        if rate.value is not None:
            share = format.percent(rate.value, 0 if key == "durable" else 1)
            said.append(text(f"cover.{key}", share=share))
    said.append(text.n("cover.failed", found.failed))
    if found.other_currency_orders:
        named = ", ".join(found.other_currencies)
        said.append(text.n("cover.currency", found.other_currency_orders, currencies=named))
    said.append(text("cover.zone", zone=view.zone))
    return html.Div([html.Span(words) for words in said], className="cover")


def health(view: View, found: Coverage) -> Node:
    """The sidebar's feet: how old the data is, and what is left out."""
    fresh = found.age_s is not None and found.age_s < 3600
    dot = html.Span(className="dot ok" if fresh else "dot")
    said = coverage_words(view, found)
    if found.failed:
        said += " · " + view.text.n("cover.failed", found.failed)
    first = html.Div([dot, age(view, found.age_s)], className="row g8")
    return html.Div([first, html.Div(said, className="xs")], className="health")


def age(view: View, seconds: float | None) -> str:
    """How old the newest data is, in words."""
    if seconds is None:
        return view.text("age.none")
    return view.text("age", span=format.span(seconds, view.lang))


def bad_request(view: View, error: ConfigError) -> Node:
    """The card of what cannot be read: a filter, or an option of the page; what is wrong, and a way out.

    The way out drops only what was wrong: options stay when a filter goes, filters when the options do.
    """
    text = view.text
    words = refusal(error, text)
    if isinstance(error, FilterError):
        clear = link(text("filter.clear"), view.state.href(f=()), "btn primary")
        return _refusal("filter", text("filter.bad"), words, clear)
    without = view.state.href(own=dict.fromkeys(view.state.own, ()))
    clear = link(text("address.anew"), without, "btn primary")
    title = text("option.bad" if isinstance(error, ConditionError) else "address.bad")
    return _refusal("circle-alert", title, words, clear)


def _refusal(symbol: str, title: str, words: str, clear: Node) -> Node:
    return html.Section(
        empty(symbol, title, words[:400], clear, alone=True),
        className="card",
        role="alert",
    )
