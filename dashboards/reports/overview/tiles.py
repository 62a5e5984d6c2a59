"""The strip of numbers on top of the overview: value, change, a small line, and how it is computed."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from dash import html

from dashboards import format
from dashboards.footing import coverage_words
from dashboards.page import PEOPLE, Node, View
from dashboards.parts import computed, delta, icon, link, spark
from dashboards.reports.overview.answer import Answer, interval
from dashboards.reports.overview.figure import shown, value
from dashboards.reports.overview.records import Totals
from dashboards.state import METRICS

_GOOD_UP = {"bounce_rate": False}


def tiles(view: View, answer: Answer) -> Node:
    """One tile a metric; a click shows it in the chart."""
    return html.Div([_kpi(view, answer, metric) for metric in METRICS], className="kpis")


def _kpi(view: View, answer: Answer, metric: str) -> Node:
    text, lang, on = view.text, view.lang, view.state.metric == metric
    now, then = _total(answer.now.totals, metric), _total(answer.now.previous, metric)
    title = link(
        text(f"metric.{metric}"), view.state.href(metric=metric), **({"aria-current": "true"} if on else {})
    )
    below: list[Node] = []
    if answer.compare and now is not None and then:
        rate = metric == "bounce_rate"
        change = now - then if rate else now / then - 1
        below.append(
            delta(change, text, good_up=_GOOD_UP.get(metric, True), unit="points" if rate else "share")
        )
        below.append(html.Span(text("kpi.from", value=_tile(then, metric, lang))))
    else:
        below.append(
            html.Span(
                interval(answer.now.totals.bounce_rate)
                if metric == "bounce_rate"
                else text("kpi.nothing_before")
                if answer.compare
                else ""
            )
        )
    line = [y for b in answer.now.trend if not b.unfinished and (y := value(b, metric)) is not None]
    exact = format.number(now) if now is not None and metric not in ("bounce_rate", "engaged_s") else None
    number = html.Div(_tile(now, metric, lang), className="kpi-v", **({"title": exact} if exact else {}))
    head = html.Div(
        [
            part
            for part in (title, _how(view, answer, metric), _people(view, now, metric))
            if part is not None
        ],
        className="kpi-l",
    )
    return html.Div(
        [head, number, html.Div(below, className="kpi-d"), spark(line)], className="kpi on" if on else "kpi"
    )


def _people(view: View, now: float | None, metric: str) -> Node:
    """The way from the number of visitors to their list."""
    if metric != "visitors" or not now:
        return None
    words = view.text("table.people")
    to = link(icon("users", 14), view.state.href(PEOPLE), "info", title=words, **{"aria-label": words})
    return html.Span(to, className="over")


def _total(totals: Totals, metric: str) -> float | None:
    if metric == "bounce_rate":
        return totals.bounce_rate.value
    return totals.engaged_s_per_session if metric == "engaged_s" else float(getattr(totals, metric))


def _tile(amount: float | None, metric: str, lang: str) -> str:
    return (
        shown(amount, metric, lang)
        if amount is None or metric in ("bounce_rate", "engaged_s")
        else format.short(amount, lang)
    )


def _how(view: View, answer: Answer, metric: str) -> Node:
    text = view.text
    words = text(f"how.{metric}", zone=view.zone)
    if metric == "bounce_rate" and answer.now.totals.sessions:
        rate = answer.now.totals.bounce_rate
        words += " " + text(
            "how.interval",
            interval=interval(rate),
            part=format.number(rate.part),
            whole=format.number(rate.whole),
        )
    if answer.compare and answer.now.unfinished:
        words += " " + text("how.like", until=_until(view, answer))
    return computed(view, answer.behind(metric), words, coverage_words(view, answer.coverage))


def _until(view: View, answer: Answer) -> str:
    """The local day and time up to which the period before is counted."""
    return format.instant(answer.now.previous_until.astimezone(ZoneInfo(view.zone)), view.lang)
