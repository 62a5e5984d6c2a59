"""Lifecycle as stacked bars: who is there above the line, who stayed away below it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from dashboards import format, theme
from dashboards.annotations import Annotation, lines
from dashboards.i18n import Text
from dashboards.reports.lifecycle.query import STAGES, Lifecycle

HEIGHT = 320
COLOURS = {"new": "c1", "returning": "c3", "resurrecting": "c5", "dormant": "c2"}
"""Stage → token of its bars."""


def bars(found: Lifecycle, names: Mapping[str, str], text: Text, notes: Sequence[Annotation] = ()) -> Any:
    """One bar a period; a period that still runs is hatched."""
    xs = [one.start.isoformat() for one in found.periods]
    traces = []
    for stage in STAGES:
        counts = [getattr(one, stage) for one in found.periods]
        said = [
            f"{names[stage]} <b>{format.number(count)}</b>"
            + (f" {text('chart.running')}" if one.unfinished else "")
            for count, one in zip(counts, found.periods, strict=True)
        ]
        pattern = ["/" if one.unfinished else "" for one in found.periods]
        traces.append(
            go.Bar(
                x=xs, y=[-count for count in counts] if stage == "dormant" else counts, customdata=said,
                hovertemplate="%{customdata}<extra></extra>",
                marker={
                    "color": f"var(--{COLOURS[stage]})", "cornerradius": 2,
                    "pattern": {"shape": pattern, "size": 6, "solidity": 0.4},
                },
            )
        )  # fmt: skip
    step = max(1, -(-len(xs) // 8))
    shown = list(found.periods)[::-1][::step][::-1]
    return theme.figure(
        traces,
        height=HEIGHT,
        barmode="relative",
        margin={"l": 4, "r": 22, "t": 24 if notes else 12, "b": 4},
        xaxis={
            "type": "date", "tickmode": "array", "tickvals": [one.start.isoformat() for one in shown],
            "ticktext": [format.day(one.start, text.lang) for one in shown],
        },
        yaxis={"zeroline": True, "zerolinecolor": "var(--line-strong)", "rangemode": "normal"},
        **lines(notes),
    )  # fmt: skip
