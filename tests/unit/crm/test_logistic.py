"""The sign-constrained regression: textbook standard errors, and the best answer within the bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm import logistic
from crm.activity import Bools, Floats


def coins(rows: int, weights: list[float], seed: int) -> tuple[Floats, Bools]:
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(rows, len(weights)))
    return values, draw.random(rows) < logistic.sigmoid(0.3 + values @ np.array(weights))


def test_a_table_of_four_counts_gives_the_textbook_odds_ratio_and_interval() -> None:
    exposed_ill, exposed_well, other_ill, other_well = 30, 70, 10, 90
    values = np.repeat([1.0, 1.0, 0.0, 0.0], [exposed_ill, exposed_well, other_ill, other_well])[:, None]
    ill = np.repeat([True, False, True, False], [exposed_ill, exposed_well, other_ill, other_well])
    model = logistic.fit(values, ill, np.array([1]), penalty=0.0)
    ratio = model.odds_ratios()[0]
    per_unit = np.log([ratio.ratio, ratio.low or 0, ratio.high or 0]) / model.scale[0]
    error = np.sqrt(1 / exposed_ill + 1 / exposed_well + 1 / other_ill + 1 / other_well)
    log_ratio = np.log(exposed_ill * other_well / (exposed_well * other_ill))
    assert per_unit == pytest.approx(log_ratio + np.array([0, -1.96, 1.96]) * error, abs=1e-4)


def test_true_weights_are_found() -> None:
    values, outcome = coins(20_000, [0.8, -0.5, 0.0], seed=1)
    model = logistic.fit(values, outcome, np.array([1, -1, 0]))
    assert model.weights == pytest.approx([0.8, -0.5, 0.0], abs=0.06)
    assert all((ratio.low or 9) < ratio.ratio < (ratio.high or 0) for ratio in model.odds_ratios())


def test_a_weight_of_the_wrong_sign_is_held_at_zero_without_an_interval() -> None:
    values, outcome = coins(2_000, [0.8, -0.5], seed=2)
    model = logistic.fit(values, outcome, np.array([1, 1]))
    assert model.weights[1] == 0
    held = model.odds_ratios()[1]
    assert (held.ratio, held.low, held.high) == (1.0, None, None)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    held = 0
    for seed in range(200):
        values, outcome = coins(500, [0.6], seed)
        model = logistic.fit(values, outcome, np.array([1]), penalty=0.0)
        ratio = model.odds_ratios()[0]
        held += (ratio.low or 9) <= np.exp(0.6 * model.scale[0]) <= (ratio.high or 0)
    assert 180 <= held <= 199


def test_a_feature_that_does_not_vary_has_no_weight() -> None:
    values, outcome = coins(500, [0.7], seed=3)
    model = logistic.fit(np.column_stack([values, np.ones(500)]), outcome, np.array([1, -1]))
    assert model.weights[1] == 0
    assert np.isfinite(model.log_odds(np.array([[0.5, 7.0]]))).all()


def test_people_who_all_did_the_same_give_a_finite_answer() -> None:
    values, _ = coins(200, [0.5], seed=4)
    risk = logistic.sigmoid(
        logistic.fit(values, np.ones(200, dtype=np.bool_), np.array([1])).log_odds(values)
    )
    assert np.all(risk > 0.95)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    signs=st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=5),
    rows=st.integers(5, 200),
)
def test_no_better_weights_exist_within_the_signs(seed: int, signs: list[int], rows: int) -> None:
    draw = np.random.default_rng(seed)
    values = draw.normal(size=(rows, len(signs))) @ draw.normal(size=(len(signs), len(signs)))
    outcome = draw.random(rows) < 0.5
    model = logistic.fit(values, outcome, np.array(signs))
    z = model.standardised(values)
    slope = z.T @ (logistic.sigmoid(model.log_odds(values)) - outcome) + model.weights
    assert np.all(model.weights * signs >= 0)
    for weight, rise, sign in zip(model.weights, slope, signs, strict=True):
        assert rise * sign >= -1e-3 if sign and weight == 0 else abs(rise) < 1e-3


def test_probabilities_do_not_overflow() -> None:
    assert logistic.sigmoid(np.array([-1e4, 0.0, 1e4])) == pytest.approx([0.0, 0.5, 1.0])
