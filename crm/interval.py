"""How sure a risk is: the 95 % interval of the chance of people alike. Pure.

It says how far the data that a model was fitted on leave the chance open. It does not say whether the model's
form is right, nor what one person does: that is yes or no.
"""

from __future__ import annotations

import numpy as np

from crm.activity import Floats
from crm.rate import Z95

Bounds = tuple[Floats, Floats]
"""Lower and upper ends (people,)."""

_STEPS = 6_001
_WIDE = 12.0  # standard deviations either way: beyond them there is nothing to add up
_LEAST = 0.5  # a cell where nobody left and the base rate is 0 is as open as before any data (Jeffreys)


def around(risk: Floats, error: Floats) -> Bounds:
    """The ends of risks (people,) whose log-odds have a standard error (people,)."""
    with np.errstate(over="ignore"):
        low, high = (risk / (risk + (1 - risk) * np.exp(z * error)) for z in (Z95, -Z95))
    return low, high


def error_of(slope: Floats, covariance: Floats) -> Floats:
    """Standard error (people,) of what has this slope (people, k) in parameters of covariance (k, k)."""
    variance = np.einsum("ni,ij,nj->n", slope, covariance, slope)
    error: Floats = np.sqrt(np.maximum(variance, 0))
    return error


def beta_bounds(gone: Floats, stayed: Floats) -> Bounds:
    """The 2.5 % and 97.5 % points of Beta(gone, stayed) (cells,), each count at least a half.

    The density is added up along the log-odds, where it has one smooth peak; good to 0.00002.
    """
    a, b = np.maximum(gone, _LEAST)[:, None], np.maximum(stayed, _LEAST)[:, None]
    spread = np.sqrt(1 / a + 1 / b + (1 / a**2 + 1 / b**2) / 2)
    odds = np.log(a / b) + spread * np.linspace(-_WIDE, _WIDE, _STEPS)
    height = -a * np.logaddexp(0, -odds) - b * np.logaddexp(0, odds)
    density = np.exp(height - height.max(axis=1, keepdims=True))
    steps = np.cumsum(density, axis=1) - density / 2  # half a step each side of a point
    share = steps / density.sum(axis=1, keepdims=True)
    at = [[np.interp(p, row, x) for row, x in zip(share, odds, strict=True)] for p in (0.025, 0.975)]
    low, high = 1 / (1 + np.exp(-np.array(at)))
    return low, high
