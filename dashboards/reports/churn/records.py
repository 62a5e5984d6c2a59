"""What a churn report holds, and its JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from crm.accuracy import Accuracy
from crm.backtest import Backtest
from crm.bands import Band, band
from crm.fitted import Fitted
from crm.lifecycle import Stage
from crm.rate import Rate
from crm.reasons import Reason
from crm.words import ago, days, in_ten
from dashboards.computed import Computed, iso, money
from dashboards.reports.churn.fit import Learnt
from dashboards.reports.churn.options import ChurnOptions, Moment


@dataclass(frozen=True)
class Known:
    """Facts of one person at the moment of the report; spans in days."""

    active_days: int
    silence: int
    tenure: int
    usual_gap: float
    recent_days: int
    season_days: int
    mean_value: float

    @property
    def is_newcomer(self) -> bool:
        """Active on one day only."""
        return self.active_days == 1

    def said(self) -> str:
        """The facts in words, for when there is no percentage."""
        seen = f"last seen {ago(self.silence)}"
        return f"{seen}; came once" if self.is_newcomer else f"{seen}; usual gap {days(self.usual_gap)}"


@dataclass(frozen=True)
class Person:
    """One person of the list. `risk` and what follows from it is None or empty where it is withheld.

    `bounds`: the 95 % interval of the chance of people alike, None where the forecast was kept without.
    `after_today`: the risk had they been active today, None for who was. `spent`: net, in the last 365 days.
    """

    person_id: str
    last: date
    known: Known
    stage: Stage
    risk: float | None
    reasons: tuple[Reason, ...]
    after_today: float | None
    spent: Decimal
    evidence: tuple[Evidence, ...] = ()
    bounds: tuple[float, float] | None = None

    @property
    def band(self) -> Band | None:
        """Low, medium or high."""
        return None if self.risk is None else band(self.risk)

    @property
    def at_risk(self) -> float | None:
        """Risk times what was spent in the last 365 days."""
        return None if self.risk is None else self.risk * float(self.spent)

    def to_json(self, noun: str) -> dict[str, Any]:
        """One of `visitors`; `noun`: what coming back is called."""
        after = "" if self.after_today is None else f"{noun} today would put it at {in_ten(self.after_today)}"
        return {
            "visitor_id": self.person_id,
            "risk": self.risk,
            "risk_low": self.bounds[0] if self.bounds else None,
            "risk_high": self.bounds[1] if self.bounds else None,
            "band": self.band,
            "reasons": [
                {"kind": why.kind, "text": why.text, "points": round(why.points, 2)} for why in self.reasons
            ],
            "last_seen": self.last.isoformat(),
            "action": self.stage.action,
            "stage": self.stage.value,
            "facts": self.known.said(),
            "usual_gap_days": None if self.known.is_newcomer else round(self.known.usual_gap, 2),
            "is_newcomer": self.known.is_newcomer,
            "counterfactual": after,
            "spent_365d": money(self.spent),
            "value_at_risk": None if self.at_risk is None else round(self.at_risk, 2),
            "evidence": [found.to_json() for found in self.evidence],
        }


@dataclass(frozen=True)
class Evidence:
    """Something that happened lately and that the forecast does not know: how often, and when last."""

    kind: str  # complaint, refund, low_rating, error
    count: int
    last: date

    def to_json(self) -> dict[str, Any]:
        """{kind, count, last}."""
        return {"kind": self.kind, "count": self.count, "last": self.last.isoformat()}


@dataclass(frozen=True)
class PastRisk:
    """The risk at the end of a day, as it was kept then."""

    as_of: date
    risk: float


@dataclass(frozen=True)
class Slice:
    """People of one hundredth of risk, stage and band: how many, expected leavers, expected value lost."""

    is_newcomer: bool
    hundredth: int
    stage: str
    band: str
    people: int
    leavers: float
    at_risk: float


@dataclass(frozen=True)
class Churn:
    """The people in play at a moment, how they are spread, and the forecast that says so."""

    site_id: str
    options: ChurnOptions
    moment: Moment
    learnt: Learnt
    filters: Sequence[str]
    spread: tuple[Slice, ...]
    left_out: Rate  # visitors whose id lasts one day only, of all
    people: tuple[Person, ...]
    asked_at: datetime
    computed: tuple[Computed, ...]

    @property
    def fitted(self) -> Fitted:
        """The forecast."""
        return self.learnt.fitted

    @property
    def in_play(self) -> int:
        """People the filters keep who were active lately."""
        return sum(one.people for one in self.spread)

    @property
    def newcomers(self) -> int:
        """Those of them active on one day only."""
        return sum(one.people for one in self.spread if one.is_newcomer)

    def by(self, name: str) -> Counter[str]:
        """Ranked people by `stage` or `band`."""
        found: Counter[str] = Counter()
        for one in self.spread:
            if not one.is_newcomer or name == "stage":
                found[getattr(one, name)] += one.people
        return found

    def to_json(self) -> dict[str, Any]:
        """As `clicktrail report churn --json` prints it."""
        fitted = self.fitted
        noun = "a visit" if fitted.primary == "visit" else "an order"
        return {
            "model": fitted.name,
            "primary": fitted.primary,
            "horizon_days": fitted.horizon.days,
            "base_rate": fitted.base_rate,
            "withheld": fitted.withheld,
            "backtest": None if fitted.backtest is None else record_json(fitted.backtest),
            "odds_ratios": {
                name: {"ratio": found.ratio, "low": found.low, "high": found.high}
                for name, found in fitted.odds_ratios().items()
            },
            "people": self.in_play,
            "newcomers": self.newcomers,
            "bands": {key: n for key, n in sorted(self.by("band").items()) if key},
            "stages": dict(sorted(self.by("stage").items())),
            "coverage": {"visitors": self.left_out.whole, "left_out": self.left_out.part},
            "visitors": [person.to_json(noun) for person in self.people],
            "meta": {
                "site": self.site_id,
                "as_of": iso(self.moment.until),
                "fitted_as_of": fitted.as_of.isoformat(),
                "is_kept": self.learnt.is_kept,
                "filters": list(self.filters),
                "asked_at": iso(self.asked_at),
            },
        }


def record_json(record: Backtest) -> dict[str, Any]:
    """The record of past weeks."""
    return {
        **_accuracy_json(record.overall),
        "ranked": None if record.ranked is None else _accuracy_json(record.ranked),
        "rivals": dict(record.rivals),
        "deciles": [
            {
                "predicted": one.predicted,
                "actual": one.actual.value,
                "low": one.actual.low,
                "high": one.actual.high,
                "people": one.actual.whole,
            }
            for one in record.overall.deciles
        ],
        "cutoffs": [
            {
                "as_of": one.as_of.isoformat(),
                **_accuracy_json(one.accuracy),
                "marked": one.marked,
                "gone": one.gone,
                "expected": one.expected,
                "sentence": one.sentence(),
            }
            for one in record.cutoffs
        ],
    }


def _accuracy_json(found: Accuracy) -> dict[str, Any]:
    names = ("people", "churn_rate", "auc", "brier", "base_brier", "skill", "ece", "lift")
    return {name: getattr(found, name) for name in names}
