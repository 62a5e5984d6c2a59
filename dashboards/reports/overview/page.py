"""Overview: what happened in a period, what changed, where visitors came from and what they saw."""

from __future__ import annotations

from collections.abc import Sequence

from dash import Dash, Input, Output, html, no_update
from dash import State as Given

from clicktrail.errors import ConfigError, StoreError
from dashboards import format
from dashboards.annotations import notes_menu
from dashboards.controls import chips, label_of, period_tools
from dashboards.footing import bad_request, cover, coverage_words, health
from dashboards.page import Desk, Node, Page, View
from dashboards.parts import card, computed, empty, graph, link
from dashboards.reports.overview.answer import Answer, ask
from dashboards.reports.overview.changes import FIELDS, Change, changes
from dashboards.reports.overview.figure import HEIGHT, shown, trend, value
from dashboards.reports.overview.lists import apart, list_card
from dashboards.reports.overview.query import overview
from dashboards.reports.overview.records import PageRow, TopRow
from dashboards.reports.overview.tiles import tiles
from dashboards.reports.sites.query import heard_of
from dashboards.shell import no_site, shell
from dashboards.snippet import first_steps

CARDS = (
    ("pages", "entry_pages"),
    ("sources", "channel_groups"),
    ("countries",),
    ("devices", "browsers", "os"),
    ("campaigns",),
)
"""Lists that share a card, in the order of the page."""


def layout(view: View) -> Node:
    """The page."""
    title = view.text("overview")
    if view.site is None:
        return no_site(view, title)
    try:
        answer = ask(view)
    except ConfigError as error:
        return shell(view, chips(view), bad_request(view, error), title=title, tools=period_tools(view))
    if answer.coverage.last_received is None and not view.state.f:
        return shell(view, first_steps(view), title=title)
    return shell(
        view,
        chips(view),
        tiles(view, answer),
        html.Div([_chart(view, answer), _changes(view, answer)], className="grid g-31"),
        html.Div(
            [list_card(view, answer, group) for group in CARDS] + [apart(view, answer)], className="grid g-3"
        ),
        cover(view, answer.coverage),
        title=title,
        sub=_sentence(view, answer),
        tools=[*period_tools(view), notes_menu(view)],
        health=health(view, answer.coverage),
    )


def _sentence(view: View, answer: Answer) -> str:
    """The answer in one sentence."""
    text, now = view.text, answer.now.totals
    visitors = text.n("overview.visitors", now.visitors)
    if not answer.compare or not answer.now.previous.visitors:
        return text("overview.sentence", visitors=visitors, views=text.n("overview.views", now.page_views))
    change = now.visitors / answer.now.previous.visitors - 1
    days = text.n("overview.days", view.period.days)
    if abs(change) < 0.005:
        return text("overview.same", visitors=visitors, days=days)
    return text(
        "overview.more" if change > 0 else "overview.less",
        visitors=visitors,
        share=format.percent(abs(change), 0 if abs(change) > 0.1 else 1),
        days=days,
    )


def _chart(view: View, answer: Answer) -> Node:
    text, metric = view.text, view.state.metric
    name = text(f"metric.{metric}")
    compare = answer.compare and bool(answer.now.previous_trend)
    dates = format.dates(view.period.start, view.period.end, view.lang, view.today)
    keys = [html.Span([html.I(className="key"), dates])]
    if answer.now.trend and answer.now.trend[-1].unfinished:
        keys.append(html.Span([html.I(className="key dash"), text("chart.running")]))
    if compare:
        keys.append(html.Span([html.I(className="key prev dash"), text("chart.before")]))
    if not any(value(b, metric) for b in (*answer.now.trend, *answer.now.previous_trend)):
        bots = 0 if view.state.f else answer.now.totals.bot_events
        body = empty(
            "layout-dashboard",
            text("empty.period"),
            text.n("empty.period.bots", bots) if bots else text("empty.period.words"),
            link(text("period.90d"), view.state.href(p="90d", start="", end=""), "btn"),
        )
        return card(name, body)
    figure = trend(answer.now, metric, text, compare=compare, notes=answer.notes)
    values = [y for b in answer.now.trend if (y := value(b, metric)) is not None]
    said = text(
        "chart.label",
        name=name,
        dates=dates,
        low=shown(min(values, default=None), metric, view.lang),
        high=shown(max(values, default=None), metric, view.lang),
    )
    words = text(f"how.{metric}", zone=view.zone)
    info = computed(view, answer.behind(metric), words, coverage_words(view, answer.coverage))
    keyed = [html.Div(keys, className="legend")]
    return card(name, graph("trend", figure, said, HEIGHT), tools=keyed, info=info)


