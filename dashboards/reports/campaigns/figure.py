"""The sessions of the largest groups over time. Pure: rows → figure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import plotly.graph_objects as go

from dashboards import format, theme
from dashboards.annotations import Annotation, lines
from dashboards.breakdown import Breakdown, Group
from dashboards.i18n import Text
from dashboards.period import zone_info

HEIGHT = 260
TOP = 5
"""Lines of the chart: as many as there are colours that can be told apart."""


def trend(
    found: Breakdown, groups: Sequence[tuple[str, Group]], text: Text, notes: Sequence[Annotation] = ()
) -> Any:
    """One line a group (its name, the group); the running day or hour is left out."""
    labels = _labels(found)
    traces = [
        go.Scatter(
            x=labels, y=group.trend[: len(labels)], name=name, mode="lines" if len(labels) > 1 else "markers",
            line={"color": f"var(--c{at})", "width": 2}, marker={"color": f"var(--c{at})", "size": 7},
            customdata=[_short(name)] * len(labels),
            hovertemplate="%{customdata}  <b>%{y:,d}</b><extra></extra>",
        )
        for at, (name, group) in enumerate(groups, 1)
    ]  # fmt: skip
    highest = max((max(g.trend, default=0) for _, g in groups), default=0)
    return theme.figure(
        traces,
        height=HEIGHT,
        margin={"l": 4, "r": 22, "t": 24 if notes else 12, "b": 4},
        xaxis=_days(found, text.lang),
        yaxis={
            "range": [0, highest * 1.12 or 1],
            **({} if highest >= 4 else {"dtick": 1, "tickformat": "d"}),
        },
        **lines(notes),
    )


def _short(name: str) -> str:
    cut = name if len(name) <= 40 else name[:39] + "…"
    return cut.replace("<", "‹").replace(">", "›")  # plotly reads tags


def _labels(found: Breakdown) -> list[str]:
    """The local day (or hour) of each whole bucket."""
    period = found.period
    if period.days > 1:
        today = found.asked_at.astimezone(zone_info(period.zone)).date()
        return [day.isoformat() for day in period.dates() if day < today]
    zone, hour = zone_info(period.zone), timedelta(hours=1)
    starts: list[datetime] = []
    while (at := period.begins + len(starts) * hour) < period.ends and at + hour <= found.asked_at:
        starts.append(at)
    return [f"{at.astimezone(zone):%Y-%m-%dT%H:%M}" for at in starts]


def _days(found: Breakdown, lang: str) -> dict[str, Any]:
    """The axis of time with at most eight labels."""
    hours = found.period.days == 1
    labels = _labels(found)
    at = labels[::-1][:: max(1, -(-len(labels) // 8))][::-1]
    names = [label[11:16] if hours else format.day(date.fromisoformat(label), lang) for label in at]
    day = "%-m月%-d日" if lang == "zh" else "%a %-d %b"
    return {
        "type": "date", "tickmode": "array", "tickvals": at, "ticktext": names,
        "hoverformat": f"{day} %H:%M" if hours else day,
    }  # fmt: skip
