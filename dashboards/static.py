"""One component for a whole static subtree.

Dash subscribes every html element to its store: a page of 700 elements takes a second to mount.
`fast(layout)` turns each subtree without an id and without a dcc component into one `Static`, whose tree
React renders directly (text is escaped by React; there is no raw HTML). Pages keep writing `html.Div(...)`.
"""

from __future__ import annotations

from typing import Any

import plotly.utils  # noqa: F401  (Dash serialises through it; loaded here before the first request)
from dash.development.base_component import Component

_js_dist: list[Any] = []  # the browser's half is assets/0-static.js
_css_dist: list[Any] = []
__version__ = "1"
_DASH_ONLY = {"children", "n_clicks", "n_clicks_timestamp", "disable_n_clicks"}
_NAMES = {"ObjectEl": "object", "MapEl": "map"}
_HTML = "dash_html_components"
_ALLOWED = frozenset({"input", "select", "option", "datalist", "form", "time", "label"})


class Static(Component):
    """A folded subtree: [tag, props, children], nested."""

    _namespace, _type = "clicktrail_static", "Static"
    _children_props: list[str] = []  # noqa: RUF012
    _base_nodes: list[str] = []  # noqa: RUF012
    _prop_names: list[str] = ["id", "tree"]  # noqa: RUF012
    available_properties: list[str] = ["id", "tree"]  # noqa: RUF012
    _valid_wildcard_attributes: list[str] = []  # noqa: RUF012
    available_wildcard_properties: list[str] = []  # noqa: RUF012

    def __init__(self, tree: Any = None, id: Any = Component.UNDEFINED) -> None:
        super().__init__(**({"tree": tree} if id is Component.UNDEFINED else {"tree": tree, "id": id}))


class Element:
    """An element Dash has no component for (input, select) or that needs React's own names (defaultValue)."""

    def __init__(self, tag: str, children: Any = None, /, **props: Any) -> None:
        if tag not in _ALLOWED:
            raise ValueError(f"not an element of ours: {tag}")
        self.tag, self.children, self.props = tag, children, props


def fast(node: Any) -> Any:
    """The same layout with every static subtree folded into one component."""
    if isinstance(node, Element):
        return Static(_tree(node))
    if not isinstance(node, Component):
        return node
    if _pure(node):
        return Static(_tree(node))
    kids = getattr(node, "children", None)
    if kids is not None and node._namespace == _HTML:
        # A scalar stays a scalar: a callback may read it as State.
        node.children = (
            [fast(k) for k in kids if k is not None] if isinstance(kids, list | tuple) else fast(kids)
        )
    return node


def _kids(node: Any) -> list[Any]:
    kids = getattr(node, "children", None)
    return [] if kids is None else list(kids) if isinstance(kids, list | tuple) else [kids]


def _pure(node: Any) -> bool:
    if isinstance(node, Element):
        return all(_pure(kid) for kid in _kids(node))
    if not isinstance(node, Component):
        return True
    plain = node._namespace == _HTML and not getattr(node, "id", None)
    return plain and all(_pure(kid) for kid in _kids(node))


def _tree(node: Any) -> Any:
    if isinstance(node, Element):
        return [node.tag, node.props, [_tree(kid) for kid in _kids(node) if kid is not None]]
    if not isinstance(node, Component):
        return node
    props = {k: v for k, v in node.to_plotly_json()["props"].items() if k not in _DASH_ONLY}
    return [
        _NAMES.get(node._type, node._type.lower()),
        props,
        [_tree(k) for k in _kids(node) if k is not None],
    ]
