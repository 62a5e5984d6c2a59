"""Who is logged in, and the way out: at the foot of the navigation, and behind "More" on a phone."""

from __future__ import annotations

from dash import html

from dashboards.page import Node, View
from dashboards.parts import icon


def account(view: View) -> Node:
    """The name with a button to log out; nothing where nobody has to log in."""
    user = view.access.user
    if user is None:
        return None
    words = view.text("login.out")
    out = html.Button(
        icon("log-out"), className="ghost sq", type="button", title=words, **_act(), **{"aria-label": words}
    )
    return html.Div(
        [icon("user"), html.Span(user.name, className="grow ell", title=user.name), out], className="who"
    )


def log_out_option(view: View) -> Node:
    """The same as the last line of a menu."""
    name = view.access.user.name if view.access.user else ""
    said = [icon("log-out"), html.Span(view.text("login.out_of", name=name), className="ell")]
    return html.Button(said, className="opt sep", type="button", **_act())


def _act() -> dict[str, str]:
    return {"data-act": "logout"}
