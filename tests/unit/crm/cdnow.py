"""The purchases of CDNOW's customers of early 1997, on which most published numbers rest (see NOTICE)."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path

import polars as pl

from crm.activity import Activity, activity_of, day_number
from crm.bgnbd import Histories
from crm.models import histories
from crm.snapshot import Snapshot, snapshot

FILE = Path(__file__).resolve().parents[2] / "golden" / "cdnow.parquet"
EVERYONE = 10_000  # days within which everybody was active
END = day_number(date(1998, 6, 30))


@lru_cache(maxsize=2)
def cdnow(*, sample: bool = False) -> Activity:
    """All 23,570 customers, or the 2,357 of the published fits."""
    frame = pl.read_parquet(FILE)
    frame = frame.filter("in_sample") if sample else frame
    person = pl.col("customer").cast(pl.String).str.zfill(5)
    return activity_of(frame.select(person_id=person, day="day", value=pl.col("cents") / 100))


def on(day: date, within: int | None = EVERYONE) -> Snapshot:
    """Customers at the end of a day, and who did not buy in the 90 days after it."""
    return snapshot(cdnow(), day_number(day), 90, END, within)


def calibration_weeks() -> Histories:
    """The sample's first 39 weeks, in weeks."""
    made = histories(snapshot(cdnow(sample=True), day_number(date(1997, 9, 30)), 90, END).everyone)
    return Histories(made.x, made.t_x / 7, made.T / 7)
