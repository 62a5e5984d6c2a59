"""Logistic regression with L2 and weights of given sign. Pure.

Convex, so Newton's method on the weights that are off their bound finds the one best answer
(Bertsekas 1982, SIAM J. Control 20(2), 221-246).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from crm.activity import Bools, Floats, Ints
from crm.interval import error_of
from crm.rate import Z95

_ROUNDS = 100


@dataclass(frozen=True)
class OddsRatio:
    """By how much one standard deviation more of a feature multiplies the odds, with its 95 % interval.

    A weight that its sign holds at 0 has no interval: ratio 1, low and high None.
    """

    ratio: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Logistic:
    """Weights (features,) of standardised features: z = (value - centre) / scale; `error` NaN at a bound.

    `covariance` (1 + features, 1 + features) of intercept and weights, 0 for a weight that is held: that
    it is held counts as known. None in a regression kept before there were intervals.
    """

    intercept: float
    weights: Floats
    error: Floats
    centre: Floats
    scale: Floats
    covariance: Floats | None = field(default=None, compare=False)

    def standardised(self, values: Floats) -> Floats:
        """z of rows of features: (rows, features)."""
        z: Floats = (values - self.centre) / self.scale
        return z

    def log_odds(self, values: Floats) -> Floats:
        """Log-odds (rows,) of rows of features (rows, features)."""
        odds: Floats = self.intercept + self.standardised(values) @ self.weights
        return odds

    def error_of_log_odds(self, values: Floats) -> Floats | None:
        """Standard error (rows,) of the log-odds of rows of features (rows, features)."""
        if self.covariance is None:
            return None
        return error_of(np.column_stack([np.ones(len(values)), self.standardised(values)]), self.covariance)

    def odds_ratios(self) -> tuple[OddsRatio, ...]:
        """One for each feature."""
        return tuple(
            OddsRatio(1.0, None, None)
            if np.isnan(error)
            else OddsRatio(*(float(np.exp(weight + z * error)) for z in (0, -Z95, Z95)))
            for weight, error in zip(self.weights, self.error, strict=True)
        )


def fit(values: Floats, outcome: Bools, signs: Ints, penalty: float = 1.0) -> Logistic:
    """The best weights of `values` (rows, features) for `outcome` (rows,), weight k of sign signs[k] or 0.

    `penalty` is λ of λ/2 Σ w², on standardised features; the intercept is free. Standard errors are those of
    the weights off their bound, from the curvature there. A feature that does not vary gets the weight 0.
    """
    centre, spread = values.mean(axis=0), values.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    z = np.column_stack([np.ones(len(values)), (values - centre) / scale])
    problem = _Problem(z, outcome.astype(np.float64), np.concatenate([[0.0], np.full(len(signs), penalty)]))
    bounds = np.concatenate([[0], signs])
    weights = _solve(problem, bounds, np.concatenate([[False], spread == 0]))
    free = weights != 0
    free[0] = True
    covariance = np.zeros((len(weights), len(weights)))
    covariance[np.ix_(free, free)] = np.linalg.inv(problem.curvature(weights)[np.ix_(free, free)])
    error = np.where(free, np.sqrt(np.diag(covariance)), np.nan)
    return Logistic(float(weights[0]), weights[1:], error[1:], centre, scale, covariance)


def sigmoid(log_odds: Floats) -> Floats:
    """Probability of log-odds, without overflow."""
    return np.exp(-np.logaddexp(0, -log_odds))


@dataclass(frozen=True)
class _Problem:
    z: Floats
    outcome: Floats
    penalty: Floats

    def loss(self, weights: Floats) -> float:
        odds = self.z @ weights
        return float(
            np.logaddexp(0, odds).sum() - self.outcome @ odds + (self.penalty * weights**2).sum() / 2
        )

    def slope(self, weights: Floats) -> Floats:
        slope: Floats = self.z.T @ (sigmoid(self.z @ weights) - self.outcome) + self.penalty * weights
        return slope

    def curvature(self, weights: Floats) -> Floats:
        risk = sigmoid(self.z @ weights)
        curvature: Floats = self.z.T @ (self.z * (risk * (1 - risk))[:, None]) + np.diag(self.penalty)
        return curvature


def _solve(problem: _Problem, signs: Ints, fixed: Bools) -> Floats:
    weights = np.zeros(len(signs))
    rate = np.clip(problem.outcome.mean(), 1e-6, 1 - 1e-6)
    weights[0] = np.log(rate / (1 - rate))
    for _ in range(_ROUNDS):
        slope = problem.slope(weights)
        held = fixed | ((signs != 0) & (weights == 0) & (signs * slope >= 0))
        free = ~held
        step = np.zeros(len(signs))
        step[free] = -np.linalg.solve(problem.curvature(weights)[np.ix_(free, free)], slope[free])
        if -float(slope @ step) < 1e-9:
            break
        weights = _project_step(problem, weights, step, signs)
    return weights


def _project_step(problem: _Problem, weights: Floats, step: Floats, signs: Ints) -> Floats:
    """Along the step, kept within the signs, as far as the loss falls."""
    before = problem.loss(weights)
    moved = weights
    for _ in range(40):
        moved = weights + step
        moved = np.where(signs * moved < 0, 0.0, moved)
        if problem.loss(moved) < before:
            return moved
        step = step / 2
    return moved
