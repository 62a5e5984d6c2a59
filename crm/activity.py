"""Who was active on which days, on columns. Pure; days are those of the site, counted from 1970-01-01."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from clicktrail.errors import InputError

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

EPOCH = date(1970, 1, 1)
COLUMNS = {"person_id": (pl.String, pl.UInt64), "day": (pl.Date,), "value": (pl.Float64,)}


@dataclass(frozen=True)
class Activity:
    """One row for each day on which a person was active, by person, then day.

    `person` (rows,) numbers into `names` (persons,); `day` (rows,) days since 1970; `value` (rows,) what was
    ordered that day in the site's currency, 0 where only visits count.
    """

    names: pl.Series
    person: Ints
    day: Ints
    value: Floats

    @property
    def persons(self) -> int:
        """How many persons there are."""
        return len(self.names)


def activity_of(frame: pl.DataFrame) -> Activity:
    """Activity from rows (person_id String or a UInt64 hash of it, day Date, value Float64).

    Rows of one person and day are summed.
    Raises InputError for a missing or mistyped column, a null or a value that is not a number.
    """
    _check(frame)
    rows = frame.sort("person_id", "day")
    begins = _differs(rows["person_id"])
    starts = np.flatnonzero(begins | _differs(rows["day"]))
    value = np.add.reduceat(rows["value"].to_numpy(), starts) if len(starts) else np.empty(0)
    day = rows["day"].cast(pl.Int32).to_numpy()[starts].astype(np.int64)
    return Activity(rows["person_id"].filter(begins), begins.cumsum()[starts] - 1, day, value)


def _differs(column: pl.Series) -> Bools:
    """Whether each row differs from the one before; the first does."""
    return (column != column.shift(1)).fill_null(value=True).to_numpy()


def _check(frame: pl.DataFrame) -> None:
    for name, kinds in COLUMNS.items():
        found = frame.schema.get(name)
        if found not in kinds:
            wanted = " or ".join(str(kind) for kind in kinds)
            raise InputError(f"activity: column {name} must be {wanted}, found {found or 'none'}")
        if frame[name].null_count():
            raise InputError(f"activity: column {name} holds {frame[name].null_count()} nulls")
    if not frame["value"].is_finite().all():
        raise InputError("activity: column value holds numbers that are not finite")


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """The date of a number of days since 1970-01-01."""
    return EPOCH + timedelta(days=number)
