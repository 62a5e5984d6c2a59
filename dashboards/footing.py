"""What the numbers of a page stand on, in words: the line under them, and the sidebar's health."""

from __future__ import annotations

from dash import html

from clicktrail.errors import ConfigError
from dashboards import format
from dashboards.conditions import ConditionError
from dashboards.coverage import Coverage
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
    """The card of a filter or an option that cannot be read: what is wrong, and a way out."""
    text = view.text
    clear = link(
        text("filter.clear" if view.state.f else "address.anew"),
        view.state.href(f=(), own=dict.fromkeys(view.state.own, ())),
        "btn primary",
    )
    if isinstance(error, ConditionError):
        body = empty("filter", text("filter.bad"), error.said(text)[:400], clear, alone=True)
    else:
        body = empty("circle-alert", text("address.bad"), str(error)[:400], clear, alone=True)
    return html.Section(body, className="card", role="alert")
