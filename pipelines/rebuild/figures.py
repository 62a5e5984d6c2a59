"""What a rebuild changes, in a few numbers: of the tables, and of sessions that are not stored."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.known import read_sql
from store.tables.client import Store

_FIGURES = read_sql("rebuild_figures")
_MONEY = pl.Decimal(38, 4)
_ZERO = Decimal("0.0000")


@dataclass(frozen=True)
class Figures:
    """Of the sessions that reports count: no bots. None where there is no session."""

    visitors: int
    sessions: int
    bounce_rate: float | None
    median_duration_s: float | None
    mean_duration_s: float | None
    revenue: Decimal


def stored_figures(store: Store, site_id: str) -> Figures:
    """What stands in the tables. Raises StoreError."""
    (row,) = store.rows(_FIGURES, site_id=site_id)
    if not row["sessions"]:
        return Figures(0, 0, None, None, None, _ZERO)
    return Figures(**{**row, "revenue": row["revenue"].quantize(_ZERO)})


class Tally:
    """Figures of sessions that come slice by slice; 4 bytes a session are kept."""

    def __init__(self) -> None:
        self._visitors = self._bounces = 0
        self._revenue = _ZERO
        self._durations: list[npt.NDArray[np.int32]] = []  # in ms, at most 24 hours

    def add(self, sessions: pl.DataFrame) -> None:
        """All sessions of some visitors that were not added before."""
        human = sessions.filter(~pl.col("is_bot"))
        if human.is_empty():
            return
        self._visitors += human["visitor_id"].n_unique()
        self._bounces += int(human["is_bounce"].sum())
        self._revenue += human["revenue"].cast(_MONEY).sum()
        duration = human.select((pl.col("end") - pl.col("start")).dt.total_milliseconds().cast(pl.Int32))
        self._durations.append(duration.to_series().to_numpy())

    def figures(self) -> Figures:
        """Of all that was added; the median is the upper one of two, as the tables compute it."""
        if not self._durations:
            return Figures(0, 0, None, None, None, _ZERO)
        durations = np.concatenate(self._durations)
        middle = len(durations) // 2
        return Figures(
            visitors=self._visitors,
            sessions=len(durations),
            bounce_rate=self._bounces / len(durations),
            median_duration_s=float(np.partition(durations, middle)[middle]) / 1000,
            mean_duration_s=float(durations.mean(dtype=np.float64)) / 1000,
            revenue=self._revenue,
        )
