"""The controls of the page: toggles, the conditions of start and return, the field of the breakdown."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from clicktrail.errors import ConfigError
from dashboards.controls import chips, condition_fields, kept, toggle, url_form
from dashboards.page import Node, View
from dashboards.parts import icon, link, menu, unseen
from dashboards.reports.retention.answer import DEFAULT_BREAKDOWN, options_of
from dashboards.reports.retention.options import BREAKDOWNS, RetentionOptions
from dashboards.static import Element

EVENT_CHOICES = (
    "event_type", "event_name", "path", "source", "medium", "channel_group", "channel", "device_class",
    "browser", "os", "country", "host",
)  # fmt: skip
"""Fields of an event that the forms offer; an address may name any."""


def question(view: View, options: RetentionOptions | None) -> Node:
    """Filters and conditions on the left, the toggles on the right. options: None: unreadable."""
    text = view.text
    unit = options.period if options else "week"
    rules = [_condition(view, "start-condition"), _condition(view, "return-condition")]
    units = [(name, text(f"retention.unit.{name}")) for name in ("day", "week", "month")]
    starts = [(name, text(f"retention.start.{name}")) for name in ("first", "recurring")]
    returns = [(name, text(f"retention.return.{name}.{unit}")) for name in ("on", "on_or_after")]
    toggles = [
        toggle(view, text("retention.unit"), "period", units, "week"),
        toggle(view, text("retention.start"), "started", starts, "first"),
        toggle(view, text("retention.return"), "return", returns, "on"),
    ]
    left = html.Div([chips(view), html.Div(rules, className="chips")], className="row g8 wrap grow")
    return html.Div([left, html.Div(toggles, className="row g8 wrap")], className="row g12 wrap asked")


def life_question(view: View) -> Node:
    """The same for the lifecycle: its filters and its periods."""
    text = view.text
    units = [(name, text(f"retention.unit.{name}")) for name in ("day", "week", "month")]
    toggles = [toggle(view, text("retention.unit"), "period", units, "week")]
    left = html.Div(chips(view), className="row g8 wrap grow")
    return html.Div([left, html.Div(toggles, className="row g8 wrap")], className="row g12 wrap asked")


def tabs(view: View) -> Node:
    """Cohorts or lifecycle."""
    both = [(name, view.text(f"retention.tab.{name}")) for name in ("cohorts", "lifecycle")]
    return toggle(view, view.text("retention.tab"), "tab", both, "cohorts")


def measure(view: View) -> Node:
    """People or money."""
    shows = [(name, view.text(f"retention.show.{name}")) for name in ("people", "money")]
    return toggle(view, view.text("retention.show"), "show", shows, "people")


def _condition(view: View, name: str) -> Node:
    """A chip that says what counts as a start (or return), with a form to change it."""
    text, now = view.text, view.state.one(name)
    said = now or text("retention.any_visit")
    label = [
        html.Span(f"{text(f'retention.{name}')} ", className="muted"),
        html.Span(said, className="ell"),
        icon("chevron-down", 14),
    ]
    guided = Element(
        "form",
        [
            *kept(view, name),
            *condition_fields(view, EVENT_CHOICES),
            html.Button(text("retention.use"), className="btn primary", type="submit"),
        ],
        action=view.state.path, method="get", className="fields", key=f"{name}:{now}", **{"data-as": name},
    )  # fmt: skip
    written = Element(
        "input", name=name, defaultValue=now, required=True, className="in", maxLength=1000,
        placeholder="event_type=order & value>50", autoComplete="off",
    )  # fmt: skip
    by_hand = url_form(
        view,
        [
            *kept(view, name),
            Element("label", [text("retention.written"), written]),
            html.Button(text("retention.use"), className="btn", type="submit"),
        ],
        f"{name}={now}",
    )
    parts: list[Node] = [guided, by_hand]
    if now:
        parts.insert(
            0, link([icon("x", 14), text("retention.any_visit")], view.state.href(own={name: ()}), "opt")
        )
    return menu(label, parts, "chip on pad" if now else "chip", "filter")


def breakdown_menu(view: View, options: RetentionOptions) -> Node:
    """By which value at the start the people are divided."""
    text = view.text
    names: Sequence[str] = EVENT_CHOICES if options.start_condition else BREAKDOWNS
    rows = []
    for name in names:
        on = name == options.breakdown
        rows.append(
            link(
                [
                    html.Span(text.name("field", name), className="grow"),
                    icon("check", 14, "" if on else "hide"),
                ],
                view.state.href(own={"breakdown": () if name == DEFAULT_BREAKDOWN else (name,)}),
                "opt",
                **({"aria-current": "true"} if on else {}),
            )
        )
    label = [
        unseen(f"{text('retention.by')}: "),
        text.name("field", options.breakdown),
        icon("chevron-down", 14),
    ]
    return menu(label, html.Div(rows, className="scroll"), "btn sm", "right")


def readable(view: View) -> RetentionOptions | None:
    """The options, or None when the address holds one that cannot be read."""
    try:
        return options_of(view)
    except ConfigError:
        return None
