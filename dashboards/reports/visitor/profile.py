"""Who it is: the head with the facts, and the cards beside the timeline."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dash import html

from dashboards import format
from dashboards.controls import label_of
from dashboards.page import Node, View
from dashboards.parts import card, computed, icon
from dashboards.reports.people.table import name
from dashboards.reports.visitor.calendar import calendar
from dashboards.reports.visitor.records import Touch, Visitor

_SHOWN = 5


def head_card(view: View, found: Visitor) -> Node:
    """Name, how it is known, four facts, the year."""
    text = view.text
    sign = html.Span(icon("user" if found.id_quality == "user" else "monitor", 20), className="face")
    how = text(f"visitor.known.{found.id_quality or 'none'}")
    facts = [how]
    if found.first_seen:
        facts.append(text("visitor.since", day=_date(view, found.first_seen)))
    facts.append(text.n("visitor.ids", len(found.ids)))
    line = html.Div([html.Span(fact) for fact in facts], className="muted sm dots")
    title = html.Div([html.H2(name(found.person_id), className="who-name break"), line], className="grow")
    info = computed(view, found.sql("facts"), text("visitor.facts.how"))
    top = html.Div([sign, title, _numbers(view, found), info], className="row g16 wrap person")
    note = _note(view, found)
    return html.Section(
        [part for part in (top, note, calendar(view, found)) if part is not None], className="card"
    )


def _note(view: View, found: Visitor) -> Node:
    key = (
        "visitor.bot"
        if found.facts.only_bots
        else "visitor.daily"
        if found.id_quality == "salted_daily"
        else ""
    )
    return (
        html.P([icon("info", 14), html.Span(view.text(key))], className="row g8 muted sm mt12")
        if key
        else None
    )


def _numbers(view: View, found: Visitor) -> Node:
    text, facts = view.text, found.facts
    currency = view.site.currency if view.site else "EUR"
    gap = found.usual_gap_days
    seen = found.last_seen
    pairs = [
        (format.money(facts.revenue, currency), text.n("visitor.spent", facts.orders)),
        (format.number(facts.sessions), text("metric.sessions")),
        (format.span(gap * 86400, view.lang) if gap else "–", text("visitor.gap")),
        (_ago(view, seen) if seen else "–", text("visitor.last_seen")),
    ]
    return html.Div(
        [
            html.Div([html.Div(value, className="stat-v"), html.Div(words, className="stat-l")])
            for value, words in pairs
        ],
        className="stats",
    )


def touch_card(view: View, found: Visitor) -> Node:
    """How the first and the last session began."""
    text, facts = view.text, found.facts
    if facts.first_touch is None or facts.last_touch is None:
        body: Node = html.P(text("visitor.no_session"), className="muted sm")
    else:
        rows = [_touch(view, "visitor.first_touch", facts.first_touch)]
        if facts.last_touch.start != facts.first_touch.start:
            rows.append(_touch(view, "visitor.last_touch", facts.last_touch))
        body = html.Dl([node for row in rows for node in row], className="facts-list")
    return card(text("visitor.touches"), body)


def _touch(view: View, key: str, touch: Touch) -> tuple[Node, Node]:
    text = view.text
    source = text.name("source", touch.source)
    if touch.medium not in ("", "none", "(none)"):
        source += f" / {touch.medium}"
    below = [_date(view, touch.start), touch.campaign, touch.entry_path]
    said = [
        html.Div(
            text.name("channel_group", touch.channel_group) if touch.channel_group else source,
            className="strong",
        ),
        html.Div(source, className="muted xs")
        if touch.channel_group and source != text.name("channel_group", touch.channel_group)
        else None,
        html.Div([html.Span(part) for part in below if part], className="muted xs dots break"),
    ]
    return html.Dt(text(key)), html.Dd([part for part in said if part is not None])


def profile_card(view: View, found: Visitor) -> Node:
    """Devices, countries, channels, what lies outside of sessions."""
    text, facts = view.text, found.facts
    devices = [
        (
            ", ".join(p for p in (text.name("device_class", d.device_class), d.os, d.browser) if p)
            or text("unset"),
            d.sessions,
        )
        for d in found.devices
    ]
    countries = [(label_of(view, "country", one.country), one.sessions) for one in found.countries]
    channels = [(text.name("channel", one.channel), one.events) for one in found.channels]
    rows: list[tuple[str, Node]] = [
        (text("visitor.devices"), _counted(devices)),
        (text("visitor.countries"), _counted(countries)),
        (text("visitor.channels"), _counted(channels)),
        (text("metric.page_views"), format.number(facts.page_views)),
        (text("metric.engaged_s"), format.span(facts.engaged_s, view.lang)),
    ]
    if found.orders_outside:
        rows.append((text("visitor.orders_outside"), format.number(found.orders_outside)))
    listed = [node for key, value in rows if value is not None for node in (html.Dt(key), html.Dd(value))]
    info = computed(view, found.sql("events"), text("visitor.profile.how"))
    return card(text("visitor.profile"), html.Dl(listed, className="facts-list"), info=info)


def _counted(rows: list[tuple[Node, int]]) -> Node:
    if not rows:
        return None
    shown = [
        html.Div(
            [html.Span(words), html.Span(format.number(n), className="muted num")], className="row between g8"
        )
        for words, n in rows[:_SHOWN]
    ]
    if len(rows) > _SHOWN:
        shown.append(html.Div(f"+ {len(rows) - _SHOWN}", className="muted xs"))
    return html.Div(shown)


def _date(view: View, moment: datetime) -> str:
    return format.day(moment.astimezone(ZoneInfo(view.zone)).date(), view.lang, year=True)


def _ago(view: View, moment: datetime) -> Node:
    seconds = max(0.0, (view.desk.now() - moment).total_seconds())
    said = view.text("ago", span=format.span(seconds, view.lang))
    return html.Span(said, title=format.instant(moment.astimezone(ZoneInfo(view.zone)), view.lang))
