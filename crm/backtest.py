"""Would the forecast have been right? Past weeks are forecast from what was known then. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import sqrt

import numpy as np

from crm import models
from crm.accuracy import Accuracy, accuracy, brier_score
from crm.activity import Activity, Bools, Floats, day_of
from crm.bands import HIGH
from crm.calibration import Shift, fit_shift
from crm.models import FEWEST_PEOPLE, ModelName, Primary
from crm.snapshot import Snapshot, snapshot

CUTOFFS = 8
APART = 7  # days
SHIFT_ECE = 0.03  # calibration error from which forecasts are shifted,
SHIFT_PEOPLE = 5_000  # given so many forecasts,
SHIFT_CUTOFFS = 4  # by so many of the newest weeks


@dataclass(frozen=True)
class Trial:
    """One past day: what the rivals forecast for the people of that day, and what came of it (people,).

    `ranked` (people,): who had been active on more than one day; None: everybody. `ranked_base`: the base
    rate of such people, who leave less often than newcomers do; None: that of everybody.
    """

    as_of: date
    churned: Bools
    base: Floats
    risk: dict[ModelName, Floats]
    ranked: Bools | None = None
    ranked_base: float | None = None


@dataclass(frozen=True)
class Cutoff:
    """One past day of the champion's record; `marked` high risk, of whom `gone` did not return, as against
    `expected`."""

    as_of: date
    accuracy: Accuracy
    marked: int
    gone: int
    expected: float

    def sentence(self) -> str:
        """The record in words."""
        if not self.marked:
            return f"Nobody was marked high on {self.as_of}."
        return (
            f"Of {self.marked:,} marked high on {self.as_of}, {self.gone:,} did not return: "
            f"{self.gone / self.marked:.0%}, we said {self.expected / self.marked:.0%}."
        )


@dataclass(frozen=True)
class Backtest:
    """The champion's record over all cut-offs and one by one, oldest first; each rival's mean Brier score."""

    champion: ModelName
    overall: Accuracy
    cutoffs: tuple[Cutoff, ...]
    rivals: dict[ModelName, float]
    base_brier: float
    shift: Shift
    ranked: Accuracy | None = None
    """Over all cut-offs without newcomers; None when there were only those."""

    @property
    def beats_base_rate(self) -> bool:
        """Whether the champion did better than giving everybody the base rate."""
        return self.rivals[self.champion] < self.base_brier

    @property
    def ranks_better(self) -> bool:
        """Whether it did so among those whom a list ranks too: newcomers alone must not carry it."""
        return self.ranked is None or self.ranked.brier < self.ranked.base_brier


class Snapshots:
    """Snapshots of one activity, each made once."""

    def __init__(self, activity: Activity, horizon: int, known_to: int) -> None:
        self.horizon = horizon
        self.known_to = known_to
        self.first = int(activity.day.min(initial=known_to))
        self.at = lru_cache(maxsize=4)(lambda as_of: snapshot(activity, as_of, horizon, known_to))

    def newest_labelled(self, as_of: int) -> Snapshot | None:
        """The newest snapshot whose outcome is known at the end of `as_of`, if it has enough people."""
        if as_of - self.horizon < self.first:
            return None
        found = self.at(as_of - self.horizon)
        return found if len(found.people.person) >= FEWEST_PEOPLE else None


def trials(snapshots: Snapshots, primary: Primary) -> tuple[Trial, ...]:
    """The last eight weekly days whose horizon is over, oldest first, as far as there were people then."""
    newest = snapshots.known_to - snapshots.horizon
    days = [newest - APART * week for week in reversed(range(CUTOFFS))]
    made = (_trial(snapshots, as_of, primary) for as_of in days if as_of >= snapshots.first)
    return tuple(trial for trial in made if trial is not None)


def _trial(snapshots: Snapshots, as_of: int, primary: Primary) -> Trial | None:
    test = snapshots.at(as_of)
    if len(test.people.person) < FEWEST_PEOPLE:
        return None
    train = snapshots.newest_labelled(as_of)
    fitted = [model for name in models.rivals(primary) if (model := models.fit(name, test, train))]
    # A site too young for a base rate is measured against the one to come, which no forecast can know.
    known = train or test
    base = float(known.labelled.mean())
    regulars = known.labelled[known.people.active_days > 1]
    ranked_base = float(regulars.mean()) if len(regulars) else None
    risk = {model.name: model.risk(test.people) for model in fitted}
    ranked = test.people.active_days > 1
    return Trial(day_of(as_of), test.labelled, np.full(len(test.labelled), base), risk, ranked, ranked_base)


def backtest(made: tuple[Trial, ...], primary: Primary) -> Backtest | None:
    """The champion and its record; None when no rival could be tried.

    Champion is the least mean Brier score over the cut-offs; one that is better by no more than a standard
    error yields to the simpler. A rival competes if it could be fitted at half of the cut-offs at least; what
    is compared are the cut-offs at which every competitor could.
    """
    names = [name for name in models.rivals(primary) if 2 * sum(name in t.risk for t in made) >= len(made)]
    tried = [trial for trial in made if names and all(name in trial.risk for name in names)]
    if not tried:
        return None
    briers = {name: np.array([brier_score(t.risk[name], t.churned) for t in tried]) for name in names}
    champion = choose(briers)
    overall = _over(tried, champion)
    assert overall is not None
    return Backtest(
        champion=champion,
        overall=overall,
        ranked=_over(tried, champion, without_newcomers=True),
        cutoffs=tuple(_cutoff(trial, champion) for trial in tried),
        rivals={name: float(scores.mean()) for name, scores in briers.items()},
        base_brier=float(np.mean([brier_score(trial.base, trial.churned) for trial in tried])),
        shift=_shift(overall, tried[-SHIFT_CUTOFFS:], champion),
    )


def _over(tried: list[Trial], champion: ModelName, *, without_newcomers: bool = False) -> Accuracy | None:
    """All cut-offs as one; None when nobody is left."""
    all_of = [np.ones(len(trial.churned), np.bool_) for trial in tried]
    if without_newcomers:
        all_of = [every if t.ranked is None else t.ranked for t, every in zip(tried, all_of, strict=True)]
    pairs = list(zip(tried, all_of, strict=True))
    risk = np.concatenate([trial.risk[champion][kept] for trial, kept in pairs])
    churned = np.concatenate([trial.churned[kept] for trial, kept in pairs])
    bases = [_base(trial, ranked=without_newcomers)[kept] for trial, kept in pairs]
    return accuracy(risk, churned, np.concatenate(bases)) if len(risk) else None


def _base(trial: Trial, *, ranked: bool) -> Floats:
    if not ranked or trial.ranked_base is None:
        return trial.base
    return np.full(len(trial.base), trial.ranked_base)


def choose(briers: dict[ModelName, Floats]) -> ModelName:
    """The champion of Brier scores (cut-offs,), rivals in order from the simplest."""
    best = min(briers, key=lambda name: float(briers[name].mean()))
    for name, scores in briers.items():
        behind = scores - briers[best]
        error = float(behind.std(ddof=1)) / sqrt(len(behind)) if len(behind) > 1 else 0.0
        if float(behind.mean()) <= error:
            return name
    return best


def _cutoff(trial: Trial, champion: ModelName) -> Cutoff:
    risk = trial.risk[champion]
    high = risk > HIGH
    measured = accuracy(risk, trial.churned, trial.base)
    gone, expected = int(trial.churned[high].sum()), float(risk[high].sum())
    return Cutoff(trial.as_of, measured, int(high.sum()), gone, expected)


def _shift(overall: Accuracy, newest: list[Trial], champion: ModelName) -> Shift:
    if overall.ece <= SHIFT_ECE or overall.people < SHIFT_PEOPLE:
        return Shift()
    risk = np.concatenate([trial.risk[champion] for trial in newest])
    return fit_shift(risk, np.concatenate([trial.churned for trial in newest]))
