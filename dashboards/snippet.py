"""The cards with what a site owner pastes, and the one that waits for the first event."""

from __future__ import annotations

from dash import dcc, html

from dashboards.page import Node, View
from dashboards.parts import code, icon
from dashboards.tags import snippets
from schemas.objects import Site


def codes(view: View, site: Site) -> list[Node]:
    """Tag, pixel and WAP image, each with a button that copies it."""
    found = snippets(view.desk.collector, site.id)
    return [code(view.text, kind, source, main=kind == "tag") for kind, source in found.items()]


def first_steps(view: View) -> Node:
    """The card of a site that has sent nothing yet."""
    text, site = view.text, view.site
    assert site is not None
    paste = snippets(view.desk.collector, site.id)
    listening = html.Div(
        [html.Span(className="pulse"), text("first.listening", address=view.desk.collector)],
        className="status",
    )
    others = [
        ("globe", "first.pixel", paste["pixel"]),
        ("smartphone", "first.wap", paste["wap"]),
        ("file-text", "first.logs", f"clicktrail import access.log.gz --site {site.id}"),
    ]
    ways = [
        html.Div(
            [
                html.Div([icon(symbol), html.Span(text(key), className="strong")], className="row g8"),
                html.Div(html.Code(words), className="muted sm mt4 break"),
            ],
            className="card",
        )
        for symbol, key, words in others
    ]
    return html.Section(
        [
            listening,
            html.H2(text("first.title"), className="first-title"),
            html.P(text("first.words"), className="muted"),
            html.Div(
                code(text, "tag", paste["tag"], main=True, titled=False),
                className="mt20",
            ),
            html.Div(ways, className="grid g-3 mt24"),
            html.Span(className="off", **{"data-waits": site.id, "data-beat": "first-beat"}),
            dcc.Store(id="first-beat"),
            dcc.Store(id="first-go"),
        ],
        className="card first",
    )
