"""Why several ids are one person, and taking a join away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dash import html

from dashboards import format
from dashboards.access import SET_UP
from dashboards.controls import hidden
from dashboards.page import Desk, Node, View
from dashboards.parts import card, computed, icon, menu
from dashboards.processes import PROGRAM, environment, run
from dashboards.reports.people.table import name
from dashboards.reports.visitor.records import Edge, KnownId, Visitor
from dashboards.reports.visitor.search import PATH
from dashboards.static import Element, fast
from schemas.identity_edge import GROUP

_SHOWN = 20
_WAITS_S = 120.0  # for the turn of the writer: an import may hold it for some batches


def joins_card(view: View, found: Visitor) -> Node:
    """The ids of the person, the statements that join them, each with its undo."""
    text = view.text
    ids = [_id(view, one) for one in found.ids[:_SHOWN]]
    edges = [_edge(view, one) for one in found.edges[:_SHOWN]]
    rest = max(0, len(found.ids) - _SHOWN) + max(0, len(found.edges) - _SHOWN)
    body = [
        html.Div(ids, className="facts"),
        html.H3(text("visitor.why"), className="sub-head") if edges else None,
        html.Div(edges, className="facts") if edges else None,
        html.P(text.n("visitor.more", rest), className="muted xs") if rest else None,
    ]
    shown = html.Div([part for part in body if part is not None])
    status = html.Div(id="visitor-unlinked", role="status", **{"data-wait": text("visitor.unlinking")})
    info = computed(view, found.sql("edges"), text("visitor.joins.how"))
    return card(text("visitor.same"), status, fast(shown), info=info)


def _id(view: View, one: KnownId) -> Node:
    text = view.text
    quality = text(f"visitor.id.{one.id_quality}") if one.id_quality else ""
    facts = [quality, text.n("visitor.events", one.events) if one.events else text("visitor.no_events")]
    if one.last_seen:
        facts.append(text("visitor.until", day=_day(view, one.last_seen)))
    below = html.Div([html.Span(fact) for fact in facts if fact], className="muted xs dots")
    return html.Div(html.Div([html.Code(one.id, className="break"), below]), className="fact")


def _edge(view: View, one: Edge) -> Node:
    text = view.text
    ends = [html.Code(name(one.id_a), className="break"), " – "]
    ends.append(html.Code(name(one.id_b.removeprefix(GROUP)), className="break"))
    moment = one.unlinked_at if one.state == "unlinked" and one.unlinked_at else one.since
    said = text(
        f"visitor.edge.{one.state}", source=text.name("visitor.source", one.source), day=_day(view, moment)
    )
    words = html.Div([html.Div(ends), html.Div(said, className="muted xs")], className="grow")
    undo = _undo(view, one) if one.state == "joins" and view.may(SET_UP) else None
    return html.Div([words, undo] if undo is not None else [words], className="fact")


def _undo(view: View, one: Edge) -> Node:
    """Asks once more before it is done."""
    text = view.text
    send = html.Button([icon("undo-2", 14), text("visitor.unlink")], className="btn primary", type="submit")
    form = Element(
        "form", [hidden("a", one.id_a), hidden("b", one.id_b), send], **{"data-store": "visitor-unlink"}
    )
    asked = [
        html.P(text("visitor.unlink.words", a=name(one.id_a), b=name(one.id_b)), className="sm break"),
        form,
    ]
    named = text("visitor.undo.name", a=name(one.id_a), b=name(one.id_b))
    return menu([icon("undo-2", 14), text("visitor.undo")], asked, "btn sm", "right ask", named)


def _day(view: View, moment: datetime) -> str:
    return format.day(moment.astimezone(ZoneInfo(view.zone)).date(), view.lang, year=True)


def unlink(desk: Desk, asked: Mapping[str, object] | None, search: str) -> Node:
    """Run `clicktrail identity unlink`, and say what came of it."""
    view = desk.at(PATH, search)
    if not isinstance(asked, Mapping) or view.site is None:
        return None
    ends = (str(asked.get("a") or ""), str(asked.get("b") or ""))
    command = [*PROGRAM, "identity", "unlink", "--site", view.site.id, "--json", "--", *ends]
    ended = run(command, environment(desk.settings), _WAITS_S)
    return fast(_came_of(view, ended.document, ended.error))


def _came_of(view: View, done: Mapping[str, Any] | None, error: str) -> Node:
    text = view.text
    if done is None:
        said = text("visitor.unlink.failed", error=error)
        return html.P(said, className="err break mb", role="alert")
    key = "already" if not done["changed"] else "still" if done["joined"] else "done"
    words = text(f"visitor.unlink.{key}", a=name(str(done["id_a"])), b=name(str(done["id_b"])))
    fresh = html.Button(
        [icon("refresh-cw", 14), text("visitor.fresh")],
        className="btn sm",
        type="button",
        **{"data-act": "again"},
    )
    return html.Div([html.P(words, className="sm break"), fresh], className="done mb")
