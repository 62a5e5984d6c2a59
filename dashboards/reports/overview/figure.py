"""The trend of one metric, this period against the one before. Pure: rows → figure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import plotly.graph_objects as go

from dashboards import format, theme
from dashboards.annotations import Annotation, lines
from dashboards.i18n import Text
from dashboards.reports.overview.records import Bucket, Overview

HEIGHT = 312
_HOVER = "%{customdata}<extra></extra>"


def value(bucket: Bucket, metric: str) -> float | None:
    """The metric of one bucket; None where there is nothing to divide by."""
    if metric in ("bounce_rate", "engaged_s"):
        if not bucket.sessions:
            return None
        return (bucket.bounces if metric == "bounce_rate" else bucket.engaged_s) / bucket.sessions
    return float(getattr(bucket, metric))


def shown(amount: float | None, metric: str, lang: str) -> str:
    """A metric's value in words, for hover texts and labels."""
    if amount is None:
        return "–"
    if metric == "bounce_rate":
        return format.percent(amount)
    return format.span(amount, lang) if metric == "engaged_s" else format.number(amount)


def when(bucket: Bucket, lang: str) -> str:
    """The day (or day and hour) of a bucket."""
    day = format.weekday(date.fromisoformat(bucket.label[:10]), lang)
    return f"{day} {bucket.label[11:16]}" if "T" in bucket.label else day


def trend(
    overview: Overview, metric: str, text: Text, *, compare: bool, notes: Sequence[Annotation] = ()
) -> Any:
    """Main line with a running last bucket dashed and hollow; the period before dashed and grey."""
    now, before = overview.trend, overview.previous_trend if compare else ()
    traces = [*_main(now, metric, text), *([_before(overview, before, metric, text)] if before else [])]
    highest = max((y for b in (*now, *before) if (y := value(b, metric)) is not None), default=0.0)
    return theme.figure(
        traces,
        height=HEIGHT,
        margin={"l": 4, "r": 22, "t": 24 if notes else 12, "b": 4},
        xaxis=_days(overview, text.lang),
        yaxis={"range": [0, highest * 1.12 or 1], **_scale(metric, highest, text.lang)},
        **lines(notes),
    )


def _before(overview: Overview, buckets: Sequence[Bucket], metric: str, text: Text) -> Any:
    """The period before, laid over this one day by day; the hover says which day it really was."""
    xs = _labels(overview)[: len(buckets)]
    said = [f"{shown(value(b, metric), metric, text.lang)} · {when(b, text.lang)}" for b in buckets]
    return go.Scatter(
        x=xs, y=[value(b, metric) for b in buckets[: len(xs)]], customdata=said, mode="lines",
        line={"color": "var(--prev)", "width": 1.5, "dash": "3px,3px"}, hovertemplate=_HOVER,
    )  # fmt: skip


def _main(buckets: Sequence[Bucket], metric: str, text: Text) -> list[Any]:
    xs, ys = [b.label for b in buckets], [value(b, metric) for b in buckets]
    said = [f"<b>{shown(y, metric, text.lang)}</b>" for y in ys]
    whole = len(xs) - 1 if buckets and buckets[-1].unfinished else len(xs)
    stroke = {"color": "var(--c1)", "width": 2.25}
    dots = (
        {"mode": "lines+markers", "marker": {"size": 7, "color": "var(--c1)"}}
        if whole == 1
        else {"mode": "lines"}
    )
    done = go.Scatter(
        x=xs[:whole], y=ys[:whole], customdata=said[:whole], line=stroke, fill="tozeroy",
        fillcolor="var(--fill)", hovertemplate=_HOVER, cliponaxis=False, **dots,
    )  # fmt: skip
    if whole == len(xs):
        return [done]
    dashed = go.Scatter(
        x=xs[max(0, whole - 1) :], y=ys[max(0, whole - 1) :], mode="lines", hoverinfo="skip",
        line={**stroke, "dash": "4px,4px"}, cliponaxis=False,
    )  # fmt: skip
    hollow = go.Scatter(
        x=xs[-1:], y=ys[-1:], customdata=[f"{said[-1]} {text('chart.running')}"], mode="markers",
        hovertemplate=_HOVER, cliponaxis=False,
        marker={"size": 7, "color": "var(--panel)", "line": {"color": "var(--c1)", "width": 2}},
    )  # fmt: skip
    return [done, dashed, hollow]


def _labels(overview: Overview) -> list[str]:
    """The labels of all buckets of the period, begun or not."""
    if overview.unit == "hour":
        return [f"{overview.period.start.isoformat()}T{hour:02d}:00" for hour in range(24)]
    return [day.isoformat() for day in overview.period.dates()]


def _days(overview: Overview, lang: str) -> dict[str, Any]:
    """The axis of time with at most eight labels, the last one among them."""
    labels = _labels(overview)
    step = max(1, -(-len(labels) // 8))
    at = labels[::-1][::step][::-1]
    hours = overview.unit == "hour"
    names = [label[11:16] if hours else format.day(date.fromisoformat(label), lang) for label in at]
    day = "%-m月%-d日" if lang == "zh" else "%a %-d %b"
    return {
        "type": "date", "tickmode": "array", "tickvals": at, "ticktext": names,
        "range": [labels[0], f"{labels[-1]}T12:00" if not hours else f"{labels[-1][:10]}T23:30"],
        "hoverformat": f"{day} %H:%M" if hours else day,
    }  # fmt: skip


def _scale(metric: str, highest: float, lang: str) -> dict[str, Any]:
    if metric == "bounce_rate":
        return {"tickformat": ".0%"}
    if metric == "engaged_s":
        step = next(
            (s for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600) if highest / s <= 5), 7200
        )
        at = [step * k for k in range(int(highest * 1.12 / step) + 1)]
        return {"tickvals": at, "ticktext": [format.span(v, lang) if v else "0" for v in at]}
    return {"nticks": 5, "tickformat": ",d"} if highest >= 4 else {"dtick": 1, "tickformat": "d"}
