"""The distribution of risk, and forecasts against outcomes. Pure: records → figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from crm.accuracy import Decile
from dashboards import format, theme
from dashboards.annotations import Annotation, lines
from dashboards.i18n import Text
from dashboards.reports.churn.records import PastRisk

LOW, HEIGHT, TALL = 128, 216, 268
WIDTH = 5  # hundredths of risk in one bar
_HOVER = "%{customdata}<extra></extra>"


def distribution(people: Sequence[int], above: int, text: Text) -> Any:
    """People by risk, of 100 counts; a line at the threshold, and beyond it the colour of risk."""
    starts = range(0, 100, WIDTH)
    counts = [sum(people[start : start + WIDTH]) for start in starts]
    said = [
        text("churn.bar", n=format.number(count), low=f"{start}%", high=f"{start + WIDTH}%")
        for start, count in zip(starts, counts, strict=True)
    ]
    colours = ["var(--c2)" if start + WIDTH > above else "var(--line-strong)" for start in starts]
    bars = go.Bar(
        x=[start + WIDTH / 2 for start in starts], y=counts, width=WIDTH * 0.86, customdata=said,
        hovertemplate=_HOVER, marker={"color": colours, "cornerradius": 2},
    )  # fmt: skip
    line = {"type": "line", "x0": above, "x1": above, "y0": 0, "y1": 1, "yref": "paper",
            "line": {"color": "var(--ink)", "width": 1.5}}  # fmt: skip
    label = {
        "x": above, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False,
        "text": text("churn.at", risk=f"{above}%"), "font": {"size": 12, "color": "var(--ink)"},
        "xanchor": "center",
    }  # fmt: skip
    return theme.figure(
        [bars],
        height=TALL,
        hovermode="closest",
        margin={"l": 4, "r": 22, "t": 24, "b": 4},
        shapes=[line],
        annotations=[label],
        xaxis={"range": [0, 100], "tickvals": [0, 25, 50, 75, 100],
               "ticktext": ["0", "25", "50", "75", "100%"], "title": _title(text("churn.axis.risk"))},
        yaxis={"title": _title(text("churn.axis.people")), "tickformat": ",d"},
    )  # fmt: skip


def reliability(deciles: Sequence[Decile], text: Text) -> Any:
    """Forecast and share who left for each tenth of the people with its interval; the diagonal is right."""
    shown = [one for one in deciles if one.actual.value is not None]
    actual = [100 * (one.actual.value or 0.0) for one in shown]
    high = [100 * (one.actual.high or 0.0) for one in shown]
    low = [100 * (one.actual.low or 0.0) for one in shown]
    said = [
        text(
            "churn.right.point",
            said=format.percent(one.predicted, 0), share=format.percent(one.actual.value or 0.0, 0),
            low=format.percent(one.actual.low or 0.0, 0), high=format.percent(one.actual.high or 0.0, 0),
            n=format.number(one.actual.whole),
        )
        for one in shown
    ]  # fmt: skip
    right = go.Scatter(
        x=[0, 100], y=[0, 100], mode="lines", hoverinfo="skip",
        line={"color": "var(--prev)", "width": 1.5, "dash": "3px,3px"},
    )  # fmt: skip
    dots = go.Scatter(
        x=[100 * one.predicted for one in shown], y=actual, mode="markers", customdata=said,
        hovertemplate=_HOVER, cliponaxis=False, marker={"size": 8, "color": "var(--c1)"},
        error_y={
            "type": "data", "symmetric": False, "width": 0, "thickness": 2, "color": "var(--c1)",
            "array": [top - value for top, value in zip(high, actual, strict=True)],
            "arrayminus": [value - bottom for bottom, value in zip(low, actual, strict=True)],
        },
    )  # fmt: skip
    ticks = {"tickvals": [0, 25, 50, 75, 100], "ticktext": ["0", "25", "50", "75", "100%"]}
    return theme.figure(
        [right, dots],
        height=HEIGHT,
        hovermode="closest",
        margin={"l": 4, "r": 22, "t": 12, "b": 4},
        xaxis={"range": [0, 103], **ticks, "title": _title(text("churn.axis.said"))},
        yaxis={"range": [0, 103], **ticks, "title": _title(text("churn.axis.left"))},
    )


def history(past: Sequence[PastRisk], notes: Sequence[Annotation], lang: str) -> Any:
    """The risk of one person by day, with the notes on these days."""
    line = go.Scatter(
        x=[one.as_of.isoformat() for one in past], y=[100 * one.risk for one in past], mode="lines+markers",
        customdata=[f"{format.percent(one.risk, 0)} · {format.day(one.as_of, lang)}" for one in past],
        hovertemplate=_HOVER, cliponaxis=False, line={"color": "var(--c2)", "width": 2}, marker={"size": 4},
    )  # fmt: skip
    ends = [past[0].as_of, past[-1].as_of]
    return theme.figure(
        [line],
        height=LOW,
        hovermode="closest",
        margin={"l": 4, "r": 22, "t": 24 if notes else 12, "b": 4},
        xaxis={"type": "date", "tickvals": [day.isoformat() for day in ends],
               "ticktext": [format.day(day, lang) for day in ends]},
        yaxis={"range": [0, 103], "tickvals": [0, 50, 100], "ticktext": ["0", "50", "100%"]},
        **lines(notes),
    )  # fmt: skip


def _title(words: str) -> dict[str, Any]:
    return {"text": words, "font": {"size": 12, "color": "var(--axis)"}, "standoff": 6}
