"""Bands of risk: low below a third, high above two thirds."""

from __future__ import annotations

from typing import Literal

LOW = 1 / 3
HIGH = 2 / 3
Band = Literal["low", "medium", "high"]


def band(risk: float) -> Band:
    """The band of a probability."""
    if risk < LOW:
        return "low"
    return "high" if risk > HIGH else "medium"
