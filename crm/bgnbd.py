"""BG/NBD: buying at a rate that differs between people, until each buys no more. Pure.

While active a person buys at a rate λ ~ Gamma(r, α); after each purchase they leave with probability
p ~ Beta(a, b). A history is (x, t_x, T): repeat purchases, time from the first to the last purchase, time
from the first purchase to now. Fader, Hardie, Lee 2005, Marketing Science 24(2), 275-284.

Counts are whole, so every ratio of gamma functions is a product of x factors: no special function is needed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from crm.activity import Floats, Ints

_TINY = 1e-6  # closer to a = 1 than this the forecast divides two vanishing numbers
_TERMS = 20_000
_LEAST = 1e-300  # a risk that vanished in the arithmetic: nothing moves it


@dataclass(frozen=True)
class Histories:
    """Histories of persons: arrays (persons,); t_x and T in the unit of time in which forecasts are asked."""

    x: Ints
    t_x: Floats
    T: Floats


@dataclass(frozen=True)
class BgNbd:
    """The four parameters; α in the unit of time of the histories.

    `covariance` (4, 4) of their logarithms; None where it is not known.
    """

    r: float
    alpha: float
    a: float
    b: float
    covariance: Floats | None = field(default=None, compare=False)

    def p_gone(self, histories: Histories) -> Floats:
        """P(has left for good) (persons,); 0 without a repeat, as the model lets nobody leave before one."""
        x, repeat = histories.x, histories.x > 0
        ratio = np.log((self.alpha + histories.T) / (self.alpha + histories.t_x))
        odds = np.log(self.a / (self.b + np.maximum(x, 1) - 1)) + (self.r + x) * ratio
        return np.where(repeat, _sigmoid(odds), 0.0)

    def p_no_return(self, histories: Histories, span: float) -> Floats:
        """P(no purchase within the next `span`) (persons,): gone, or active and waiting longer.

        This, never P(gone), is churn risk: P(gone) is least for those who never came back.
        """
        at = self.alpha + histories.T
        waits = np.exp((self.r + histories.x) * np.log(at / (at + span)))
        gone = self.p_gone(histories)
        risk: Floats = gone + (1 - gone) * waits
        return risk

    def slope_of_log_odds(self, histories: Histories, span: float) -> Floats:
        """By how much log r, log α, log a and log b move the log-odds of p_no_return: (persons, 4)."""
        x, at, last = histories.x, self.alpha + histories.T, self.alpha + histories.t_x
        gone = self.p_gone(histories)
        waits = np.exp((self.r + x) * np.log(at / (at + span)))
        open_ = waits / (1 - waits)
        slopes = [
            self.r * (gone * np.log(at / last) + open_ * np.log(at / (at + span))),
            self.alpha * (self.r + x) * (gone * (1 / at - 1 / last) + open_ * (1 / at - 1 / (at + span))),
            gone,
            -gone * self.b / (self.b + np.maximum(x, 1) - 1),
        ]
        risk = np.maximum(gone + (1 - gone) * waits, _LEAST)
        slope: Floats = np.column_stack(slopes) / risk[:, None]
        return slope

    def expected_purchases(self, histories: Histories, span: float) -> Floats:
        """E[purchases within the next `span`] (persons,); equation 10 of the paper.

        Its hypergeometric series is taken in Euler's form: long histories need fewer terms, not more.
        """
        a = self.a if abs(self.a - 1) > _TINY else 1 + _TINY
        z: Floats = span / (self.alpha + histories.T + span)
        c = histories.x.astype(np.float64) + (a + self.b - 1)
        unspent = np.exp((a - 1) * np.log1p(-z)) * _hypergeometric(a + self.b - 1 - self.r, a - 1, c, z)
        active: Floats = c / (a - 1) * (1 - unspent)
        return active * (1 - self.p_gone(histories))


def log_rising(start: float, counts: Ints) -> Floats:
    """log of start (start + 1) … (start + count - 1), that is log Γ(start + count) - log Γ(start)."""
    steps = np.log(start + np.arange(int(counts.max(initial=0))))
    table: Floats = np.concatenate([[0.0], np.cumsum(steps)])
    return table[counts]


def _hypergeometric(first: float, second: float, third: Floats, z: Floats) -> Floats:
    """₂F₁(first, second; third; z) for 0 ≤ z < 1 by its series; first and second are small here."""
    total, term = np.ones_like(z), np.ones_like(z)
    for n in range(_TERMS):
        term = term * (first + n) * (second + n) / ((third + n) * (n + 1)) * z
        total = total + term
        if np.max(np.abs(term) / (1 - z), initial=0) < 1e-14 and n > 4:
            break
    return total


def _sigmoid(odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(odds, -700, 700)))
