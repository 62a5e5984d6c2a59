"""The tables of the page as rows to take along."""

from __future__ import annotations

from collections.abc import Callable

from crm.words import in_ten
from dashboards.reports.churn.records import Churn

MOST = 10_000
"""People of one file."""

Rows = list[list[object]]


def visitors(found: Churn) -> Rows:
    """The list, most at risk first."""
    head: list[object] = [
        "visitor_id", "risk", "in_ten", "band", "is_newcomer", "stage", "value_at_risk", "spent_365d",
        "last_seen", "usual_gap_days", "reason_1", "reason_2", "reason_3", "counterfactual", "action",
    ]  # fmt: skip
    noun = "a visit" if found.fitted.primary == "visit" else "an order"
    rows = []
    for person in found.people:
        said = person.to_json(noun)
        why = [reason.sentence() for reason in person.reasons]
        why += [""] * (3 - len(why))
        risk = person.risk
        rows.append(
            [
                person.person_id, risk, None if risk is None else in_ten(risk), person.band,
                person.known.is_newcomer, person.stage.value, said["value_at_risk"], person.spent,
                person.last, said["usual_gap_days"], *why, said["counterfactual"], person.stage.action,
            ]
        )  # fmt: skip
    return [head, *rows]


def deciles(found: Churn) -> Rows:
    """Forecast and outcome by tenth of the people."""
    head: list[object] = ["predicted", "actual", "low", "high", "people", "left"]
    record = found.fitted.backtest
    rows = record.overall.deciles if record else ()
    return [
        head,
        *(
            [
                one.predicted,
                one.actual.value,
                one.actual.low,
                one.actual.high,
                one.actual.whole,
                one.actual.part,
            ]
            for one in rows
        ),
    ]


def weeks(found: Churn) -> Rows:
    """The record week by week."""
    head: list[object] = [
        "as_of", "people", "churn_rate", "auc", "brier", "base_brier", "skill", "ece", "marked",
        "gone", "expected",
    ]  # fmt: skip
    record = found.fitted.backtest
    return [
        head,
        *(
            [
                one.as_of, one.accuracy.people, one.accuracy.churn_rate, one.accuracy.auc, one.accuracy.brier,
                one.accuracy.base_brier, one.accuracy.skill, one.accuracy.ece, one.marked, one.gone,
                one.expected,
            ]
            for one in (record.cutoffs if record else ())
        ),
    ]  # fmt: skip


def model(found: Churn) -> Rows:
    """The odds ratios."""
    ratios = found.fitted.odds_ratios().items()
    return [
        ["feature", "odds_ratio", "low", "high"],
        *([name, one.ratio, one.low, one.high] for name, one in ratios),
    ]


TABLES: dict[str, Callable[[Churn], Rows]] = {
    "visitors": visitors,
    "deciles": deciles,
    "weeks": weeks,
    "model": model,
}
"""Name in the address → rows."""
