"""Churn risk of a site's visitors: P(not active again within the horizon), how right that was, and why. Pure.

How much is said depends on how much is known: facts alone for few people, a simple model for some, a contest
of models for many; and never a percentage that did no better in the past than the base rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import polars as pl

from clicktrail.errors import ConfigError
from crm import models, reasons
from crm.activity import Activity, Floats, Ints, day_number, day_of
from crm.backtest import Backtest, Snapshots, backtest, trials
from crm.bands import Band, band
from crm.horizon import Horizon, horizon_of
from crm.lifecycle import STAGES, Stage, stages
from crm.models import FEWEST_PEOPLE, Model, Primary
from crm.reasons import Reason
from crm.snapshot import Snapshot
from crm.summary import Summary
from crm.words import ago, days

LONGEST_HORIZON = 366
WhyNot = Literal["", "few", "young", "no_better", "no_better_ranked", "few_labelled"]
"""Why percentages are withheld, as a code; '' where they are not."""


@dataclass(frozen=True)
class PersonRisk:
    """One person. `risk` and what follows from it is None or empty where percentages are withheld.

    A newcomer's risk is that of a typical one and gives no rank.
    """

    person_id: str
    last_seen: date
    facts: str
    is_newcomer: bool
    risk: float | None
    band: Band | None
    reasons: tuple[Reason, ...]
    counterfactual: str
    stage: Stage

    @property
    def action(self) -> str:
        """What is suggested for the person's stage."""
        return self.stage.action


@dataclass(frozen=True)
class Forecast:
    """A champion that beat the base rate, fitted on all that is known, and its `risk` (people,)."""

    model: Model
    backtest: Backtest
    risk: Floats


@dataclass(frozen=True)
class ChurnRisk:
    """The people in play at the end of day `as_of` (names and people, aligned), and the forecast if any.

    `withheld` says why there is none, `why_not` as a code; `base_rate` is the share who did not return of the
    newest people whose horizon is over (None: too early to know), `lost` how many known people are silent too
    long to be in play, `returning` how many of all have come back at least once.
    """

    primary: Primary
    as_of: date
    horizon: Horizon
    names: pl.Series
    people: Summary
    returning: int
    lost: int
    base_rate: float | None
    backtest: Backtest | None
    forecast: Forecast | None
    withheld: str
    why_not: WhyNot

    def ranked(self) -> Ints:
        """Rows of `people`, highest risk first (latest, without a forecast); newcomers after all others."""
        risk = self.people.lateness if self.forecast is None else self.forecast.risk
        return np.lexsort((-risk, self.people.active_days == 1))

    def persons(self, rows: Ints) -> tuple[PersonRisk, ...]:
        """These rows of `people` with reasons; ask for what is shown, not for everybody."""
        shown = self.people.take(rows)
        risk, why, what_if = self._explained(shown, rows)
        stage = stages(shown, None if self.forecast is None else self.forecast.risk[rows])
        return tuple(
            PersonRisk(
                person_id=self.names[int(row)],
                last_seen=day_of(int(shown.last[at])),
                facts=_facts(shown.take(np.array([at]))),
                is_newcomer=bool(shown.active_days[at] == 1),
                risk=chance,
                band=None if chance is None else band(chance),
                reasons=why[at],
                counterfactual=what_if[at],
                stage=STAGES[stage[at]],
            )
            for at, (row, chance) in enumerate(zip(rows, risk, strict=True))
        )

    def _explained(
        self, shown: Summary, rows: Ints
    ) -> tuple[list[float | None], list[tuple[Reason, ...]], list[str]]:
        if self.forecast is None or not len(rows):
            return [None] * len(rows), [()] * len(rows), [""] * len(rows)
        model, shift = self.forecast.model, self.forecast.backtest.shift
        points = reasons.points_of(model, shift, self.people, shown)
        why = reasons.reasons(points, shown, self.primary)
        what_if = reasons.counterfactuals(model, shift, shown, self.primary)
        return [float(risk) for risk in self.forecast.risk[rows]], why, what_if


def churn_risk(activity: Activity, as_of: date, primary: Primary, horizon: int | None = None) -> ChurnRisk:
    """Assess everybody from what was known at the end of day `as_of`; later activity is not looked at.

    `activity` holds the days of the primary event, visits or orders. `horizon` in days, 1 to 366; without one
    the site's returns choose it. Raises ConfigError for another horizon.
    """
    if horizon is not None and not 1 <= horizon <= LONGEST_HORIZON:
        raise ConfigError(f"horizon {horizon}: give 1 to {LONGEST_HORIZON} days")
    today = day_number(as_of)
    chosen = horizon_of(activity, today) if horizon is None else Horizon(horizon, 0, None)
    snapshots = Snapshots(activity, chosen.days, known_to=today)
    now, train = snapshots.at(today), snapshots.newest_labelled(today)
    record, forecast, why_not = _forecast(snapshots, now, train, primary)
    return ChurnRisk(
        primary=primary,
        as_of=as_of,
        horizon=chosen,
        names=activity.names[now.people.person],
        people=now.people,
        returning=_returning(now),
        lost=len(now.everyone.person) - len(now.people.person),
        base_rate=None if train is None else float(train.labelled.mean()),
        backtest=record,
        forecast=forecast,
        withheld=_withheld(why_not, now, chosen.days),
        why_not=why_not,
    )


def _forecast(
    snapshots: Snapshots, now: Snapshot, train: Snapshot | None, primary: Primary
) -> tuple[Backtest | None, Forecast | None, WhyNot]:
    """The record, the forecast, and why there is none."""
    if _returning(now) < FEWEST_PEOPLE:
        return None, None, "few"
    record = backtest(trials(snapshots, primary), primary)
    if record is None:
        return None, None, "young"
    if not record.beats_base_rate:
        return record, None, "no_better"
    if not record.ranks_better:
        return record, None, "no_better_ranked"
    model = models.fit(record.champion, now, train)
    if model is None:
        return record, None, "few_labelled"
    return record, Forecast(model, record, record.shift.apply(model.risk(now.people))), ""


def _returning(now: Snapshot) -> int:
    return int((now.everyone.active_days > 1).sum())


def _withheld(why_not: WhyNot, now: Snapshot, horizon: int) -> str:
    return {
        "": "",
        "few": f"{_returning(now)} people have come back so far; a forecast needs {FEWEST_PEOPLE}",
        "young": f"The site is too young to check a forecast of {horizon} days",
        "no_better": "The forecast did no better than giving everybody the base rate",
        "no_better_ranked": "Among people seen on several days the forecast did not beat their base rate",
        "few_labelled": "Too few people of known outcome to fit the forecast now",
    }[why_not]


def _facts(person: Summary) -> str:
    seen = f"last seen {ago(int(person.silence[0]))}"
    if person.active_days[0] == 1:
        return f"{seen}; came once"
    return f"{seen}; usual gap {days(person.usual_gap[0])}"
