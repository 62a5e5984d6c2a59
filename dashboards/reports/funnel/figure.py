"""Conversion by the day, week or month in which attempts began, with its interval. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboards import format, theme
from dashboards.annotations import Annotation, lines
from dashboards.i18n import Text
from dashboards.reports.funnel.names import interval, share
from dashboards.reports.funnel.records import Bucket
from dashboards.significance import LEAST

HEIGHT = 240
_HOVER = "%{customdata}<extra></extra>"


def trend(buckets: Sequence[Bucket], text: Text, notes: Sequence[Annotation] = ()) -> Any:
    """A line of rates over its band; buckets whose entries still have time are dashed and hollow."""
    xs = [one.start.isoformat() for one in buckets]
    ys = [one.converted.value for one in buckets]
    done = next((at for at, one in enumerate(buckets) if one.unfinished), len(buckets))
    said, running = [_said(one, text) for one in buckets], text("chart.running")
    stroke = {"color": "var(--c1)", "width": 2.25}
    traces = [
        *_band(buckets, xs),
        go.Scatter(x=xs[:done], y=ys[:done], customdata=said[:done], line=stroke, hovertemplate=_HOVER,
                   cliponaxis=False, **_dots(done)),
        go.Scatter(x=xs[max(0, done - 1) :], y=ys[max(0, done - 1) :], mode="lines", hoverinfo="skip",
                   line={**stroke, "dash": "4px,4px"}, cliponaxis=False),
        go.Scatter(x=xs[done:], y=ys[done:], customdata=[f"{one} {running}" for one in said[done:]],
                   mode="markers", hovertemplate=_HOVER, cliponaxis=False,
                   marker={"size": 6, "color": "var(--panel)", "line": {"color": "var(--c1)", "width": 2}}),
    ]  # fmt: skip
    top = _top(buckets)
    return theme.figure(
        traces,
        height=HEIGHT,
        margin={"l": 4, "r": 22, "t": 24 if notes else 12, "b": 4},
        xaxis=_axis(buckets, text.lang),
        yaxis={"range": [0, top], "tickformat": ".0%" if top > 0.05 else ".1%"},
        **lines(notes),
    )


def _top(buckets: Sequence[Bucket]) -> float:
    """The end of the axis: the highest rate with some air, and most of the band of days with many entries."""
    rates = [one.converted for one in buckets if one.converted.whole]
    highest = max((rate.value or 0.0 for rate in rates), default=0.0)
    sure = max((rate.high or 0.0 for rate in rates if rate.whole >= LEAST), default=0.0)
    return min(1.0, 1.1 * max(highest, sure)) or 1.0


def _dots(done: int) -> dict[str, Any]:
    """A single finished bucket needs a dot to be seen."""
    if done == 1:
        return {"mode": "lines+markers", "marker": {"size": 7, "color": "var(--c1)"}}
    return {"mode": "lines"}


def _band(buckets: Sequence[Bucket], xs: Sequence[str]) -> list[Any]:
    """The interval of each bucket, as one area for each run without a gap."""
    runs: list[list[int]] = [[]]
    for at, one in enumerate(buckets):
        if one.converted.whole:
            runs[-1].append(at)
        elif runs[-1]:
            runs.append([])
    rates = [one.converted for one in buckets]
    return [
        go.Scatter(
            x=[xs[at] for at in (*run, *reversed(run))],
            y=[*(rates[at].high for at in run), *(rates[at].low for at in reversed(run))],
            fill="toself", fillcolor="var(--fill)", mode="lines", line={"width": 0}, hoverinfo="skip",
        )
        for run in runs if run
    ]  # fmt: skip


def _said(one: Bucket, text: Text) -> str:
    of = text(
        "funnel.trend.of",
        part=format.number(one.converted.part),
        whole=format.number(one.converted.whole),
        interval=interval(one.converted),
    )
    return f"<b>{share(one.converted)}</b> · {of}"


def _axis(buckets: Sequence[Bucket], lang: str) -> dict[str, Any]:
    """At most eight labels, the last one among them."""
    step = max(1, -(-len(buckets) // 8))
    shown = buckets[::-1][::step][::-1]
    day = "%-m月%-d日" if lang == "zh" else "%a %-d %b"
    last = buckets[-1].start.isoformat()
    return {
        "type": "date", "tickmode": "array", "hoverformat": day,
        "range": [buckets[0].start.isoformat(), f"{last}T12:00"] if len(buckets) > 1 else None,
        "tickvals": [one.start.isoformat() for one in shown],
        "ticktext": [format.day(one.start, lang) for one in shown],
    }  # fmt: skip
