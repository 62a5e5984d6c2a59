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
        "visitor_id", "risk", "risk_low", "risk_high", "in_ten", "band", "is_newcomer", "stage",
        "value_at_risk", "spent_365d", "last_seen", "usual_gap_days", "reason_1", "reason_2", "reason_3",
        "counterfactual", "action",
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
                person.person_id, risk, said["risk_low"], said["risk_high"],
                None if risk is None else in_ten(risk), person.band, person.known.is_newcomer,
                person.stage.value, said["value_at_risk"], person.spent, person.last,
                said["usual_gap_days"], *why, said["counterfactual"], person.stage.action,
            ]
        )  # fmt: skip
    return [head, *rows]


def deciles(found: Churn) -> Rows:
    """Forecast and outcome by tenth of the people."""
    record = found.fitted.backtest
    rows: Rows = [["predicted", "actual", "low", "high", "people", "left"]]
    for one in record.overall.deciles if record else ():
        share = one.actual
        rows.append([one.predicted, share.value, share.low, share.high, share.whole, share.part])
    return rows


def weeks(found: Churn) -> Rows:
    """The record week by week."""
    record = found.fitted.backtest
    measures = ("people", "churn_rate", "auc", "brier", "base_brier", "skill", "ece")
    rows: Rows = [["as_of", *measures, "marked", "gone", "expected"]]
    for one in record.cutoffs if record else ():
        measured = [getattr(one.accuracy, name) for name in measures]
        rows.append([one.as_of, *measured, one.marked, one.gone, one.expected])
    return rows


def model(found: Churn) -> Rows:
    """The odds ratios."""
    rows: Rows = [["feature", "odds_ratio", "low", "high"]]
    rows += [[name, one.ratio, one.low, one.high] for name, one in found.fitted.odds_ratios().items()]
    return rows


TABLES: dict[str, Callable[[Churn], Rows]] = {
    "visitors": visitors,
    "deciles": deciles,
    "weeks": weeks,
    "model": model,
}
"""Name in the address → rows."""
