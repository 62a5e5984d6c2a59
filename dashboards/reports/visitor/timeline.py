"""The timeline: days, sessions, lines; newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from dash import html

from dashboards import format
from dashboards.controls import hidden, label_of, toggle
from dashboards.did import sentence, sign
from dashboards.page import Node, View
from dashboards.parts import card, computed, empty, exports, icon
from dashboards.reports.people.table import pager
from dashboards.reports.visitor.options import LINES, Options
from dashboards.reports.visitor.records import Line, SessionHead, Visitor
from dashboards.static import Element, fast


def timeline_card(view: View, found: Visitor, asked: Options) -> Node:
    """The card: choice of channel with counts, the raw event asked for, the lines, the pages."""
    text = view.text
    choices = [("", f"{text('visitor.all')} {format.number(found.events)}")]
    choices += [
        (one.channel, f"{text.name('channel', one.channel)} {format.number(one.events)}")
        for one in found.channels
    ]
    choice = (
        toggle(view, text("visitor.channel"), "channel", choices, "", drop=["page"])
        if len(choices) > 2
        else None
    )
    tools = [exports(view, "visitor", "timeline")]
    foot = pager(view, asked.page, LINES, found.lines)
    parts = [
        html.Div(choice, className="scroll mb") if choice is not None else None,
        html.Div(id="visitor-event", role="status"),
        fast(html.Div(_days(view, found.timeline) or _nothing(view), className="timeline")),
        foot,
    ]
    info = computed(view, found.sql("timeline"), text("visitor.timeline.how"))
    shown = [part for part in parts if part is not None]
    return card(text("visitor.timeline"), *shown, tools=tools, info=info)


def _nothing(view: View) -> list[Node]:
    text = view.text
    return [empty("history", text("visitor.no_lines"), text("visitor.no_lines.words"), small=True)]


def _days(view: View, lines: Sequence[Line]) -> list[Node]:
    """A heading a day, under it the sessions and what stands alone."""
    made: list[Node] = []
    for day, group in groupby(lines, key=lambda line: _day(view, _began(line))):
        heading = format.weekday(day, view.lang)
        made.append(
            html.H3(f"{heading} {day.year}" if day.year != view.today.year else heading, className="day")
        )
        made += _sessions(view, group)
    return made


def _sessions(view: View, lines: Iterator[Line]) -> Iterator[Node]:
    for head, group in groupby(lines, key=lambda line: line.session):
        rows = [_line(view, line) for line in group]
        if head is None:
            yield html.Div(rows, className="visit alone")
        else:
            yield html.Div([_head(view, head), *rows], className="visit")


def _head(view: View, head: SessionHead) -> Node:
    """When, from where, how much, on what."""
    text = view.text
    begin, end = _clock(view, head.start), _clock(view, head.end)
    source = text.name("source", head.source)
    if head.medium not in ("", "none", "(none)"):
        source += f" / {head.medium}"
    facts: list[Node] = [source, text.n("visitor.views", head.page_views)]
    if head.engaged_s >= 1:
        facts.append(text("visitor.engaged", span=format.span(head.engaged_s, view.lang)))
    device = [text.name("device_class", head.device_class) if head.device_class else "", head.browser]
    facts.append(", ".join(part for part in device if part))
    facts.append(label_of(view, "country", head.country) if head.country else "")
    facts.append(head.campaign)
    shown = [html.Span(fact) for fact in facts if fact]
    when = html.B(begin if begin == end else f"{begin}–{end}", className="num")
    return html.Div([when, *shown], className="visit-head dots")


def _line(view: View, line: Line) -> Node:
    text = view.text
    words: list[Node] = list(sentence(text, line))
    said = html.Span(words, className="strong" if line.event_type in ("order", "refund", "complaint") else "")
    parts: list[Node] = [said]
    if line.events > 1:
        until = text(
            "visitor.times", n=line.events, begin=_clock(view, line.first_at), end=_clock(view, line.last_at)
        )
        parts.append(html.Span(f"× {format.number(line.events)}", className="count num", title=until))
    if line.is_bot:
        parts.append(html.Span(text("device_class.bot"), className="count"))
    currency = line.currency or (view.site.currency if view.site else "EUR")
    money = html.Span(format.money(line.revenue, currency), className="val") if line.revenue else html.Span()
    when = html.Span(_clock(view, line.last_at), className="muted num")
    body = html.Div(parts, className="said break")
    return html.Div([when, sign(text, line.channel), body, money, _ask(view, line)], className="tick step")


def _ask(view: View, line: Line) -> Node:
    """A form that app.js hands to the store `visitor-ask`."""
    name = (
        f"{view.text('visitor.raw')}: {view.text.name('did', line.event_type)} {_clock(view, line.last_at)}"
    )
    button = html.Button(
        icon("file-text", 14),
        className="ghost sq",
        type="submit",
        title=view.text("visitor.raw"),
        **{"aria-label": name},
    )
    fields = [hidden("event", line.event_id), hidden("visitor", line.visitor_id)]
    fields.append(hidden("ms", str(round(line.last_at.timestamp() * 1000))))
    return Element("form", [*fields, button], **{"data-store": "visitor-ask"})


def _began(line: Line) -> datetime:
    return line.session.start if line.session else line.last_at


def _day(view: View, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(view.zone)).date()


def _clock(view: View, moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo(view.zone)):%H:%M}"
