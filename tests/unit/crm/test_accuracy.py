"""The measures of forecasts, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from crm.accuracy import accuracy, auc, brier_score, calibration_error, decile_table
from crm.calibration import Shift, fit_shift
from crm.logistic import sigmoid

RISK = np.array([0.1, 0.4, 0.4, 0.8])
CHURNED = np.array([False, False, True, True])


def test_auc_counts_pairs_and_halves_ties() -> None:
    assert auc(RISK, CHURNED) == pytest.approx(3.5 / 4)
    assert auc(-RISK, CHURNED) == pytest.approx(0.5 / 4)


def test_auc_of_one_outcome_is_unknown() -> None:
    assert auc(RISK, np.ones(4, dtype=np.bool_)) is None


def test_brier_and_skill_by_hand() -> None:
    found = accuracy(RISK, CHURNED, np.full(4, 0.5))
    assert found.brier == pytest.approx((0.01 + 0.16 + 0.36 + 0.04) / 4)
    assert found.base_brier == pytest.approx(0.25)
    assert found.skill == pytest.approx(1 - 0.1425 / 0.25)


def test_the_base_rate_itself_has_no_skill() -> None:
    base = np.full(4, 0.5)
    assert accuracy(base, CHURNED, base).skill == 0
    assert accuracy(base, CHURNED, base).lift == pytest.approx(1.0)


def test_lift_is_of_the_top_tenth() -> None:
    risk = np.linspace(0, 1, 100)
    churned = np.zeros(100, dtype=np.bool_)
    churned[95:], churned[:15] = True, True
    assert accuracy(risk, churned, risk).lift == pytest.approx((5 / 10) / (20 / 100))


def test_deciles_hold_all_people_and_a_wilson_interval() -> None:
    risk = np.linspace(0.05, 0.95, 150)
    table = decile_table(risk, np.arange(150) < 1)
    assert [decile.actual.whole for decile in table] == [15] * 10
    assert [decile.actual.part for decile in table] == [1] + [0] * 9
    assert table[0].actual.low == pytest.approx(0.01186, abs=1e-4)  # Wilson 95 % of 1 in 15
    assert np.all(np.diff([decile.predicted for decile in table]) > 0)


def test_fewer_people_than_deciles_are_not_lost() -> None:
    assert sum(decile.actual.whole for decile in decile_table(RISK, CHURNED)) == 4


def test_calibration_error_is_the_distance_from_what_came() -> None:
    risk = np.repeat([0.2, 0.7], 100)
    churned = np.concatenate([np.arange(100) % 10 < 3, np.arange(100) % 10 < 6])
    assert calibration_error(decile_table(risk, churned)) == pytest.approx(0.1)


def test_a_shift_undoes_forecasts_that_are_off() -> None:
    draw = np.random.default_rng(5)
    log_odds = draw.normal(size=50_000)
    churned = draw.random(50_000) < sigmoid(log_odds)
    off = sigmoid(2 * log_odds - 1)
    shift = fit_shift(off, churned)
    assert (shift.intercept, shift.slope) == pytest.approx((0.5, 0.5), abs=0.03)
    assert calibration_error(decile_table(shift.apply(off), churned)) < 0.01
    assert auc(shift.apply(off), churned) == pytest.approx(auc(off, churned), abs=1e-9)
    assert brier_score(shift.apply(off), churned) < brier_score(off, churned)


def test_no_shift_changes_nothing() -> None:
    assert Shift().apply(RISK) is RISK
