"""What a site owner pastes, and the page that waits for the first event."""

from __future__ import annotations

from dash import html

from dashboards.page import Node, View
from dashboards.parts import code, icon
from schemas.objects import Site


def tag(collector: str, site: Site) -> str:
    """The script for a web page."""
    return f'<script defer src="{collector}/t.js" data-site="{site.id}"></script>'


def pixel(collector: str, site: Site) -> str:
    """The image for a page or mail without scripts."""
    return f'<img src="{collector}/p.gif?site={site.id}" alt="" width="1" height="1">'


def wap_image(collector: str, site: Site) -> str:
    """The image for a WML deck or an XHTML-MP page; p is the page's path."""
    return f'<img src="{collector}/w/{site.id}?p=/index.wml" alt=""/>'


def codes(view: View, site: Site) -> list[Node]:
    """Tag, pixel and WAP image, each with a button that copies it."""
    text, at = view.text, view.desk.collector
    return [
        code(text, "tag", tag(at, site), main=True),
        code(text, "pixel", pixel(at, site)),
        code(text, "wap", wap_image(at, site)),
    ]


def first_steps(view: View) -> Node:
    """The card of a site that has sent nothing yet."""
    text, site = view.text, view.site
    assert site is not None
    listening = html.Div(
        [html.Span(className="pulse"), text("first.listening", address=view.desk.collector)],
        className="status",
    )
    others = [
        ("smartphone", "first.wap", pixel(view.desk.collector, site)),
        ("refresh-cw", "first.other", text("first.other.words", address=view.desk.collector)),
        ("file-text", "first.logs", f"clicktrail import access.log.gz --site {site.id}"),
    ]
    ways = [
        html.Div(
            [
                html.Div([icon(symbol), html.Span(text(key), className="strong")], className="row g8"),
                html.Div(html.Code(words) if key != "first.other" else words, className="muted sm mt4 break"),
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
                code(text, "tag", tag(view.desk.collector, site), main=True, titled=False),
                className="mt20",
            ),
            html.Div(ways, className="grid g-3 mt24"),
            html.Span(**{"data-waits": site.id}, className="off"),
        ],
        className="card first",
    )
