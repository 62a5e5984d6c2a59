"""What was done, in words: one event as a sentence, and the sign of its channel."""

from __future__ import annotations

from typing import Protocol

from dash import html

from dashboards.i18n import Text
from dashboards.page import Node
from dashboards.parts import icon

_ICONS = {
    "web": "globe", "wap": "phone", "app": "smartphone", "server": "server", "log": "file-text",
    "email": "mail", "call_center": "message-square", "store": "shopping-bag",
}  # fmt: skip


class Deed(Protocol):
    """What a sentence is made of."""

    @property
    def event_type(self) -> str: ...
    @property
    def event_name(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def search_term(self) -> str: ...
    @property
    def order_id(self) -> str: ...


def sentence(text: Text, deed: Deed) -> list[Node]:
    """What was done, and to what."""
    what = {
        "search": deed.search_term, "order": deed.order_id and f"#{deed.order_id}",
        "custom": deed.event_name,
        "outlink": deed.target, "download": deed.target, "click": deed.target or deed.event_name,
        "form": deed.target or deed.event_name, "message": deed.event_name, "contact": deed.event_name,
    }.get(deed.event_type, deed.event_name or deed.path or deed.title)  # fmt: skip
    verb = text.name("did", deed.event_type)
    shown = what or deed.path or deed.title
    return [f"{verb} ", html.Span(shown, title=deed.title or None)] if shown else [verb]


def sign(text: Text, channel: str) -> Node:
    """The icon of a channel, with its name for those who do not see it."""
    name = text.name("channel", channel)
    return html.Span(
        icon(_ICONS.get(channel, "globe"), 14),
        className=f"ci {channel}",
        title=name,
        role="img",
        **{"aria-label": name},
    )
