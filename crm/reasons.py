"""Why somebody's risk is what it is: sentences whose points sum to the distance from the average. Pure.

Each reason carries the part of that distance which its facts account for, in percentage points of risk. For
the regression that is the contribution to the log-odds, times the mean slope on the straight way from the
average person (Aumann-Shapley); for the other models, Shapley values of two players. No remainder is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from crm import logistic
from crm.activity import Floats
from crm.calibration import Shift
from crm.features import FEATURES, features
from crm.history import recent_window, season_window
from crm.models import LogisticModel, Model, Primary
from crm.summary import Summary
from crm.words import ago, days, in_ten

Kind = Literal["silence", "rhythm", "history", "value"]
KIND_OF: dict[str, Kind] = {
    "silence": "silence",
    "lateness": "silence",
    "recent_days": "rhythm",
    "season_days": "rhythm",
    "active_days": "history",
    "tenure": "history",
    "mean_value": "value",
}
SHOWN = 3
BACKGROUND = 200  # people that stand for the average, taken evenly from all
VERB = {"visit": "visited", "order": "ordered"}


@dataclass(frozen=True)
class Reason:
    """Facts, and by how many percentage points they put the risk above (+) or below (-) the average."""

    kind: Kind
    text: str
    points: float

    def sentence(self) -> str:
        """37 days silent; usually returns every 12 days: +31 points."""
        return f"{self.text}: {self.points:+.0f} points"


@dataclass(frozen=True)
class Points:
    """`average` risk in percent, and points (people,) of each kind; they sum to 100 risk - average."""

    average: float
    of: dict[Kind, Floats]


@dataclass(frozen=True)
class Background:
    """Who stands for the average: `mean` (features,) of everyone's features, and a `sample` of the people."""

    mean: Floats
    sample: Summary


def background_of(everyone: Summary) -> Background:
    """The background of `everyone` a forecast is made for, at least one person."""
    stride = max(1, len(everyone.person) // BACKGROUND)
    sample = everyone.take(np.arange(0, len(everyone.person), stride)[:BACKGROUND])
    return Background(features(everyone).mean(axis=0), sample)


def points_of(model: Model, shift: Shift, everyone: Summary, people: Summary) -> Points:
    """The points of these people, against `everyone` a forecast is made for."""
    return points_against(background_of(everyone), model, shift, people)


def points_against(background: Background, model: Model, shift: Shift, people: Summary) -> Points:
    """The points of these people, against those who stand for the average."""
    if isinstance(model, LogisticModel):
        return _along_the_way(model.regression, shift, background.mean, people)
    return _two_players(lambda mixed: shift.apply(model.risk(mixed)), background.sample, people)


def _along_the_way(model: logistic.Logistic, shift: Shift, average: Floats, people: Summary) -> Points:
    mean = model.standardised(average)
    parts = shift.slope * model.weights * (model.standardised(features(people)) - mean)
    start = np.full(len(parts), shift.intercept + shift.slope * (model.intercept + mean @ model.weights))
    way = parts.sum(axis=1)
    before, after = logistic.sigmoid(start), logistic.sigmoid(start + way)
    still = np.abs(way) < 1e-9
    slope = np.where(still, before * (1 - before), (after - before) / np.where(still, 1.0, way))
    of = {
        kind: 100
        * slope
        * sum(parts[:, k] for k, feature in enumerate(FEATURES) if KIND_OF[feature.name] == kind)
        for kind in dict.fromkeys(KIND_OF.values())
    }
    return Points(100 * float(logistic.sigmoid(start[:1])[0]), of)


def _two_players(risk: Callable[[Summary], Floats], background: Summary, people: Summary) -> Points:
    """Silence against the number of active days and their span."""

    def mean_risk(own_silence: bool, own_history: bool) -> Floats:
        mixed = _mixed(background, people, own_silence, own_history)
        of_pairs = risk(mixed).reshape(len(people.person), len(background.person))
        means: Floats = 100 * of_pairs.mean(axis=1)
        return means

    none, both = mean_risk(False, False), mean_risk(True, True)
    silence, history = mean_risk(True, False), mean_risk(False, True)
    return Points(
        float(none[0]) if len(none) else 0.0,
        {"silence": (silence - none + both - history) / 2, "history": (history - none + both - silence) / 2},
    )


def _mixed(background: Summary, people: Summary, own_silence: bool, own_history: bool) -> Summary:
    """Every person with each of the background: (people x background,), each fact from one or the other."""
    own = people.take(np.repeat(np.arange(len(people.person)), len(background.person)))
    other = background.take(np.tile(np.arange(len(background.person)), len(people.person)))
    silence = (own if own_silence else other).silence
    history = own if own_history else other
    tenure = np.maximum(history.tenure, silence)
    return replace(own, active_days=history.active_days, last=own.as_of - silence, first=own.as_of - tenure)


def reasons(points: Points, people: Summary, primary: Primary) -> list[tuple[Reason, ...]]:
    """For each person the three reasons that weigh most, heaviest first."""
    return [_top(points, people.take(np.array([row])), row, primary) for row in range(len(people.person))]


def _top(points: Points, person: Summary, row: int, primary: Primary) -> tuple[Reason, ...]:
    weights = sorted(
        ((kind, float(of[row])) for kind, of in points.of.items()), key=lambda pair: -abs(pair[1])
    )
    return tuple(
        Reason(kind, facts(kind, person, primary), weight) for kind, weight in weights[:SHOWN] if weight
    )


def facts(kind: Kind, person: Summary, primary: Primary) -> str:
    """What is known of one person, in words."""
    active, silence = int(person.active_days[0]), int(person.silence[0])
    if kind == "silence":
        quiet = f"{days(silence)} silent" if silence else "active today"
        return quiet if active == 1 else f"{quiet}; usually returns every {days(person.usual_gap[0])}"
    if kind == "rhythm":
        recent, season = int(person.recent_days[0]), int(person.season_days[0])
        windows = recent_window(person.horizon), season_window(person.horizon)
        return f"{VERB[primary]} on {recent} of the last {windows[0]} days, {season} of the last {windows[1]}"
    if kind == "history":
        return f"{VERB[primary]} on {days(active)}, first {ago(int(person.tenure[0]))}"
    return f"orders worth {person.mean_value[0]:,.2f} a day with one"


def counterfactuals(model: Model, shift: Shift, people: Summary, primary: Primary) -> list[str]:
    """For each person what being active today would do to the risk; empty for who is."""
    risk = shift.apply(model.risk(people.after_visit_today()))
    noun = "a visit" if primary == "visit" else "an order"
    return [
        f"{noun} today would put it at {in_ten(float(after))}" if silence else ""
        for after, silence in zip(risk, people.silence, strict=True)
    ]
