"""The card that tries failed events again: a dry run first, then the replay itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import ctx, html

from dashboards import format
from dashboards.page import Node, View
from dashboards.parts import icon
from dashboards.replays import Replay
from dashboards.static import Element, fast


def hidden(name: str, value: str) -> Node:
    """A field of a form that nobody types."""
    return Element("input", type="hidden", name=name, value=value, readOnly=True)


def replay_card(view: View) -> Node:
    """What can be done, what is being done, or what came of it."""
    text, last = view.text, view.desk.replays.last()
    if last is None or view.site is None or (last.site_id != view.site.id and not last.running):
        return fast(html.Div([_words(view), _button(view, "dry", "failed.try", "btn")], className="code"))
    if last.running:
        key = "failed.trying" if last.dry_run else "failed.replaying"
        status = html.Div([html.Span(className="pulse"), html.Span(text(key))], className="status")
        return fast(html.Div([_words(view), html.Div(status, role="status")], className="code"))
    return fast(html.Div(_ended(view, last), className="code"))


def _words(view: View) -> Node:
    return html.P(view.text("failed.again.words"), className="muted sm")


def _button(view: View, what: str, key: str, look: str, symbol: str = "refresh-cw") -> Node:
    """A form that app.js hands to the store `failed-try`; nothing is started by an address."""
    send = html.Button([icon(symbol, 14), view.text(key)], className=look, type="submit")
    return Element("form", [hidden("what", what), send], **{"data-store": "failed-try"})


def _ended(view: View, last: Replay) -> list[Node]:
    text = view.text
    again = _button(view, "dry", "failed.try_again", "btn")
    if last.counts is None:
        said = text("failed.could_not", error=last.error)
        return [html.P(said, className="err break", role="alert"), again]
    counts: dict[str, Any] = last.counts
    facts = [html.P(_sentence(view, counts, dry_run=last.dry_run), role="status")]
    facts += [html.Ul([_left(view, one) for one in counts["by_reason"][:6]], className="plain sm break")]
    if not last.dry_run:
        fresh = html.Button(
            [icon("refresh-cw", 14), text("failed.fresh")],
            className="btn",
            type="button",
            **{"data-act": "again"},
        )
        return [*facts, html.Div([fresh, again], className="row g8 wrap")]
    useful = counts["events"] + counts["duplicates"]
    go = _button(view, "replay", "failed.replay", "btn primary", "check") if useful else None
    return [*facts, html.Div([go, again] if go is not None else [again], className="row g8 wrap")]


def _sentence(view: View, counts: Mapping[str, Any], *, dry_run: bool) -> str:
    text = view.text
    if not counts["read"]:
        return text("failed.nothing")
    numbers = {name: format.number(counts[name]) for name in ("read", "events", "duplicates", "failed")}
    return text("failed.would" if dry_run else "failed.did", **numbers)


def _left(view: View, one: Mapping[str, Any]) -> Node:
    name = view.text.name("reason", one["reason"])
    return html.Li(
        [
            html.B(f"{name} {format.number(one['failed'])}"),
            html.Div(str(one["detail"])[:200], className="muted xs"),
        ]
    )


def tried(view: View, asked: Mapping[str, object] | None) -> list[Any]:
    """Start what was asked for; the card as it stands then, and whether there is no more to wait for."""
    replays = view.desk.replays
    if ctx.triggered_id == "failed-try" and isinstance(asked, Mapping) and view.site is not None:
        replays.start(view.site.id, dry_run=asked.get("what") != "replay")
    last = replays.last()
    return [replay_card(view), last is None or not last.running]
