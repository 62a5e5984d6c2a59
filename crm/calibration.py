"""A shift of intercept and slope for forecasts that were off lately (Platt 1999). Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crm import logistic
from crm.activity import Bools, Floats

_EDGE = 1e-6


@dataclass(frozen=True)
class Shift:
    """log-odds → intercept + slope · log-odds."""

    intercept: float = 0.0
    slope: float = 1.0

    def apply(self, risk: Floats) -> Floats:
        """The shifted probabilities."""
        if self == Shift():
            return risk
        return logistic.sigmoid(self.intercept + self.slope * log_odds(risk))


def log_odds(risk: Floats) -> Floats:
    """log(p / (1 - p)), with p held within a millionth of 0 and 1."""
    held = np.clip(risk, _EDGE, 1 - _EDGE)
    odds: Floats = np.log(held / (1 - held))
    return odds


def fit_shift(risk: Floats, churned: Bools) -> Shift:
    """The shift that fits the outcomes best; its slope is never negative, so it keeps the order of people."""
    model = logistic.fit(log_odds(risk)[:, None], churned, np.array([1]))
    slope = float(model.weights[0] / model.scale[0])
    return Shift(model.intercept - slope * float(model.centre[0]), slope)
