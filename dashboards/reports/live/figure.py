"""Visitors of each of the last 30 minutes; the running minute is hollow. Pure: rows → figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboards import theme
from dashboards.i18n import Text
from dashboards.reports.live.query import Minute

HEIGHT = 190


def minutes(rows: Sequence[Minute], text: Text) -> Any:
    """One bar a minute, oldest first."""
    count = len(rows)
    ago = [count - 1 - at for at in range(count)]
    hollow = [row.running for row in rows]
    bar = go.Bar(
        x=[-back for back in ago],
        y=[row.visitors for row in rows],
        customdata=[text.n("live.ago", back) if back else text("live.this_minute") for back in ago],
        marker={
            "color": ["rgba(0,0,0,0)" if open_ else "var(--solid)" for open_ in hollow],
            "line": {
                "color": "var(--solid)",
                "width": [1.5 if row.running and row.visitors else 0 for row in rows],
            },
            "cornerradius": 3,
        },
        hovertemplate=f"<b>%{{y}}</b> {text('live.visitors')}<br>%{{customdata}}<extra></extra>",
    )
    labels = {-25: text.n("live.ago", 25), -20: "20", -15: "15", -10: "10", -5: "5", 0: text("live.now")}
    top = max((row.visitors for row in rows), default=0)
    return theme.figure(
        [bar],
        height=HEIGHT,
        hovermode="closest",
        margin={"l": 4, "r": 12, "t": 8, "b": 4},
        xaxis={
            "tickvals": list(labels),
            "ticktext": list(labels.values()),
            "range": [0.6 - count, 0.6],
            "showline": True,
        },
        yaxis={
            "nticks": 4,
            "rangemode": "tozero",
            "tickformat": "d",
            **({"dtick": 1} if top < 4 else {}),
            "range": [0, max(top * 1.08, 2)],
        },
    )
