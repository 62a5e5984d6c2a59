"""What the forms of a funnel's steps and rules share."""

from __future__ import annotations

from dash import html

from dashboards.conditions import EVENT_FIELDS
from dashboards.page import Node, View
from dashboards.parts import icon, link
from dashboards.static import Element

STEP_FIELDS = (
    "event_type", "event_name", "path", "host", "source", "medium", "channel_group", "channel",
    "device_class", "browser", "os", "country",
)  # fmt: skip
"""Fields that the form of a step offers; any other can be written."""


def fault_note(words: str) -> Node:
    """What is wrong with a step or rule, beside its chip."""
    return html.Div([icon("circle-alert", 14), html.Span(words[:400])], className="fn-fault", role="alert")


def condition_form(view: View, fields: list[Node], name: str, key: str, at: int | None = None) -> Node:
    """A form whose fields app.js makes one condition of, called `name`; `at`: its place among the steps."""
    place = {} if at is None else {"data-at": str(at)}
    return Element(
        "form", fields, action=view.state.path, method="get", className="fields", key=key,
        **{"data-as": name, **place},
    )  # fmt: skip


def option(href: str, words: Node, on: bool) -> Node:
    """A choice of a menu, with a tick where it holds."""
    parts = [html.Span(words, className="grow"), icon("check", 14, "" if on else "hide")]
    return link(parts, href, "opt", **({"aria-current": "true"} if on else {}))


def field_input(name: str, value: str) -> Node:
    """An input for the name of any field of an event; goes with `field_list` of the same name."""
    return Element(
        "input", name=name, defaultValue=value, required=True, maxLength=200, className="in",
        list=f"fields-{name}", autoComplete="off", placeholder="properties.plan",
    )  # fmt: skip


def field_list(name: str) -> Node:
    """The fields that the input offers."""
    return Element("datalist", [Element("option", value=one) for one in EVENT_FIELDS], id=f"fields-{name}")
