"""The menu of saved funnels: open, rename, delete, and save the one that is shown."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from dash import Dash, Input, Output, dcc, html
from dash import State as Given

from clicktrail.errors import ClicktrailError, ConfigError
from dashboards.access import CHANGE
from dashboards.controls import hidden
from dashboards.page import Desk, Node, View
from dashboards.parts import icon, link, menu
from dashboards.reports.funnel import saved
from dashboards.reports.funnel.saved import KEPT, LONGEST, SavedFunnel
from dashboards.static import Element


def saved_menu(view: View, found: Sequence[SavedFunnel]) -> Node:
    """The saved funnels of the site, and a form to save what the address holds."""
    text = view.text
    rows: list[Node] = [_row(view, one) for one in found]
    if not rows:
        rows = [html.P(text("funnel.saved.none"), className="muted sm pad8")]
    if len(view.state.all("step")) > 1 and view.may(CHANGE):
        current = next((one.name for one in found if is_open(view, one)), "")
        rows.append(_form("save", "", current, text("funnel.saved.save"), text("funnel.saved.name")))
    here = next((one.name for one in found if is_open(view, one)), text("funnel.saved"))
    label = [icon("save"), html.Span(here, className="ell fn-here wide"), icon("chevron-down", 14)]
    return menu(label, rows, "btn", "right fn-saved", f"{text('funnel.saved.open')}: {here}")


def is_open(view: View, one: SavedFunnel) -> bool:
    """Whether the address shows exactly this funnel."""
    shown = {name: view.state.all(name) for name in KEPT if view.state.all(name)}
    return shown == {name: tuple(values) for name, values in one.query.items()}


def open_href(view: View, one: SavedFunnel) -> str:
    """The page with a saved funnel; period and filters stay."""
    cleared = dict.fromkeys(view.state.own, ())
    return view.state.href(own={**cleared, **one.query})


def _row(view: View, one: SavedFunnel) -> Node:
    """Its name, a form to rename it, and a cross."""
    text, on = view.text, is_open(view, one)
    name = link(one.name, open_href(view, one), "grow break", **({"aria-current": "true"} if on else {}))
    if not view.may(CHANGE):
        return html.Div([name], className="row g8 fn-row sm")
    change = html.Details(
        [
            html.Summary(
                icon("pencil", 14),
                className="ghost sq",
                **{"aria-label": f"{text('funnel.saved.rename')}: {one.name}"},
            ),
            _form("rename", one.id, one.name, text("funnel.saved.rename"), text("funnel.saved.name")),
        ],
        className="fn-rename",
    )
    cross = html.Button(
        icon("trash-2", 14),
        type="submit",
        className="ghost sq",
        **{"aria-label": text("funnel.saved.delete", name=one.name)},
    )
    gone = Element(
        "form",
        [hidden("do", "remove"), hidden("id", one.id), cross],
        key=f"gone|{one.id}",
        **{"data-store": "funnel-ask"},
    )
    return html.Div([name, change, gone], className="row g8 fn-row sm")


def _form(do: str, id: str, name: str, words: str, label: str) -> Node:
    field = Element(
        "input", name="name", defaultValue=name, required=True, maxLength=LONGEST, className="in",
        autoComplete="off",
    )  # fmt: skip
    fields: list[Node] = [
        hidden("do", do),
        *([hidden("id", id)] if id else []),
        Element("label", [label, field]),
        html.Button(words, className="btn primary" if do == "save" else "btn", type="submit"),
    ]
    return Element(
        "form", fields, className="fields", key=f"{do}|{id}|{name}", **{"data-store": "funnel-ask"}
    )


def stores() -> list[Node]:
    """What the page holds for the forms."""
    return [
        dcc.Store(id="funnel-ask"),
        dcc.Store(id="funnel-done"),
        html.Div(id="funnel-trouble", role="alert"),
    ]


def connect(app: Dash, desk: Desk) -> None:
    """Do what a form asks, then show the page anew."""
    app.callback(
        Output("funnel-done", "data"),
        Output("funnel-trouble", "children"),
        Input("funnel-ask", "data"),
        Given("_pages_location", "search"),
        prevent_initial_call=True,
    )(lambda asked, search: done(desk.at("/funnel", search), asked))
    app.clientside_callback(
        "function(at){return window.dash_clientside.clicktrail.again(at)}",
        Output("funnel-done", "modified_timestamp"),
        Input("funnel-done", "data"),
        prevent_initial_call=True,
    )


def done(view: View, asked: Mapping[str, Any] | None) -> tuple[float | None, Node]:
    """(when it was done, None), or (None, what is wrong)."""
    if not isinstance(asked, Mapping) or view.site is None:
        return None, None
    name, id = str(asked.get("name", "")), str(asked.get("id", ""))
    try:
        writer = view.desk.writer()
        if asked.get("do") == "remove":
            saved.remove(writer, view.site.id, id)
        elif asked.get("do") == "rename":
            if saved.rename(writer, view.site.id, id, name) is None:
                return None, _trouble(view.text("funnel.saved.gone"))
        elif len(view.state.all("step")) < 2:
            return None, _trouble(view.text("funnel.saved.nothing"))
        else:
            saved.save(writer, view.site.id, name, view.state.own)
    except ConfigError:
        return None, _trouble(view.text("funnel.saved.bad"))
    except ClicktrailError as error:
        return None, _trouble(str(error)[:300])
    return time.time(), None


def _trouble(words: str) -> Node:
    return html.Div([icon("circle-alert"), words], className="note")
