"""Live: who is here now, and every event as it arrives."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from dash import Dash, Input, Output, Patch, dcc, html, no_update
from dash import State as Given

from clicktrail.errors import StoreError
from dashboards import format
from dashboards.controls import label_of
from dashboards.did import sentence, sign
from dashboards.i18n import Text
from dashboards.page import Desk, Node, Page, View
from dashboards.parts import Row, card, computed, empty, graph, icon, now_table
from dashboards.reports.live.figure import HEIGHT, minutes
from dashboards.reports.live.query import Live, LiveEvent, LiveRow, Minute, live
from dashboards.reports.sites.query import heard_of
from dashboards.shell import no_site, shell
from dashboards.snippet import first_steps
from dashboards.static import Element, fast

SHOWN = 20
PARTS = ("live-now", "live-stats", "live-ticker", "live-pages", "live-sources", "live-channels")


def layout(view: View) -> Node:
    """The page: drawn whole once, then kept current part by part."""
    text = view.text
    if view.site is None:
        return no_site(view, text("live"))
    found = live(view.desk.store, view.site, view.desk.now())
    nobody = not found.events and not found.bot_events
    if nobody and not heard_of(view.desk.store, view.site.id):
        return shell(view, first_steps(view), title=text("live"), sub=text("live.sub"))
    parts = dict(zip(PARTS, _parts(view, found), strict=True))

    def slot(name: str, look: str = "") -> Node:
        return html.Div(fast(parts[name]), id=name, className=look)

    counts, rows, sources, bots = found.computed
    asked = computed(view, [counts, bots], text("live.how.counts"))
    head = html.Div([slot("live-now"), asked], className="row g12")
    numbers = html.Div([head, slot("live-stats", "mt24")], className="nums")
    chart = html.Div(
        graph("live-bars", minutes(found.minutes, text), text("live.chart"), HEIGHT), className="grow minutes"
    )
    how = computed(view, counts, text("live.how.counts"))
    newest = computed(view, rows, text("live.how.newest"))
    side = html.Div(
        [
            card(text("live.pages"), slot("live-pages"), info=how),
            card(
                text("live.sources"),
                slot("live-sources"),
                info=computed(view, sources, text("live.how.sources")),
            ),
            card(text("live.channels"), slot("live-channels"), info=how),
        ],
        className="grid top",
    )
    chip = html.Span([html.Span(className="pulse"), text("live.every_second")], className="chip flat")
    return shell(
        view,
        html.Div(id="live-trouble"),
        html.Section(html.Div([numbers, chart], className="livehead"), className="card"),
        html.Div(
            [card(text("live.happening"), slot("live-ticker"), info=newest), side], className="grid g-31"
        ),
        dcc.Interval(id="live-tick", interval=1000),
        dcc.Store(id="live-beat"),
        dcc.Store(id="live-done", data={"beat": 0, "seen": _digests(found)}),
        title=text("live"),
        sub=text("live.sub"),
        tools=[chip],
    )


def _parts(view: View, found: Live) -> list[Node]:
    """The changing parts, in the order of PARTS."""
    text = view.text
    return [
        _now(text, found),
        _stats(text, found),
        _ticker(view, found),
        _rows(view, found.pages, "head.pages", "path"),
        _rows(view, found.sources, "head.sources", "source"),
        _rows(view, found.channels, "head.channels", "channel"),
    ]


def _now(text: Text, found: Live) -> Node:
    count = html.Div(
        [html.Span(format.number(found.visitors_5m), className="now"), html.Span(className="pulse")],
        className="row g12",
    )
    return html.Div([count, html.Div(text.n("live.five", found.visitors_5m), className="muted")])


def _stats(text: Text, found: Live) -> Node:
    values = (
        ("live.stat_visitors", found.visitors),
        ("live.stat_views", found.page_views),
        ("live.stat_events", found.events),
    )
    return html.Div(
        [
            html.Div(
                [html.Div(format.number(value), className="stat-v"), html.Div(text(key), className="stat-l")]
            )
            for key, value in values
        ],
        className="stats",
    )


def _rows(view: View, rows: Sequence[LiveRow], head: str, field: str) -> Node:
    if not rows:
        return html.P(view.text("live.quiet"), className="muted sm")
    made = [Row(label_of(view, field, row.value), row.visitors) for row in rows[:8]]
    return now_table(made, view.text(head), view.text("live.now_column"))


def _ticker(view: View, found: Live) -> Node:
    """The newest events; the browser counts their age from data-now, so the same list is not sent again."""
    text = view.text
    if not found.newest:
        bots = format.number(found.bot_events)
        words = text("live.empty.bots", events=bots) if found.bot_events else text("live.empty.words")
        return empty("activity", text("live.empty"), words, small=True)
    rows = [_event(view, event) for event in found.newest[:SHOWN]]
    units = "|".join((text("live.now"), text("unit.s"), text("unit.min")))
    return html.Div(rows, **{"data-now": str(_ms(found.asked_at)), "data-units": units})


def _ms(instant: Any) -> int:
    return int(instant.timestamp() * 1000)


def _event(view: View, event: LiveEvent) -> Node:
    text = view.text
    when = Element(
        "time",
        "",
        dateTime=event.received_at.isoformat(),
        className="muted num",
        **{"data-at": str(_ms(event.received_at))},
    )
    said: list[Node] = [html.B(_who(text, event), className="strong"), " ", *sentence(text, event)]
    if event.country:
        said.append(html.Span([" · ", label_of(view, "country", event.country)], className="muted"))
    money = (
        html.Span(format.money(event.revenue, event.currency or _currency(view)), className="val")
        if event.revenue
        else html.Span()
    )
    return html.Div(
        [when, sign(text, event.channel), html.Div(said, className="ell"), money],
        className="tick",
        key=event.event_id + event.visitor_id,
    )


def _currency(view: View) -> str:
    return view.site.currency if view.site else "EUR"


def _who(text: Text, event: LiveEvent) -> str:
    """A name that stays the same for a visitor and gives nobody away."""
    return text("live.visitor", id=hashlib.sha256(event.visitor_id.encode()).hexdigest()[:4])


def _digests(found: Live) -> list[str]:
    """One short hash a part, then the bars: what has not changed is not sent again."""
    facts = (
        found.visitors_5m,
        (found.visitors, found.page_views, found.events),
        [(event.event_id, event.visitor_id) for event in found.newest[:SHOWN]],
        found.pages,
        found.sources,
        found.channels,
        [(minute.start, minute.visitors) for minute in found.minutes],
    )
    return [hashlib.sha256(repr(fact).encode()).hexdigest()[:12] for fact in facts]


def connect(app: Dash, desk: Desk) -> None:
    """The beat: once a second, while somebody looks, ask and send what changed."""
    app.clientside_callback(
        "function(n, done, beat){return window.dash_clientside.clicktrail.beat(n, done, beat)}",
        Output("live-beat", "data"),
        Input("live-tick", "n_intervals"),
        Given("live-done", "data"),
        Given("live-beat", "data"),
        prevent_initial_call=True,
    )
    app.callback(
        *[Output(name, "children") for name in PARTS],
        Output("live-bars", "figure"),
        Output("live-trouble", "children"),
        Output("live-done", "data"),
        Input("live-beat", "data"),
        Given("_pages_location", "search"),
        Given("live-done", "data"),
        prevent_initial_call=True,
    )(lambda beat, search, done: _beat(desk, beat, search, done))


def _beat(desk: Desk, beat: int, search: str, done: dict[str, Any]) -> list[Any]:
    view = desk.at("/live", search)
    seen = list((done or {}).get("seen") or [])
    keep = [no_update] * (len(PARTS) + 1)
    try:
        if view.site is None:
            raise StoreError(view.text("live.no_site"), retryable=True)
        found = live(desk.store, view.site, desk.now())
    except StoreError:
        note = html.Div([icon("circle-alert"), view.text("live.trouble")], className="note", role="status")
        return [*keep, fast(note), {"beat": beat, "seen": seen}]
    parts = _parts(view, found)
    digests = _digests(found)
    new = [digest not in seen[at : at + 1] for at, digest in enumerate(digests)]
    outputs: list[Any] = [
        fast(part) if changed else no_update for part, changed in zip(parts, new, strict=False)
    ]
    return [
        *outputs,
        _bars(found.minutes, view.text) if new[-1] else no_update,
        None,
        {"beat": beat, "seen": digests},
    ]


def _bars(rows: Sequence[Minute], text: Text) -> Any:
    """The heights and the axis; everything else of the figure stays in the browser."""
    drawn, patch = minutes(rows, text), Patch()
    patch["data"][0]["y"] = list(drawn.data[0].y)
    patch["layout"]["yaxis"] = drawn.layout.yaxis.to_plotly_json()
    return patch


PAGE = Page("/live", "live", "activity", "nav.watch", layout, connect=connect)
"""Registered in dashboards/app.py."""
