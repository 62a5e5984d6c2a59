"""The editor of a goal: what was typed → a goal, its preview, and the form itself."""

from __future__ import annotations

from collections.abc import Mapping

from dash import dcc, html

from clicktrail.errors import ConfigError, StoreError
from dashboards.conditions import condition, refusal
from dashboards.controls import FILTER_FIELDS, condition_fields, hidden
from dashboards.goals import LONGEST_CONDITION, LONGEST_NAME, Goal
from dashboards.page import Node, View
from dashboards.parts import card, icon, link
from dashboards.reports.goals.query import preview
from dashboards.static import Element

FIELDS = ("event_type", "event_name", "target", *(f for f in FILTER_FIELDS if not f.startswith("e")))
"""What the three boxes of a condition offer first; the box below takes any field."""
STORES = ("goal-form", "goal-draft", "goal-done")


def condition_from(fields: Mapping[str, object]) -> str:
    """The condition that the boxes and the line say together; '' when both are empty."""
    written = str(fields.get("condition") or "").strip()
    name, op, value = (str(fields.get(key) or "").strip() for key in ("field", "op", "value"))
    if not value:
        return written
    plain = op == "=" and not value.endswith("*")
    built = condition(name, value) if plain else f"{name}{op}{value}"
    return f"{built} & {written}" if written else built


def said(view: View, error: Exception) -> str:
    """An error in the language of the page."""
    return refusal(error, view.text)[:300]


def previewed(view: View, fields: Mapping[str, object] | None) -> Node:
    """What the condition would have counted in the last 30 days, or what cannot be read of it."""
    text = view.text
    asked = condition_from(fields or {})
    if not asked or view.site is None:
        return text("goals.preview_wait")
    try:
        events, persons = preview(view.desk.store, view.site, asked, now=view.desk.now())
    except ConfigError as error:
        return html.Span(said(view, error), className="bad")
    except StoreError as error:
        return html.Span(text("error.away" if error.retryable else "error.refused"), className="bad")
    counts = {"events": text.n("goals.events", events), "people": text.n("goals.persons", persons)}
    return html.Span([html.Code(asked), html.Br(), text("goals.preview", **counts)])


def editor(view: View, edited: Goal | None) -> Node:
    """The form: a new goal, or one that is changed. goals.js asks for the preview while somebody types."""
    text = view.text
    name = _box(
        "name", text("goals.name"), edited.name if edited else "", required=True, maxLength=LONGEST_NAME
    )
    boxes = html.Div(condition_fields(view, FIELDS, required=False), className="three")
    line = _box(
        "condition",
        text("goals.line"),
        edited.condition if edited else "",
        maxLength=LONGEST_CONDITION,
        placeholder="event_type=form & path=/contact*",
    )
    currency = view.site.currency if view.site else ""
    value = _box(
        "amount",
        text("goals.value_in", currency=currency),
        f"{edited.value:f}" if edited and edited.value is not None else "",
        inputMode="decimal",
        placeholder="12.50",
    )
    kept = [hidden("id", edited.id)] if edited else []
    send = html.Button(text("goals.save" if edited else "goals.add"), className="btn primary", type="submit")
    buttons = [
        send,
        *([link(text("goals.cancel"), view.state.href(own={"edit": ()}), "btn")] if edited else []),
    ]
    form = Element(
        "form",
        [*kept, name, value, boxes, line, html.Div(buttons, className="row g8")],
        className="fields flush goal-form",
        key=edited.id if edited else "new",
        **{"data-store": "goal-form", "data-draft": "goal-draft"},
    )
    shown = previewed(view, {"condition": edited.condition}) if edited else text("goals.preview_wait")
    waiting = html.Div(shown, id="goal-preview", className="preview muted", role="status")
    trouble = html.Div(id="goal-trouble", className="err", role="alert")
    title = text("goals.edit", name=edited.name) if edited else text("goals.new")
    words = html.P(text("goals.form"), className="muted sm")
    return card(title, words, form, html.Div([waiting, trouble], className="grid mt12"))


def _box(name: str, label: str, value: str, **props: object) -> Node:
    field = Element("input", name=name, className="in", defaultValue=value, autoComplete="off", **props)
    return Element("label", [label, field], className=name)


def stores() -> list[Node]:
    """What hands the fields to the callbacks."""
    return [dcc.Store(id=name) for name in STORES]


def remove_button(view: View, goal: Goal) -> Node:
    """The form of one button that takes a goal away."""
    name = view.text("goals.remove", name=goal.name)
    button = html.Button(
        icon("trash-2", 14), type="submit", className="ghost sq sm", title=name, **{"aria-label": name}
    )
    return Element("form", [hidden("remove", goal.id), button], **{"data-store": "goal-form"})
