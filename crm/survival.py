"""How long until something happens, when for some it has not happened yet: the Kaplan-Meier estimate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crm.rate import Z95

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Survival:
    """S(t), the share for whom it has not happened by t: 1 before `times[0]`, then a step at each time.

    All arrays have one element for each distinct time at which it happened, ascending; any unit of time.
    """

    times: Floats
    at_risk: Counts  # watched until just before the time, and it had not happened yet
    happened: Counts  # at that time, at least 1
    share: Floats  # S at and after the time
    variance: Floats  # of S, by Greenwood's formula; 0 once nobody is left
    watched: float  # the longest time anyone was watched; S is unknown after it unless it is 0

    def at(self, time: float) -> tuple[float, float, float] | None:
        """(S, low, high) at a time with the 95 % band S ± 1.96 √variance cut to 0..1; None: not known."""
        place = int(np.searchsorted(self.times, time, side="right")) - 1
        if place < 0:
            return (1.0, 1.0, 1.0) if time <= self.watched else None
        share = float(self.share[place])
        if time > self.watched and share > 0.0:
            return None
        half = Z95 * float(np.sqrt(self.variance[place]))
        return share, max(0.0, share - half), min(1.0, share + half)

    def quantile(self, part: float) -> float | None:
        """The first time by which it has happened to `part` (0..1) of all; None: to fewer so far."""
        reached = np.flatnonzero(self.share <= 1.0 - part + 1e-12)
        return float(self.times[reached[0]]) if len(reached) else None


def kaplan_meier(happened: Floats, censored: Floats) -> Survival:
    """Estimate S from the durations after which it happened, and those of people only watched so long.

    At equal durations what happened comes first, so the censored are still at risk. Raises ValueError on a
    duration below 0.
    """
    if any(len(durations) and not np.all(durations >= 0) for durations in (happened, censored)):
        raise ValueError("durations are not below 0")
    times, events = np.unique(happened, return_counts=True)
    still = np.sort(censored)
    at_risk = len(still) - np.searchsorted(still, times, side="left") + events[::-1].cumsum()[::-1]
    watched = max(
        (float(durations.max()) for durations in (happened, censored) if len(durations)), default=0.0
    )
    left = at_risk - events
    share = np.cumprod(left / at_risk)
    # The sum has no end once nobody is left; there S is 0 and so is its variance.
    terms = np.divide(events, at_risk * left, out=np.zeros(len(times)), where=left > 0)
    return Survival(times.astype(np.float64), at_risk, events, share, share**2 * np.cumsum(terms), watched)
