"""The curves of retention. Pure: rows → figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboards import format, theme
from dashboards.i18n import Text
from dashboards.reports.retention.answer import Answer
from dashboards.reports.retention.records import Cell, Cohort, TimeToReturn

HEIGHT = 236
_HOVER = "%{customdata}<extra></extra>"
_Point = tuple[int, float | None, str]  # where, share, what is said of it


def return_curve(answer: Answer, text: Text, name: str) -> Any:
    """The mean by periods after the start with its band, and the cohort that is looked at beside it."""
    money, means = answer.shows == "money", answer.report.everyone.known[1:]
    at = list(range(1, len(means) + 1))
    shares = [mean.money if money else mean.back.value for mean in means]
    said = [
        _said(text("retention.mean"), share, None if money else (mean.back.low, mean.back.high))
        for share, mean in zip(shares, means, strict=True)
    ]
    traces: list[Any] = []
    if not money:
        traces += _band(at, [mean.back.low for mean in means], [mean.back.high for mean in means])
    traces.append(_line(at, shares, said, "var(--c1)"))
    highest = max((s for s in (*shares, *(mean.back.high for mean in means if not money)) if s), default=0.0)
    if answer.looked_at is not None:
        own, top = _cohort(answer.looked_at, money, name, text)
        traces += own
        highest = max(highest, top)
    widest = max([*at, len(answer.looked_at.cells) - 1 if answer.looked_at else 1, 1])
    return theme.figure(
        traces,
        height=HEIGHT,
        margin={"l": 4, "r": 22, "t": 12, "b": 4},
        xaxis=_steps(widest),
        yaxis={"tickformat": ".0%", "range": [0, highest * 1.12 or 1]},
    )


def _cohort(cohort: Cohort, money: bool, name: str, text: Text) -> tuple[list[Any], float]:
    """One cohort's line, its running period dashed with a hollow marker; and its highest share."""
    cells = list(enumerate(cohort.cells))[1:]
    points = [(at, cohort.money(at) if money else cell.back.value, cell) for at, cell in cells]
    whole = [
        (at, share, _told(name, share, cell, money)) for at, share, cell in points if not cell.unfinished
    ]
    running = [
        (at, share, f"{_told(name, share, cell, money)} · {text('chart.running')}")
        for at, share, cell in points
        if cell.unfinished
    ][:1]
    traces = [_line(*_columns(whole), "var(--c2)", "diamond")] if whole else []
    if running:
        traces += _running(whole[-1:], running)
    return traces, max((share for _, share, _ in points if share), default=0.0)


def _running(before: Sequence[_Point], running: Sequence[_Point]) -> list[Any]:
    """The way to a period that still runs, and its hollow marker."""
    stroke = {"color": "var(--c2)", "width": 2.25, "dash": "4px,4px"}
    hollow = {"color": "var(--panel)", "line": {"color": "var(--c2)", "width": 2}}
    xs, ys, _ = _columns([*before, *running])
    at, share, said = _columns(running)
    return [
        go.Scatter(x=xs, y=ys, mode="lines", hoverinfo="skip", line=stroke, cliponaxis=False),
        go.Scatter(
            x=at, y=share, customdata=said, mode="markers", hovertemplate=_HOVER, cliponaxis=False,
            marker={"size": 7, "symbol": "diamond", **hollow},
        ),
    ]  # fmt: skip


def _columns(
    rows: Sequence[tuple[int, float | None, str]],
) -> tuple[list[int], list[float | None], list[str]]:
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]


def _told(name: str, share: float | None, cell: Cell, money: bool) -> str:
    return _said(name, share, None if money else (cell.back.low, cell.back.high))


def _said(name: str, share: float | None, band: tuple[float | None, float | None] | None) -> str:
    if share is None:
        return f"{name} –"
    ends = ""
    if band is not None and band[0] is not None and band[1] is not None:
        ends = f" ({100 * band[0]:.1f}–{format.percent(band[1])})"
    return f"{name} <b>{format.percent(share)}</b>{ends}"


def time_curve(found: TimeToReturn, text: Text) -> Any:
    """The share that is back by so many days after the first visit, with Greenwood's band."""
    points = found.curve()
    days = [point[0] for point in points]
    said = [
        f"{text('retention.time.by', n=day)} <b>{format.percent(share)}</b> "
        f"({100 * low:.1f}–{format.percent(high)})"
        for day, share, low, high in points
    ]
    highest = max((point[3] for point in points), default=0.0)
    line = go.Scatter(
        x=days, y=_drawn([point[1] for point in points]), customdata=said, mode="lines", hovertemplate=_HOVER,
        line={"color": "var(--c1)", "width": 2.25, "shape": "hv"}, cliponaxis=False,
    )  # fmt: skip
    return theme.figure(
        [*_band(days, [point[2] for point in points], [point[3] for point in points], "hv"), line],
        height=HEIGHT,
        margin={"l": 4, "r": 22, "t": 12, "b": 4},
        xaxis=_steps(max([*days, 1]), first=0),
        yaxis={"tickformat": ".0%", "range": [0, highest * 1.12 or 1]},
    )


def _band(
    xs: Sequence[int], low: Sequence[float | None], high: Sequence[float | None], shape: str = "linear"
) -> list[Any]:
    """The area between two lines, without hover."""
    edge = {"mode": "lines", "line": {"width": 0, "shape": shape}, "hoverinfo": "skip"}
    return [
        go.Scatter(x=xs, y=_drawn(low), **edge),
        go.Scatter(x=xs, y=_drawn(high), fill="tonexty", fillcolor="var(--band)", **edge),
    ]


def _line(
    xs: Sequence[int], ys: Sequence[float | None], said: Sequence[str], colour: str, symbol: str = "circle"
) -> Any:
    """A line, with markers while they do not touch."""
    return go.Scatter(
        x=xs, y=_drawn(ys), customdata=said, mode="lines+markers" if len(xs) < 20 else "lines",
        line={"color": colour, "width": 2.25}, marker={"size": 5, "symbol": symbol},
        hovertemplate=_HOVER, cliponaxis=False,
    )  # fmt: skip


def _drawn(shares: Sequence[float | None]) -> list[float | None]:
    """As finely as anyone can see: all digits would be a twentieth of the page."""
    return [None if share is None else round(share, 5) for share in shares]


def _steps(last: int, first: int = 1) -> dict[str, Any]:
    """At most nine whole numbers on the axis: every one, or every second, seventh …"""
    step = next((one for one in (1, 2, 5, 7, 14, 28, 60, 90) if (last - first) / one <= 8), 100)
    edge = 0.03 * (last - first + 1)
    return {
        "tickmode": "linear", "tick0": 0, "dtick": step, "range": [first - edge, last + edge],
        "hoverformat": "d",
    }  # fmt: skip
