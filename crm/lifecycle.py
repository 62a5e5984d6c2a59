"""Stages of a customer's life and what to do in each. Pure.

The stage follows from how late somebody is, whether they come more often than before, and their risk.
"""

from __future__ import annotations

from enum import Enum

import numpy as np

from crm.activity import Floats, Ints
from crm.history import PRIOR_GAPS
from crm.summary import Summary

LATE = 1.5  # usual gaps of silence
GROWING = 1.25  # active days of 90 days over those of the 90 before
TERMINATED = 0.9  # risk
AWAY = 3  # usual gaps between the last two active days: came back after being away,
WATCHED = 30  # in so many days


class Stage(str, Enum):
    """Where a customer stands; the codes of `stages` are positions in this list."""

    NEW = "new"
    GROWTH = "growth"
    STABLE = "stable"
    RETURNED = "returned"
    DANGER = "danger"
    TERMINATION = "termination"

    @property
    def action(self) -> str:
        """What the strategies of the stage suggest."""
        return _ACTIONS[self]


STAGES = tuple(Stage)
_ACTIONS = {
    Stage.NEW: "Follow up within 14 days: a trial pack and a question how it went",
    Stage.GROWTH: "Personalise, and offer what goes with what they chose",
    Stage.STABLE: "Reward staying (tier discount, saved set-up, subscription); lower the cost of service",
    Stage.RETURNED: "Thank them, ask why they came back, and watch for 30 days",
    Stage.DANGER: "Put right what went wrong and make up for it; name an owner and a date",
    Stage.TERMINATION: "Ask why they left; win back only if their value is above the cost",
}


def stages(people: Summary, risk: Floats | None) -> Ints:
    """Ints (people,) into STAGES; the first rule that holds. Without a risk nobody is in termination."""
    late = people.lateness > LATE
    growth = (people.quarter_days + 0.5) / (people.previous_quarter_days + 0.5)
    back = (people.last_gap > AWAY * _gap_before_return(people)) & (people.silence < WATCHED)
    gone = np.zeros(len(late), dtype=np.bool_) if risk is None else risk >= TERMINATED
    rules = {
        Stage.TERMINATION: gone,
        Stage.DANGER: late,
        Stage.RETURNED: back,
        Stage.NEW: people.active_days == 1,
        Stage.GROWTH: growth >= GROWING,
    }
    codes = [STAGES.index(stage) for stage in rules]
    chosen: Ints = np.select(list(rules.values()), codes, STAGES.index(Stage.STABLE))
    return chosen


def _gap_before_return(people: Summary) -> Floats:
    """The usual gap as it stood before the last active day, which a long absence must not stretch."""
    counted = PRIOR_GAPS + people.active_days - 1
    before: Floats = (people.usual_gap * counted - people.last_gap) / (counted - 1)
    return before