def _changes(view: View, answer: Answer) -> Node:
    text = view.text
    if not answer.compare:
        return card(text("changes"), html.P(text("changes.off"), className="muted sm"))
    if not answer.now.previous.visitors:
        return card(text("changes"), html.P(text("changes.nothing_before"), className="muted sm"))
    facts = [_fact(view, change) for change in changes(answer.now)]
    bounce = _bounce_fact(view, answer)
    shown_facts = ([bounce] if bounce is not None else []) + facts
    body = (
        html.Div(shown_facts[:5], className="facts")
        if shown_facts
        else html.P(text("changes.none"), className="muted sm")
    )
    queries = [answer.sql(name) for name in ("totals", "lists", "people", "events", "pages")]
    info = computed(view, queries, text("changes.how"), coverage_words(view, answer.coverage))
    return card(text("changes"), body, info=info)


def _fact(view: View, change: Change) -> Node:
    """ "kettle-banner brought 1,144 visitors, 182 before"."""
    text = view.text
    name = link(label_of(view, FIELDS[change.list], change.value), view.state.filtered(change.condition))
    begin, end = text(f"changes.{change.list}").split("{name}")
    counts = {
        "visitors": text.n("changes.visitors", change.now) if change.now else text("changes.nobody"),
        "before": text.n("changes.before", change.before) if change.before else text("changes.none_before"),
    }
    much = text("table.new") if change.share is None else format.signed(change.share)
    below = html.Div(f"{text(f'head.{change.list}')} · {much}", className="muted")
    told = html.B([begin.format(**counts), name, end.format(**counts)])
    return html.Div(html.Div([told, below]), className="fact break")


def _bounce_fact(view: View, answer: Answer) -> Node:
    """The bounce rate, when the two intervals do not meet."""
    now, then = answer.now.totals.bounce_rate, answer.now.previous.bounce_rate
    if (
        now.value is None
        or then.value is None
        or now.low is None
        or now.high is None
        or then.low is None
        or then.high is None
    ):
        return None
    if now.low <= then.high and then.low <= now.high:
        return None
    words = view.text(
        "changes.bounce_up" if now.value > then.value else "changes.bounce_down",
        points=f"{100 * abs(now.value - then.value):.1f}",
    )
    rates = view.text("changes.counts", before=format.percent(then.value), now=format.percent(now.value))
    return html.Div(html.Div([html.B(words), html.Div(rates, className="muted")]), className="fact")


def download(view: View, name: str) -> list[list[object]] | None:
    """The rows of one list, with a head; None for a list we do not have."""
    if name not in FIELDS or view.site is None:
        return None
    found = overview(view.desk.store, view.site, view.period, view.state.f, now=view.desk.now())
    rows: Sequence[TopRow | PageRow] = getattr(found, name)
    extra = ["sessions", "bounces"] if rows and isinstance(rows[0], TopRow) else []
    extra.append("visitors_before")
    head: list[object] = [FIELDS[name], "visitors", "page_views", *extra]
    return [
        head,
        *([row.value, row.visitors, row.page_views, *(getattr(row, e) for e in extra)] for row in rows),
    ]


def connect(app: Dash, desk: Desk) -> None:
    """The card of a site without events gives way to the numbers once the first event is there."""
    app.callback(
        Output("first-go", "data"),
        Input("first-beat", "data"),
        Given("_pages_location", "search"),
        prevent_initial_call=True,
    )(lambda _beat, search: arrived(desk, search) or no_update)
    app.clientside_callback(
        "function(yes){return window.dash_clientside.clicktrail.again(yes)}",
        Output("first-go", "modified_timestamp"),
        Input("first-go", "data"),
        prevent_initial_call=True,
    )


def arrived(desk: Desk, search: str) -> bool:
    """Whether the site of an address has an event."""
    site = desk.at("/", search).site
    try:
        return site is not None and heard_of(desk.store, site.id)
    except StoreError:
        return False


PAGE = Page("/", "overview", "layout-dashboard", "nav.watch", layout, connect=connect, download=download)
"""Registered in dashboards/app.py."""
