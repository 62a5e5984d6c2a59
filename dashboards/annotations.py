"""Notes on dates: what happened on a day, seen on every chart over time of the site."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import msgspec
from dash import Dash, Input, Output, dcc, html
from dash import State as Given

from clicktrail.errors import ClicktrailError, ConfigError
from dashboards import format
from dashboards.access import CHANGE
from dashboards.controls import hidden
from dashboards.page import Desk, Node, View
from dashboards.parts import icon, menu, unseen
from dashboards.period import iso_date
from dashboards.static import Element
from schemas.objects import StoredObject
from store.objects import objects, put_object
from store.tables.client import Store

KIND = "annotation"
LONGEST = 200
_LABEL = 22  # characters of a note that stand over a chart; the hover text has all


@dataclass(frozen=True)
class Annotation:
    """A note on a local date of a site."""

    site: str
    day: date
    words: str
    id: str = ""


def notes_of(store: Store, site: str) -> tuple[Annotation, ...]:
    """All notes of a site, by date. Raises StoreError."""
    found = [msgspec.json.decode(item.document, type=Annotation) for item in objects(store, KIND)]
    return tuple(sorted((one for one in found if one.site == site), key=lambda one: (one.day, one.id)))


def marks(view: View) -> tuple[Annotation, ...]:
    """The notes on the days of the page."""
    if view.site is None:
        return ()
    period = view.period
    return tuple(
        one for one in notes_of(view.desk.store, view.site.id) if period.start <= one.day <= period.end
    )


def annotate(store: Store, site: str, day: str, words: str) -> Annotation:
    """Write a note. ConfigError for a date that cannot be read and for no words or too many."""
    said = " ".join(words.split())
    if not 1 <= len(said) <= LONGEST:
        raise ConfigError(f"a note has 1 to {LONGEST} characters")
    made = Annotation(site, iso_date(day, "date"), said, f"{site}/{time.time_ns():x}")
    put_object(store, StoredObject(KIND, made.id, msgspec.json.encode(asdict(made)).decode()))
    return made


def remove(store: Store, site: str, id: str) -> None:
    """Take a note of a site away; one that is not there is no error."""
    for one in notes_of(store, site):
        if one.id == id:
            put_object(store, StoredObject(KIND, id, "{}", is_deleted=True))


def lines(notes: Sequence[Annotation]) -> dict[str, Any]:
    """Members of a layout with an axis of dates: a dotted line a note, its words above the plot."""
    shapes = [
        {
            "type": "line", "x0": one.day.isoformat(), "x1": one.day.isoformat(), "xref": "x",
            "y0": 0, "y1": 1, "yref": "paper", "line": {"color": "var(--muted)", "width": 1, "dash": "dot"},
        }
        for one in notes
    ]  # fmt: skip
    labels = [
        {
            "x": one.day.isoformat(), "y": 1, "xref": "x", "yref": "paper", "yanchor": "bottom",
            "text": _short(one.words), "hovertext": one.words, "showarrow": False,
            "font": {"size": 11, "color": "var(--muted)"},
        }
        for one in notes
    ]  # fmt: skip
    return {"shapes": shapes, "annotations": labels} if notes else {}


def _short(words: str) -> str:
    cut = words if len(words) <= _LABEL else words[: _LABEL - 1].rstrip() + "…"
    return cut.replace("<", "‹").replace(">", "›")  # plotly reads tags


def notes_menu(view: View) -> Node:
    """The menu beside the period: the notes of its days, each with a cross, and a form for another one."""
    text = view.text
    may = view.may(CHANGE)
    rows = [_row(view, one, may=may) for one in marks(view)]
    day = Element(
        "input",
        type="date",
        name="day",
        defaultValue=view.period.end.isoformat(),
        required=True,
        className="in",
    )
    words = Element(
        "input", name="words", required=True, maxLength=LONGEST, className="in", autoComplete="off"
    )
    fields: list[Node] = [
        Element("label", [text("notes.day"), day]),
        Element("label", [text("notes.words"), words]),
        html.Button(text("notes.add"), className="btn primary", type="submit"),
    ]
    form = Element(
        "form", fields, className="fields", key=view.period.end.isoformat(), **{"data-store": "note-ask"}
    )
    empty = [] if rows else [html.P(text("notes.none"), className="muted sm pad8")]
    label = [
        icon("flag"),
        unseen(text("notes")),
        html.Span(str(len(rows)), className="num") if rows else None,
    ]
    parts = [*rows, *empty, *([form] if may else [])]
    return menu([one for one in label if one is not None], parts, "btn", "right", text("notes"))


def _row(view: View, one: Annotation, *, may: bool) -> Node:
    cross = html.Button(
        icon("x", 14),
        type="submit",
        className="ghost sq",
        **{"aria-label": view.text("notes.remove", words=one.words)},
    )
    form = Element("form", [hidden("remove", one.id), cross], **{"data-store": "note-ask"})
    day = html.Span(format.day(one.day, view.lang), className="muted num xs")
    return html.Div(
        [day, html.Span(one.words, className="grow break sm"), form if may else None], className="row g8 opt"
    )


def stores() -> list[Node]:
    """What the frame of the app holds for the form."""
    return [dcc.Store(id="note-ask"), dcc.Store(id="note-done"), html.Div(id="note-trouble", role="alert")]


def connect(app: Dash, desk: Desk) -> None:
    """Write or remove what the form sent, then ask the page anew."""
    app.callback(
        Output("note-done", "data"),
        Output("note-trouble", "children"),
        Input("note-ask", "data"),
        Given("_pages_location", "pathname"),
        Given("_pages_location", "search"),
        prevent_initial_call=True,
    )(lambda asked, path, search: noted(desk.at(path, search), asked))
    app.clientside_callback(
        "function(at){return window.dash_clientside.clicktrail.again(at)}",
        Output("note-done", "modified_timestamp"),
        Input("note-done", "data"),
        prevent_initial_call=True,
    )


def noted(view: View, asked: Mapping[str, Any] | None) -> tuple[float | None, Node]:
    """(when it was done, None), or (None, what is wrong)."""
    if not asked or view.site is None:
        return None, None
    try:
        if asked.get("remove"):
            remove(view.desk.writer(), view.site.id, str(asked["remove"]))
        else:
            annotate(view.desk.writer(), view.site.id, str(asked.get("day", "")), str(asked.get("words", "")))
    except ClicktrailError as error:
        return None, html.Div([icon("circle-alert"), str(error)], className="note")
    return time.time(), None
