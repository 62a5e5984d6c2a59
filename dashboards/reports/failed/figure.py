"""Failed events by hour or day, stacked by reason. Pure: rows → figure."""

from __future__ import annotations

from datetime import date
from typing import Any

import plotly.graph_objects as go

from dashboards import format, theme
from dashboards.i18n import Text
from dashboards.reports.failed.query import Failed

HEIGHT = 260
COLOURS = ("c1", "c2", "c3", "c4")
REST = "prev"
"""Of the reasons that have no colour of their own."""


def coloured(found: Failed) -> dict[str, str]:
    """The most frequent reasons with the names of their colours; '' stands for all others, if any."""
    reasons = list(dict.fromkeys(one.reason for one in found.by_reason))
    colours = dict(zip(reasons, COLOURS, strict=False))
    return colours | ({"": REST} if len(reasons) > len(COLOURS) else {})


def bars(found: Failed, text: Text) -> Any:
    """One stack a bucket, the most frequent reason at the bottom."""
    labels = _labels(found)
    counts = {bucket.at: bucket.by_reason for bucket in found.trend}
    colours = coloured(found)
    traces = []
    for reason, colour in colours.items():
        ys = [_count(counts.get(at, {}), reason, colours) for at in labels]
        name = text.name("reason", reason) if reason else text("failed.other_reasons")
        traces.append(
            go.Bar(
                x=labels, y=ys, name=name, marker={"color": f"var(--{colour})", "cornerradius": 2},
                hovertemplate=f"<b>%{{y:,}}</b> {name}<extra></extra>",
            )
        )  # fmt: skip
    highest = max((sum(some.values()) for some in counts.values()), default=0)
    return theme.figure(
        traces,
        height=HEIGHT,
        barmode="stack",
        margin={"l": 4, "r": 12, "t": 12, "b": 4},
        xaxis=_axis(found, labels, text.lang),
        yaxis={"range": [0, highest * 1.1 or 1], **({"dtick": 1} if highest < 4 else {}), "tickformat": ",d"},
    )


def _count(counts: dict[str, int], reason: str, colours: dict[str, str]) -> int:
    if reason:
        return counts.get(reason, 0)
    return sum(count for name, count in counts.items() if name not in colours)


def _labels(found: Failed) -> list[str]:
    if found.unit == "hour":
        return [f"{found.period.start.isoformat()}T{hour:02d}:00" for hour in range(24)]
    return [day.isoformat() for day in found.period.dates()]


def _axis(found: Failed, labels: list[str], lang: str) -> dict[str, Any]:
    """At most eight labels, the last one among them."""
    step = max(1, -(-len(labels) // 8))
    at = labels[::-1][::step][::-1]
    hours = found.unit == "hour"
    names = [label[11:16] if hours else format.day(date.fromisoformat(label), lang) for label in at]
    return {"type": "category", "tickmode": "array", "tickvals": at, "ticktext": names}
