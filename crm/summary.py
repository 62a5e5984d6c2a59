"""What is known of all persons on a day, on columns: the rule of `crm.history` in a few passes."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from crm.activity import Activity, Bools, Floats, Ints
from crm.history import PRIOR_GAPS, QUARTER, recent_window, season_window


@dataclass(frozen=True)
class Summary:
    """Persons active by the end of day `as_of`: arrays (persons,), fields as in `crm.history.Known`.

    `person` are their numbers in the activity; `site_gap` is the site's mean gap between active days.
    """

    as_of: int
    horizon: int
    site_gap: float
    person: Ints
    active_days: Ints
    first: Ints
    last: Ints
    last_gap: Ints
    recent_days: Ints
    season_days: Ints
    quarter_days: Ints
    previous_quarter_days: Ints
    mean_value: Floats

    @property
    def silence(self) -> Ints:
        """Days since the last active day."""
        return self.as_of - self.last

    @property
    def tenure(self) -> Ints:
        """Days since the first active day."""
        return self.as_of - self.first

    @property
    def usual_gap(self) -> Floats:
        """Days between active days: own gaps, drawn to the site's when they are few."""
        gaps = self.active_days - 1
        usual: Floats = (PRIOR_GAPS * self.site_gap + self.last - self.first) / (PRIOR_GAPS + gaps)
        return usual

    @property
    def lateness(self) -> Floats:
        """Silence in usual gaps: 1 is when the person would normally come."""
        late: Floats = self.silence / self.usual_gap
        return late

    def take(self, rows: Ints | Bools) -> Summary:
        """These persons only, in this order."""
        return replace(self, **{name: getattr(self, name)[rows] for name in ARRAYS})

    def after_visit_today(self) -> Summary:
        """The same persons, had each been active on day `as_of` (who was, stays as is)."""
        new = (self.silence > 0).astype(np.int64)
        return replace(
            self,
            active_days=self.active_days + new,
            last=np.full_like(self.last, self.as_of),
            last_gap=np.where(new, self.silence, self.last_gap),
            recent_days=self.recent_days + new,
            season_days=self.season_days + new,
            quarter_days=self.quarter_days + new,
        )


ARRAYS = tuple(field.name for field in fields(Summary) if field.name not in ("as_of", "horizon", "site_gap"))


def summary_of(activity: Activity, as_of: int, horizon: int) -> Summary:
    """Everybody who was active by the end of day `as_of`; later rows are not looked at."""
    past = activity.day <= as_of
    person, day = activity.person[past], activity.day[past]

    def count(rows: Bools | slice) -> Ints:
        return np.bincount(person[rows], minlength=activity.persons).astype(np.int64)

    active = count(slice(None))
    there = np.flatnonzero(active)
    ends = np.cumsum(active[there])
    last = day[ends - 1]
    first = day[ends - active[there]]
    before = day[np.maximum(ends - 2, 0)]
    gaps = int(active.sum()) - len(there)
    silence = as_of - day
    value = np.bincount(person, activity.value[past], minlength=activity.persons)
    return Summary(
        as_of=as_of,
        horizon=horizon,
        site_gap=float((last - first).sum() / gaps) if gaps else float(horizon),
        person=there,
        active_days=active[there],
        first=first,
        last=last,
        last_gap=np.where(active[there] > 1, last - before, 0),
        recent_days=count(silence < recent_window(horizon))[there],
        season_days=count(silence < season_window(horizon))[there],
        quarter_days=count(silence < QUARTER)[there],
        previous_quarter_days=count((silence >= QUARTER) & (silence < 2 * QUARTER))[there],
        mean_value=value[there] / active[there],
    )
