"""Risk in SQL: what is known of people, with the coefficients of a kept forecast as parameters.

So an event of this minute moves the risk at once, and a million people need no Python. The row form of the
same rules is in `crm`; tests hold the two equal.
"""

from __future__ import annotations

from crm.activity import Floats, day_number
from crm.bands import HIGH, LOW
from crm.calibration import Shift
from crm.fitted import Fitted
from crm.history import recent_window, season_window
from crm.lifecycle import AWAY, GROWING, LATE, TERMINATED, WATCHED
from crm.rate import Z95
from crm.rf_table import FREQUENCY, RECENCY
from crm.snapshot import SHORTEST_POPULATION
from dashboards.computed import read_sql, sql_instant
from dashboards.expressions import Expression, fill
from dashboards.reports.churn.options import Moment
from schemas.objects import Site

_FACTS, _STAGE, _SHIFTED, _EVERYONE, _ERROR, _BOUND = (
    read_sql(__package__ or "", f"{name}.sql")
    for name in ("facts", "stage", "risk_shifted", "of_everyone", "odds_error", "risk_bound")
)
_RISKS = {
    name: read_sql(__package__ or "", f"risk_{name}.sql")
    for name in ("logistic", "bg_nbd", "rf_table", "none")
}
_SLOPES = {name: read_sql(__package__ or "", f"slope_{name}.sql") for name in ("logistic", "bg_nbd")}
_UNKNOWN = _RISKS["none"]


def facts(fitted: Fitted, asked: Expression | None = None) -> str:
    """The text of one row per person in play: facts, risk and its interval, stage, value at risk.

    `asked`: a boolean over a session of alias s that all sessions read must meet, to look at a few people
    only. The mark `sessions` is left in it: a person needs one session that meets what stands there.
    """
    low, high = _bounds(fitted)
    parts = {
        "bare": _shares(fitted.name or "none", "rates"),
        "risk": _shifted(fitted, "bare"),
        "odds_error": _odds_error(fitted),
        "low": low,
        "high": high,
        "stage": _STAGE,
    }
    marks = {name: Expression(text) for name, text in parts.items()}
    return fill(_FACTS, **marks, asked=asked or Expression(_EVERYONE))


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
        "z": Z95,
        **_coefficients(fitted),
    }


def within(horizon: int) -> int:
    """Days of silence after which somebody is no longer in play."""
    return max(horizon, SHORTEST_POPULATION)


def _shares(name: str, table: str) -> str:
    """The risk of a model; of the table, what one of its three arrays says of the person's cell."""
    text = _RISKS[name]
    return fill(text, shares=Expression(f"{{{table}:Array(Float64)}}")) if name == "rf_table" else text


def _shifted(fitted: Fitted, risk: str) -> str:
    return risk if fitted.name is None or fitted.shift == Shift() else fill(_SHIFTED, risk=Expression(risk))


def _odds_error(fitted: Fitted) -> str:
    slope = _SLOPES.get(fitted.name or "") if fitted.has_bounds else None
    return _UNKNOWN if slope is None else fill(_ERROR, slope=Expression(slope))


def _bounds(fitted: Fitted) -> tuple[str, str]:
    if not fitted.has_bounds:
        return _UNKNOWN, _UNKNOWN
    if fitted.name == "rf_table":
        ends = [_shares("rf_table", name) for name in ("lows", "highs")]
    else:
        ends = [fill(_BOUND, away=Expression(away)) for away in ("{z:Float64}", "-{z:Float64}")]
    low, high = (_shifted(fitted, end) for end in ends)
    return low, high


def _coefficients(fitted: Fitted) -> dict[str, object]:
    shift: dict[str, object] = {"shift_intercept": fitted.shift.intercept, "shift_slope": fitted.shift.slope}
    if fitted.bg_nbd is not None:
        found = fitted.bg_nbd
        values = {"r": found.r, "alpha": found.alpha, "a": found.a, "b": found.b}
        more = {"horizon": float(fitted.horizon.days), **_listed(covariance=found.covariance)}
        return {**shift, **values, **more}
    if fitted.rf_table is not None:
        table = fitted.rf_table
        buckets = {"recency": RECENCY.tolist(), "frequency": FREQUENCY.tolist()}
        return {**shift, **buckets, **_listed(rates=table.rates, lows=table.low, highs=table.high, flat=True)}
    if fitted.logistic is not None:
        model = fitted.logistic
        arrays = _listed(weights=model.weights, centres=model.centre, scales=model.scale)
        return {**shift, "intercept": model.intercept, **arrays, **_listed(covariance=model.covariance)}
    return {}


def _listed(*, flat: bool = False, **arrays: Floats | None) -> dict[str, object]:
    """Arrays as the engine takes them; those that are not there are left out."""
    there = {name: array for name, array in arrays.items() if array is not None}
    return {name: (array.ravel() if flat else array).tolist() for name, array in there.items()}
