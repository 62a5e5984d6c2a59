"""Where those went next who left: the first thing they did after the last step they reached."""

from __future__ import annotations

from dash import html

from dashboards import format, people
from dashboards.controls import toggle
from dashboards.page import Node, View
from dashboards.parts import Row, bars, card, computed, exports, icon, link
from dashboards.reports.funnel.names import act_name, step_name, units, window_words
from dashboards.reports.funnel.records import Funnel, Next

SHOWN = 8
"""Lines on the page; the tables to take along hold the 20 most frequent."""


def leak(found: Funnel) -> Next | None:
    """The step after which most have left; None when nobody has."""
    worst = max(found.next, key=lambda one: one.left, default=None)
    return worst if worst is not None and worst.left else None


def chosen(view: View, found: Funnel) -> Next | None:
    """The step that the address names, else the widest leak."""
    asked = view.state.one("left")
    named = next((one for one in found.next if str(one.step) == asked), None)
    return named or leak(found) or next(iter(found.next), None)


def after(view: View, found: Funnel) -> Node:
    """The card."""
    text, here = view.text, chosen(view, found)
    title = text("funnel.next")
    if here is None:
        return card(title, html.P(text("funnel.next.open"), className="muted sm"))
    name = step_name(text, found.steps[here.step - 1].name)
    body: list[Node] = [_steps(view, found, here)]
    if not here.left:
        body.append(html.P(text("funnel.next.nobody"), className="muted sm mt12"))
    else:
        said = text("funnel.next.left", units=units(text, found.options, here.left), name=name)
        body += [html.P(said, className="muted sm mt12"), _table(view, found, here), _list(view, here)]
    how = text("funnel.how.next", window=window_words(text, found.options.window))
    return card(
        title, *body, tools=[exports(view, "funnel", "next")], info=computed(view, found.computed[-1], how)
    )


def _steps(view: View, found: Funnel, here: Next) -> Node:
    """After which step, and whether by what or by page."""
    text = view.text
    links = [
        link(
            text("funnel.at.step", step=one.step),
            view.state.href(own={"left": (str(one.step),)}),
            "on" if one is here else "",
            **({"aria-current": "true"} if one is here else {}),
        )
        for one in found.next
    ]
    which = html.Div(links, className="seg wrap", role="group", **{"aria-label": text("funnel.next.after")})
    kinds = [("type", text("funnel.next.type")), ("path", text("funnel.next.path"))]
    return html.Div(
        [which, toggle(view, text("funnel.next.by"), "by", kinds, "type")], className="row g8 wrap between"
    )


def _table(view: View, found: Funnel, here: Next) -> Node:
    text = view.text
    by_path = view.state.one("by", "type") == "path"
    acts = here.paths if by_path else here.types
    rows = [
        Row(
            (act.path or text("funnel.next.no_page"))
            if by_path
            else act_name(text, act.event_type, act.event_name),
            act.units,
        )
        for act in acts[:SHOWN]
    ]
    rest = here.went_on - sum(row.value for row in rows)
    if rest:
        rows.append(Row(text("funnel.next.rest"), rest))
    nothing = here.left - here.went_on
    if nothing:
        rows.append(Row(text("funnel.next.nothing"), nothing))
    head = text("funnel.next.path" if by_path else "funnel.next.type")
    return bars(
        text, rows, head, here.left, compare=False, counted=text(f"funnel.count.{found.options.unit}")
    )


def _list(view: View, here: Next) -> Node:
    href = people.href(view, "funnel", f"left-{here.step}")
    words = f"{view.text('funnel.next.list')} ({format.number(here.left)})"
    return html.Div(link([icon("users", 14), words], href, "btn sm"), className="mt12")
