"""Intervals of risks: closed forms, published errors, and the truth inside as often as they say."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from crm import bgnbd_fit, logistic, rf_table
from crm.activity import Floats
from crm.bgnbd import BgNbd, Histories
from crm.calibration import Shift
from crm.churn import churn_risk
from crm.fitted import Fitted, fitted_of
from crm.interval import around, beta_bounds
from crm.models import ModelName
from crm.snapshot import snapshot
from crm.summary import Summary
from tests.unit.crm.cdnow import calibration_weeks
from tests.unit.crm.sites import shop
from tests.unit.crm.test_fitted import assessed


def test_beta_quantiles_are_those_of_the_closed_forms() -> None:
    p = np.array([0.025, 0.975])
    forms = {
        (1.0, 1.0): p,
        (5.0, 1.0): p ** (1 / 5),
        (1.0, 2_000.0): 1 - (1 - p) ** (1 / 2_000),
        (0.5, 0.5): np.sin(np.pi * p / 2) ** 2,
    }
    gone, stayed = (np.array(side) for side in zip(*forms, strict=True))
    low, high = beta_bounds(gone, stayed)
    for at, expected in enumerate(forms.values()):
        assert (low[at], high[at]) == pytest.approx(expected, abs=2e-5)


def test_a_cell_without_people_is_as_wide_as_its_prior_and_one_with_many_is_narrow() -> None:
    people = snapshot(shop(4_000, 182, seed=3), 20_570, 28, 20_635).people
    churned = np.random.default_rng(1).random(len(people.person)) < 0.5
    table = rf_table.fit(people, churned)
    assert table.low is not None
    assert table.high is not None
    width = table.high - table.low
    assert width.max() == pytest.approx(0.4227, abs=0.005), "a half known from 20 people: Beta(10, 10)"
    assert width.min() < 0.18, "a few hundred people"
    assert (table.low < table.rates).all()
    assert (table.rates < table.high).all()


def test_the_interval_of_the_table_holds_the_truth_as_often_as_it_says() -> None:
    draw, held = np.random.default_rng(7), 0
    people = one_cell(300)
    for _ in range(400):
        truth = draw.uniform(0.2, 0.8)
        table = rf_table.fit(people, draw.random(300) < truth)
        bounds = table.bounds(people)
        assert bounds is not None
        held += bounds[0][0] <= truth <= bounds[1][0]
    assert 365 <= held <= 395, "380 expected"


def one_cell(people: int) -> Summary:
    """People who were all last active three days ago and on four days."""
    some = snapshot(shop(people * 3, 182, seed=3), 20_570, 28, 20_635).everyone.take(np.arange(people))
    return replace(some, last=np.full(people, some.as_of - 3), active_days=np.full(people, 4))


def test_the_interval_of_the_regression_holds_the_truth_as_often_as_it_says() -> None:
    weights, where, held = np.array([0.8, -0.5, 0.4]), np.array([[1.0, 1.0, -1.0]]), 0
    truth = logistic.sigmoid(0.3 + where @ weights)
    for seed in range(300):
        draw = np.random.default_rng(seed)
        values = draw.normal(size=(800, 3)) @ np.array([[1, 0.6, 0], [0, 1, 0.6], [0, 0, 1]])
        outcome = draw.random(800) < logistic.sigmoid(0.3 + values @ weights)
        model = logistic.fit(values, outcome, np.array([1, -1, 0]), penalty=0.0)
        error = model.error_of_log_odds(where)
        assert error is not None
        low, high = around(logistic.sigmoid(model.log_odds(where)), error)
        held += bool(low[0] <= truth[0] <= high[0])
    assert 273 <= held <= 297, "285 expected"


def test_a_weight_that_is_held_takes_no_part() -> None:
    draw = np.random.default_rng(2)
    values = draw.normal(size=(2_000, 2))
    outcome = draw.random(2_000) < logistic.sigmoid(0.8 * values[:, 0] - 0.5 * values[:, 1])
    model = logistic.fit(values, outcome, np.array([1, 1]))
    assert model.covariance is not None
    assert (model.covariance[2] == 0).all()
    errors = model.error_of_log_odds(np.array([[0.0, 0.0], [0.0, 9.0]]))
    assert errors is not None
    assert errors[0] == errors[1]


def test_the_published_errors_of_the_purchase_model_come_out() -> None:
    """Those that the package `lifetimes` prints for the sample of CDNOW: .0126, .3782, .1857, .7053."""
    model = bgnbd_fit.fit(calibration_weeks(), None)
    assert model.covariance is not None
    of_logs = np.sqrt(np.diag(model.covariance))
    errors = of_logs * np.array([model.r, model.alpha, model.a, model.b])
    assert errors == pytest.approx([0.012557, 0.378221, 0.185719, 0.705345], rel=0.01)


def test_the_slope_of_the_purchase_model_is_the_slope() -> None:
    model = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
    seen = Histories(
        np.array([0, 0, 1, 2, 7, 30]),
        np.array([0.0, 0, 3, 30.4, 20, 38]),
        np.array([38.9, 1, 38, 38.9, 39, 39]),
    )
    theta = np.log([model.r, model.alpha, model.a, model.b])

    def odds(at: Floats) -> Floats:
        risk = BgNbd(*np.exp(at)).p_no_return(seen, 13.0)
        return np.log(risk / (1 - risk))

    slope = model.slope_of_log_odds(seen, 13.0)
    for k, nudge in enumerate(np.eye(4) * 1e-5):
        assert slope[:, k] == pytest.approx((odds(theta + nudge) - odds(theta - nudge)) / 2e-5, abs=1e-7)


def test_the_interval_of_the_purchase_model_holds_the_truth_as_often_as_it_says() -> None:
    truth = BgNbd(r=0.8, alpha=10.0, a=0.8, b=2.5)
    asked = Histories(np.array([0, 2, 5]), np.array([0.0, 20, 45]), np.array([50.0, 50, 50]))
    expected, held = truth.p_no_return(asked, 14.0), np.zeros(3)
    for seed in range(100):
        seen = bought(truth, 400, 60.0, np.random.default_rng(seed))
        model = bgnbd_fit.fit(seen, bgnbd_fit.neutral_prior(seen))
        assert model.covariance is not None
        slope = model.slope_of_log_odds(asked, 14.0)
        error = np.sqrt(np.einsum("ni,ij,nj->n", slope, model.covariance, slope))
        low, high = around(model.p_no_return(asked, 14.0), error)
        held += (low <= expected) & (expected <= high)
    assert (held >= 88).all(), held


def bought(model: BgNbd, people: int, age: float, draw: np.random.Generator) -> Histories:
    """Histories that the model makes, all of one age."""
    rate, leave = draw.gamma(model.r, 1 / model.alpha, people), draw.beta(model.a, model.b, people)
    x, last, stays = np.zeros(people, np.int64), np.zeros(people), np.ones(people, np.bool_)
    at = np.zeros(people)
    while stays.any():
        at = at + draw.exponential(1 / rate)
        buys = stays & (at < age)
        x, last = x + buys, np.where(buys, at, last)
        stays = buys & (draw.random(people) >= leave)
    return Histories(x, last, np.full(people, age))


@pytest.mark.parametrize("name", ["logistic", "bg_nbd", "rf_table"])
def test_a_kept_forecast_has_the_intervals_of_the_fresh_one(name: ModelName) -> None:
    found = assessed(name)
    made = fitted_of(found)
    fresh, kept = made.bounds(found.people), Fitted.from_json(made.to_json()).bounds(found.people)
    assert fresh is not None
    assert kept is not None
    risk = made.risk(found.people)
    assert (fresh[0] <= risk).all()
    assert (risk <= fresh[1]).all()
    assert all(np.array_equal(one, same) for one, same in zip(fresh, kept, strict=True))


def test_the_ends_are_shifted_as_the_risk_is() -> None:
    found = assessed("rf_table")
    made = fitted_of(found)
    assert made.backtest is not None
    moved = replace(made, backtest=replace(made.backtest, shift=Shift(0.4, 0.7)))
    bare, shifted = made.bounds(found.people), moved.bounds(found.people)
    assert bare is not None
    assert shifted is not None
    assert shifted[0] == pytest.approx(Shift(0.4, 0.7).apply(bare[0]))
    assert shifted[1] == pytest.approx(Shift(0.4, 0.7).apply(bare[1]))


@pytest.mark.parametrize("name", ["logistic", "bg_nbd", "rf_table"])
def test_a_forecast_of_an_earlier_version_is_read_and_has_none(name: ModelName) -> None:
    found = assessed(name)
    document = json.loads(fitted_of(found).to_json())
    for key in ("covariance", "low", "high"):
        document[name].pop(key, None)
    old = Fitted.from_json(json.dumps(document))
    assert not old.has_bounds
    assert old.bounds(found.people) is None
    assert np.array_equal(old.risk(found.people), fitted_of(found).risk(found.people))


def test_without_a_forecast_there_is_no_interval() -> None:
    found = churn_risk(shop(20, 200, seed=1), date(2026, 4, 20), "visit", 28)
    assert not fitted_of(found).has_bounds
    assert fitted_of(found).bounds(found.people) is None
