"""The BG/NBD parameters of a site's histories: greatest likelihood, or with a weak prior for small sites.

A few dozen histories alone can send the parameters anywhere; the prior holds them within reason and is
neutral: it knows no rate (its α follows from the ages of the histories) and gives way to some hundred people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from clicktrail.errors import InputError
from crm.activity import Floats, Ints
from crm.bgnbd import BgNbd, Histories, log_rising

WEEK = 7.0
MANY_ROWS = 10_000  # distinct histories beyond which times are rounded to weeks: 0.6 % of a parameter
_STEP = 1e-4
_ROUNDS = 200
_FAR = 8.0  # log units from the neutral centre where the likelihood is flat, not at its best


@dataclass(frozen=True)
class Prior:
    """Log-normal around these parameters (4,), `sd` in log units: 1.5 is a factor of 4.5 either way."""

    centre: Floats
    sd: float = 1.5


def neutral_prior(histories: Histories) -> Prior:
    """Centre r = a = b = 1, α a quarter of the mean age."""
    return Prior(np.array([1.0, max(float(histories.T.mean()) / 4, 1e-3), 1.0, 1.0]))


def fit(histories: Histories, prior: Prior | None) -> BgNbd:
    """The parameters that best explain the histories (times in days, when there are very many).

    Raises InputError without histories, or when without a prior no finite parameters are best.
    """
    if not len(histories.x):
        raise InputError("BG/NBD needs at least one history")
    grouped = _Grouped.of(histories)
    centre = neutral_prior(histories).centre if prior is None else prior.centre
    theta, height = np.log(centre), -np.inf
    for _ in range(_ROUNDS):
        height, slope = grouped.posterior(theta, prior)
        step = _ascent(slope, _curvature(grouped, theta, prior))
        if float(slope @ step) < 1e-10 * (1 + abs(height) * 1e-3):
            if np.abs(theta - np.log(centre)).max() > _FAR:
                break
            covariance = _covariance(_curvature(grouped, theta, prior))
            r, alpha, a, b = (float(value) for value in np.exp(theta))
            return BgNbd(r, alpha, a, b, covariance)
        theta = _walk(grouped, theta, step, height, prior)
    raise InputError("BG/NBD has no finite best parameters for these histories; fit with a prior")


def log_likelihood(model: BgNbd, histories: Histories) -> float:
    """The log-likelihood of the histories; changes with the unit of time."""
    theta = np.log([model.r, model.alpha, model.a, model.b])
    return _Grouped.of(histories).posterior(theta, None)[0]


@dataclass(frozen=True)
class _Grouped:
    """Distinct histories (rows,), each with how many persons share it."""

    x: Ints
    t_x: Floats
    T: Floats
    persons: Floats

    @staticmethod
    def of(histories: Histories) -> _Grouped:
        frame = pl.DataFrame({"x": histories.x, "t_x": histories.t_x, "T": histories.T})
        rows = frame.group_by("x", "t_x", "T").len()
        if rows.height > MANY_ROWS:
            weeks = [(pl.col(name) / WEEK).round() * WEEK for name in ("t_x", "T")]
            rows = rows.with_columns(weeks).group_by("x", "t_x", "T").agg(pl.col("len").sum())
        rows = rows.sort("x", "t_x", "T")  # so that sums do not depend on the order of the groups
        persons = rows["len"].cast(pl.Float64).to_numpy()
        return _Grouped(rows["x"].to_numpy(), rows["t_x"].to_numpy(), rows["T"].to_numpy(), persons)

    def posterior(self, theta: Floats, prior: Prior | None) -> tuple[float, Floats]:
        """Log posterior and its slope in log parameters (4,)."""
        height, slope = self._likelihood(*(float(value) for value in np.exp(theta)))
        slope = slope * np.exp(theta)
        if prior is not None:
            off = (theta - np.log(prior.centre)) / prior.sd
            height, slope = height - float(off @ off) / 2, slope - off / prior.sd
        return height, slope

    def _likelihood(self, r: float, alpha: float, a: float, b: float) -> tuple[float, Floats]:
        x, at_end, at_last = self.x, alpha + self.T, alpha + self.t_x
        before = np.maximum(b + x - 1, b)
        stays = -(r + x) * np.log(at_end)
        leaves = np.where(x > 0, np.log(a / before) - (r + x) * np.log(at_last), -np.inf)
        both = np.logaddexp(stays, leaves)
        height = log_rising(r, x) + r * np.log(alpha) + log_rising(b, x) - log_rising(a + b, x) + both
        gone = np.exp(leaves - both)
        back = _inverse_sum(a + b, x)
        slopes = (
            _inverse_sum(r, x) + np.log(alpha) - (1 - gone) * np.log(at_end) - gone * np.log(at_last),
            r / alpha - (r + x) * ((1 - gone) / at_end + gone / at_last),
            gone / a - back,
            _inverse_sum(b, x) - back - gone / before,
        )
        return float(self.persons @ height), np.array([float(self.persons @ slope) for slope in slopes])


def _inverse_sum(start: float, counts: Ints) -> Floats:
    """1/start + … + 1/(start + count - 1): the slope of log_rising."""
    steps = 1 / (start + np.arange(int(counts.max(initial=0))))
    table: Floats = np.concatenate([[0.0], np.cumsum(steps)])
    return table[counts]


def _curvature(grouped: _Grouped, theta: Floats, prior: Prior | None) -> Floats:
    """Second derivatives (4, 4) from differences of the exact slope."""
    nudges = np.eye(4) * _STEP
    rows = [
        grouped.posterior(theta + nudge, prior)[1] - grouped.posterior(theta - nudge, prior)[1]
        for nudge in nudges
    ]
    curvature = np.array(rows) / (2 * _STEP)
    symmetric: Floats = (curvature + curvature.T) / 2
    return symmetric


def _covariance(curvature: Floats) -> Floats | None:
    """Of the log parameters, as if the posterior were normal around its top; None where it has no top."""
    if np.linalg.eigvalsh(curvature).max() >= 0:
        return None
    return np.asarray(np.linalg.inv(-curvature), np.float64)


def _ascent(slope: Floats, curvature: Floats) -> Floats:
    """Newton's step, uphill also where the surface is not yet dome-shaped; at most a factor e at once."""
    values, vectors = np.linalg.eigh(curvature)
    bends = np.maximum(np.abs(values), 1e-8 * np.abs(values).max() + 1e-12)
    step: Floats = vectors @ ((vectors.T @ slope) / bends)
    return step / max(1.0, float(np.abs(step).max()))


def _walk(grouped: _Grouped, theta: Floats, step: Floats, height: float, prior: Prior | None) -> Floats:
    for _ in range(30):
        if grouped.posterior(theta + step, prior)[0] >= height:
            break
        step = step / 2
    return theta + step
