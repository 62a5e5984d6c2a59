"""Failed events: how many, why, what they were; and trying them again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from dash import Dash, Input, Output, dcc, html, no_update
from dash import State as Given

from clicktrail.errors import StoreError
from dashboards import format
from dashboards.access import OWN, SEE_ALL
from dashboards.controls import period_tools
from dashboards.page import Desk, Node, Page, View
from dashboards.parts import card, computed, empty, graph
from dashboards.reports.failed.figure import HEIGHT, bars, coloured
from dashboards.reports.failed.query import Example, Failed, FailedRow, ReasonCount, example, failed
from dashboards.reports.failed.replay import hidden, replay_card, tried
from dashboards.reports.failed.words import sentence
from dashboards.shell import no_site, shell
from dashboards.static import Element, fast

SHOWN = 25


def layout(view: View) -> Node:
    """The page."""
    text = view.text
    if view.site is None:
        return no_site(view, text("failed"))
    found = failed(view.desk.store, view.site, view.period, now=view.desk.now(), limit=SHOWN)
    body: list[Node] = [_chart(view, found)]
    if view.may(OWN):
        again = card(text("failed.again"), html.Div(replay_card(view), id="failed-replay"))
        body = [html.Div([*body, again], className="grid g-31 top")]
    if found.failed:
        body += [_reasons(view, found), _newest(view, found)]
    last = view.desk.replays.last()
    beats = [
        dcc.Store(id="failed-ask"),
        dcc.Store(id="failed-try"),
        dcc.Interval(id="failed-tick", interval=700, disabled=last is None or not last.running),
    ]
    sub = text.n("failed.sub", found.failed) if found.failed else text("failed.sub.none")
    return shell(view, *body, *beats, title=text("failed"), sub=sub, tools=period_tools(view))


def _chart(view: View, found: Failed) -> Node:
    text = view.text
    if not found.failed:
        return card(text("failed.trend"), empty("check", text("failed.none"), text("failed.none.words")))
    names = {
        reason: text.name("reason", reason) if reason else text("failed.other_reasons")
        for reason in coloured(found)
    }
    keys = [
        html.Span([html.I(className="key", style={"borderTopColor": f"var(--{colour})"}), names[reason]])
        for reason, colour in coloured(found).items()
    ]
    said = text("failed.chart", n=format.number(found.failed), reason=next(iter(names.values())))
    return card(
        text("failed.trend"),
        html.Div(keys, className="legend"),
        graph("failed-bars", bars(found, text), said, HEIGHT),
        info=computed(view, found.computed[0], text("failed.how")),
    )


def _reasons(view: View, found: Failed) -> Node:
    """Each reason with its sentence, the stage and how often."""
    text = view.text
    heads = [html.Th(text(key), scope="col") for key in ("head.reason", "head.do", "head.stage")]
    heads += [html.Th(text(key), scope="col", className="n") for key in ("head.failed", "head.last")]
    rows = [_reason_row(view, one) for one in found.by_reason]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="t rows stack")
    return card(text("failed.reasons"), table, info=computed(view, found.computed[0], text("failed.how")))


def _reason_row(view: View, one: ReasonCount) -> Node:
    text = view.text
    means = html.Div(sentence(text, one.reason, "words"), className="muted xs")
    cells = [
        html.Th([html.Div(text.name("reason", one.reason), className="strong"), means], scope="row"),
        html.Td(sentence(text, one.reason, "do"), className="muted"),
        html.Td(text.name("stage", one.stage), **{"data-label": text("head.stage")}),
        html.Td(format.number(one.failed), className="n strong", **{"data-label": text("head.failed")}),
        html.Td(text("ago", span=_ago(view, one.last)), className="n muted"),
    ]
    return html.Tr(cells)


def _ago(view: View, moment: datetime) -> str:
    return format.span(max(0.0, (view.desk.now() - moment).total_seconds()), view.lang)


def _newest(view: View, found: Failed) -> Node:
    """The newest with their first bytes; the whole of one on demand."""
    text = view.text
    heads = [html.Th(text(key), scope="col") for key in ("head.when", "head.reason", "head.sent")]
    heads.append(html.Th(html.Span(text("failed.show"), className="off"), scope="col"))
    rows = [_row(view, row) for row in found.newest]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="t rows stack")
    title = text("failed.newest")
    if len(found.newest) < found.failed:
        title = text("failed.newest_of", n=len(found.newest), all=format.number(found.failed))
    example_ = html.Div(id="failed-example", role="status")
    return card(title, example_, fast(table), info=computed(view, found.computed[1], text("failed.how")))


def _row(view: View, row: FailedRow) -> Node:
    text = view.text
    at = format.instant(row.received_at.astimezone(ZoneInfo(view.zone)), view.lang)
    who = " · ".join(part for part in (row.protocol, row.site_id[:60]) if part)
    tries = text("failed.attempts", n=row.attempts) if row.attempts > 1 else ""
    name = text.name("reason", row.reason)
    show = Element(
        "form",
        [
            hidden("id", row.failed_id),
            html.Button(
                text("failed.show"),
                className="btn sm",
                type="submit",
                **{"aria-label": f"{text('failed.show')}: {name}, {at}"},
            ),
        ],
        **{"data-store": "failed-ask"},
    )
    cells = [
        html.Th([html.Div(at, className="num when"), html.Div(who, className="muted xs break")], scope="row"),
        html.Td(
            [
                html.Div(
                    [html.Span(name, className="strong"), html.Span(tries, className="muted xs")],
                    className="row g8 wrap",
                ),
                html.Div(row.detail[:200], className="muted xs break"),
            ]
        ),
        html.Td(html.Code(row.begin[:96] or "–", className="break")),
        html.Td(show, className="n"),
    ]
    return html.Tr(cells)


def _example(view: View, one: Example) -> Node:
    """All bytes of one, and what it was refused for before."""
    text = view.text
    facts = [text("failed.lies", place=one.raw_ref), text("failed.rules", version=one.rule_version)]
    before = [
        html.Li(
            [
                html.B(text.name("reason", earlier["reason"])),
                f" · {earlier['detail'][:200]} · ",
                html.Span(text("failed.until", at=earlier["at"]), className="muted"),
            ]
        )
        for earlier in one.history
    ]
    return html.Div(
        [
            html.Div(
                [html.H3(text("failed.example")), html.Code(f"clicktrail failed show {one.failed_id}")],
                className="row g8 wrap",
            ),
            html.Pre(one.raw.decode("utf-8", "backslashreplace") or "–", tabIndex="0", className="bytes"),
            html.P(" · ".join(facts), className="muted xs break"),
            html.Ul(before, className="plain sm break") if before else None,
        ],
        className="code mb",
    )


def connect(app: Dash, desk: Desk) -> None:
    """One failed event on demand; the dry run, the replay and what comes of them."""
    _ = desk.replays  # made here once, before several threads ask for it
    app.callback(
        Output("failed-example", "children"),
        Input("failed-ask", "data"),
        Given("_pages_location", "search"),
        prevent_initial_call=True,
    )(lambda asked, search: show(desk, asked, search))
    app.callback(
        Output("failed-replay", "children"),
        Output("failed-tick", "disabled"),
        Input("failed-try", "data"),
        Input("failed-tick", "n_intervals"),
        Given("_pages_location", "search"),
        prevent_initial_call=True,
    )(lambda asked, _beat, search: tried(desk.at("/failed", search), asked))


def show(desk: Desk, asked: Mapping[str, object] | None, search: str) -> Node:
    """The example that was asked for, or that it is none any more."""
    if not isinstance(asked, Mapping):
        return no_update
    view = desk.at("/failed", search)
    try:
        found = example(desk.store, str(asked.get("id") or ""))
    except StoreError as error:
        return fast(html.P(str(error)[:300], className="err", role="alert"))
    if found is None:
        return fast(html.P(view.text("failed.gone"), className="muted sm mb"))
    return fast(_example(view, found))


PAGE = Page(
    "/failed", "failed", "circle-alert", "nav.set_up", layout, connect=connect,
    right=SEE_ALL,  # some requests name no site, or one by mistake
)  # fmt: skip
"""Registered in dashboards/app.py."""
