"""The page before there is a funnel: what is missing, suggestions, saved funnels."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from dashboards.page import Node, View
from dashboards.parts import empty, icon, link
from dashboards.reports.funnel.editor import add_form
from dashboards.reports.funnel.names import step_name
from dashboards.reports.funnel.naming import open_href
from dashboards.reports.funnel.saved import SavedFunnel
from dashboards.reports.funnel.suggested import funnels


def first(view: View, found: Sequence[SavedFunnel]) -> Node:
    """With no step: suggested and saved funnels; with one: what comes next."""
    text = view.text
    begun = bool(view.state.all("step"))
    words = text("funnel.empty.second") if begun else text("funnel.empty.first")
    parts: list[Node] = [empty("funnel", text("funnel.empty"), words, small=True, alone=True)]
    if not begun:
        parts += _suggested(view)
        if found:
            parts += [
                html.H3(text("funnel.saved.open"), className="fn-title"),
                html.Div([_saved(view, one) for one in found], className="fn-offers"),
            ]
        parts += [
            html.H3(text("funnel.own"), className="fn-title"),
            html.Div(add_form(view), className="fn-new"),
        ]
    return html.Div(parts)


def _suggested(view: View) -> list[Node]:
    """Funnels of the site's own events, each one click away."""
    text, offered = view.text, funnels(view)
    if not offered:
        return [html.P(text("funnel.empty.none"), className="muted sm center-text")]
    links = [link(_chain(view, steps), view.state.href(own={"step": steps}), "fn-offer") for steps in offered]
    return [html.H3(text("funnel.suggested"), className="fn-title"), html.Div(links, className="fn-offers")]


def _chain(view: View, steps: Sequence[str]) -> list[Node]:
    nodes: list[Node] = []
    for number, condition in enumerate(steps, 1):
        if number > 1:
            nodes.append(icon("chevron-right", 14))
        name = step_name(view.text, condition)
        nodes.append(
            html.Span(
                [html.Span(str(number), className="fn-n"), html.Span(name, className="ell")],
                className="fn-piece",
            )
        )
    return nodes


def _saved(view: View, one: SavedFunnel) -> Node:
    return link([icon("save", 14), html.Span(one.name, className="ell")], open_href(view, one), "fn-offer")
