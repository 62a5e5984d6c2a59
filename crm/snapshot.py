"""Whom a forecast is made for on a day, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crm.activity import Activity, Bools
from crm.summary import Summary, summary_of

SHORTEST_POPULATION = 28


@dataclass(frozen=True)
class Snapshot:
    """The end of one day.

    `everyone` (known persons), `people` (those of them still in play), `churned` (people,): True where no
    active day followed in (as_of, as_of + horizon]; None while that is not over.
    """

    everyone: Summary
    people: Summary
    churned: Bools | None

    @property
    def labelled(self) -> Bools:
        """The outcome; asked of a day whose horizon is not over it is an error of the caller."""
        if self.churned is None:
            raise ValueError("the horizon of this snapshot is not over")
        return self.churned


def snapshot(
    activity: Activity, as_of: int, horizon: int, known_to: int, within: int | None = None
) -> Snapshot:
    """The persons active in the `within` days up to `as_of` (default: the horizon, at least 28).

    `known_to` is the last day of which the activity is known: it decides whether there is an outcome.
    """
    everyone = summary_of(activity, as_of, horizon)
    within = max(horizon, SHORTEST_POPULATION) if within is None else within
    people = everyone.take(everyone.silence < within)
    if as_of + horizon > known_to:
        return Snapshot(everyone, people, None)
    after = (activity.day > as_of) & (activity.day <= as_of + horizon)
    returned = np.zeros(activity.persons, dtype=np.bool_)
    returned[activity.person[after]] = True
    return Snapshot(everyone, people, ~returned[people.person])
