"""Risk in SQL: what is known of people, with the coefficients of a kept forecast as parameters.

So an event of this minute moves the risk at once, and a million people need no Python. The row form of the
same rules is in `crm`; tests hold the two equal.
"""

from __future__ import annotations

from crm.activity import day_number
from crm.bands import HIGH, LOW
from crm.calibration import Shift
from crm.fitted import Fitted
from crm.history import recent_window, season_window
from crm.lifecycle import AWAY, GROWING, LATE, TERMINATED, WATCHED
from crm.rf_table import FREQUENCY, RECENCY
from crm.snapshot import SHORTEST_POPULATION
from dashboards.computed import read_sql, sql_instant
from dashboards.expressions import Expression, fill
from dashboards.reports.churn.options import Moment
from schemas.objects import Site

_FACTS, _STAGE, _SHIFTED, _EVERYONE = (
    read_sql(__package__ or "", f"{name}.sql") for name in ("facts", "stage", "risk_shifted", "of_everyone")
)
_RISKS = {
    name: read_sql(__package__ or "", f"risk_{name}.sql")
    for name in ("logistic", "bg_nbd", "rf_table", "none")
}


def facts(fitted: Fitted, asked: Expression | None = None) -> str:
    """The text of one row per person in play: facts, risk, stage, value at risk.

    `asked`: a boolean over a session of alias s that all sessions read must meet, to look at a few people
    only. The mark `sessions` is left in it: a person needs one session that meets what stands there.
    """
    risk, stage = Expression(_risk(fitted)), Expression(_STAGE)
    return fill(_FACTS, risk=risk, stage=stage, asked=asked or Expression(_EVERYONE))


def parameters(site: Site, moment: Moment, fitted: Fitted) -> dict[str, object]:
    """What the text of `facts` names, and the lists made of it."""
    horizon = fitted.horizon.days
    return {
        "site_id": site.id,
        "zone": site.timezone,
        "until": sql_instant(moment.until),
        "today": day_number(moment.today),
        "within": within(horizon),
        "recent": recent_window(horizon),
        "season": season_window(horizon),
        "orders": int(fitted.primary == "order"),
        "site_gap": fitted.site_gap,
        "late": LATE,
        "growing": GROWING,
        "terminated": TERMINATED,
        "away": float(AWAY),
        "watched": WATCHED,
        "low": LOW,
        "high": HIGH,
        **_coefficients(fitted),
    }


def within(horizon: int) -> int:
    """Days of silence after which somebody is no longer in play."""
    return max(horizon, SHORTEST_POPULATION)


def _risk(fitted: Fitted) -> str:
    risk = _RISKS[fitted.name or "none"]
    return risk if fitted.name is None or fitted.shift == Shift() else fill(_SHIFTED, risk=Expression(risk))


def _coefficients(fitted: Fitted) -> dict[str, object]:
    shift: dict[str, object] = {"shift_intercept": fitted.shift.intercept, "shift_slope": fitted.shift.slope}
    if fitted.bg_nbd is not None:
        found = fitted.bg_nbd
        values = {"r": found.r, "alpha": found.alpha, "a": found.a, "b": found.b}
        return {**shift, **values, "horizon": float(fitted.horizon.days)}
    if fitted.rf_table is not None:
        buckets = {"recency": RECENCY.tolist(), "frequency": FREQUENCY.tolist()}
        return {**shift, **buckets, "rates": fitted.rf_table.rates.ravel().tolist()}
    if fitted.logistic is not None:
        model = fitted.logistic
        arrays = {"weights": model.weights, "centres": model.centre, "scales": model.scale}
        return {**shift, "intercept": model.intercept, **{k: v.tolist() for k, v in arrays.items()}}
    return {}
