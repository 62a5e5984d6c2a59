"""BG/NBD against its paper (Fader, Hardie, Lee 2005), simulation and its own derivatives."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from clicktrail.errors import InputError
from crm import bgnbd_fit
from crm.accuracy import auc, brier_score
from crm.activity import Floats
from crm.bgnbd import BgNbd, Histories, log_rising
from crm.models import histories
from crm.summary import Summary
from tests.unit.crm.cdnow import calibration_weeks, cdnow, on

PUBLISHED = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)


def one(x: int, t_x: float, age: float) -> Histories:
    return Histories(np.array([x]), np.array([t_x]), np.array([age]))


def test_the_published_parameters_and_likelihood_come_out() -> None:
    weeks = calibration_weeks()
    model = bgnbd_fit.fit(weeks, None)
    assert len(weeks.x) == 2357
    assert (model.r, model.alpha, model.a, model.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=1e-3)
    assert bgnbd_fit.log_likelihood(model, weeks) == pytest.approx(-9582.43, abs=0.01)


def test_the_published_forecast_of_one_customer_comes_out() -> None:
    assert PUBLISHED.expected_purchases(one(2, 30.43, 38.86), 39)[0] == pytest.approx(1.226, abs=1e-3)


def test_forecasts_of_the_next_39_weeks_follow_what_was_bought() -> None:
    expected = PUBLISHED.expected_purchases(calibration_weeks(), 39)
    activity, cut = cdnow(sample=True), on(date(1997, 9, 30)).everyone.as_of
    later = (activity.day > cut) & (activity.day <= cut + 39 * 7)
    bought = np.bincount(activity.person[later], minlength=activity.persons)
    assert expected.sum() == pytest.approx(1653, abs=2)
    assert np.corrcoef(expected, bought)[0, 1] == pytest.approx(0.626, abs=0.002)


def test_the_unit_of_time_changes_only_alpha() -> None:
    weeks = calibration_weeks()
    in_weeks = bgnbd_fit.fit(weeks, None)
    in_days = bgnbd_fit.fit(Histories(weeks.x, weeks.t_x * 7, weeks.T * 7), None)
    assert in_days.alpha / 7 == pytest.approx(in_weeks.alpha, rel=1e-4)
    assert (in_days.r, in_days.a, in_days.b) == pytest.approx((in_weeks.r, in_weeks.a, in_weeks.b), rel=1e-4)


def test_weeks_stand_in_for_days_where_histories_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    days = histories(on(date(1998, 3, 31)).everyone)
    coarse = bgnbd_fit.fit(days, None)
    monkeypatch.setattr(bgnbd_fit, "MANY_ROWS", 10**9)
    exact = bgnbd_fit.fit(days, None)
    assert (coarse.r, coarse.alpha, coarse.a, coarse.b) == pytest.approx(
        (exact.r, exact.alpha, exact.a, exact.b), rel=0.015
    )
    assert coarse.p_no_return(days, 90.0) == pytest.approx(exact.p_no_return(days, 90.0), abs=0.002)


def test_the_slope_is_the_slope() -> None:
    grouped = bgnbd_fit._Grouped.of(calibration_weeks())
    prior = bgnbd_fit.neutral_prior(calibration_weeks())
    theta = np.log([0.5, 3.0, 1.3, 2.0])
    slope = grouped.posterior(theta, prior)[1]
    for k, nudge in enumerate(np.eye(4) * 1e-5):
        rise = grouped.posterior(theta + nudge, prior)[0] - grouped.posterior(theta - nudge, prior)[0]
        assert slope[k] == pytest.approx(rise / 2e-5, rel=1e-5)


def test_rising_products() -> None:
    assert np.exp(log_rising(2.5, np.array([0, 1, 3]))) == pytest.approx([1, 2.5, 2.5 * 3.5 * 4.5])


def _simulated(people: int, age: float, span: float) -> tuple[Histories, Floats]:
    """Histories of simulated customers, and how many purchases each makes in the `span` after."""
    draw = np.random.default_rng(20261125)
    rate, leave = draw.gamma(0.9, 1 / 6.0, people), draw.beta(1.2, 2.4, people)
    x, last, later = np.zeros(people, dtype=np.int64), np.zeros(people), np.zeros(people)
    who, at = np.arange(people), np.zeros(people)
    while len(who):
        at = at + draw.exponential(1 / rate[who])
        come = at < age + span
        who, at = who[come], at[come]
        seen = at < age
        x[who[seen]] += 1
        last[who[seen]] = at[seen]
        later[who[~seen]] += 1
        stays = draw.random(len(who)) >= leave[who]
        who, at = who[stays], at[stays]
    return Histories(x, last, np.full(people, age)), later


def test_simulated_customers_do_as_forecast() -> None:
    truth = BgNbd(r=0.9, alpha=6.0, a=1.2, b=2.4)
    seen, later = _simulated(200_000, age=30.0, span=20.0)
    risk, expected = truth.p_no_return(seen, 20.0), truth.expected_purchases(seen, 20.0)
    for group in (seen.x == 0, seen.x == 1, (seen.x > 1) & (seen.t_x < 15), (seen.x > 1) & (seen.t_x >= 15)):
        count = group.sum()
        assert count > 5_000
        assert risk[group].mean() == pytest.approx((later[group] == 0).mean(), abs=4 * 0.5 / count**0.5)
        margin = 4 * later[group].std() / count**0.5
        assert expected[group].mean() == pytest.approx(later[group].mean(), abs=margin)


def test_the_forecast_passes_smoothly_through_a_equal_to_one() -> None:
    seen = one(3, 20.0, 30.0)
    at, near = (BgNbd(0.9, 6.0, a, 2.4).expected_purchases(seen, 20.0)[0] for a in (1.0, 1.0001))
    assert at == pytest.approx(near, rel=1e-4)
    assert at > 0


def test_nobody_without_a_repeat_is_gone_which_is_why_risk_is_no_return() -> None:
    test = on(date(1998, 3, 31))
    seen = histories(test.people)
    model = bgnbd_fit.fit(seen, None)
    gone = model.p_gone(seen)
    assert np.all(gone[seen.x == 0] == 0)
    assert auc(gone, test.labelled) == pytest.approx(0.344, abs=0.005)  # backwards
    assert auc(model.p_no_return(seen, 90.0), test.labelled) == pytest.approx(0.830, abs=0.01)


@pytest.mark.parametrize(("people", "area", "brier"), [(30, 0.824, 0.0906), (100, 0.828, 0.0897)])
def test_a_few_dozen_people_are_enough_with_the_neutral_prior(people: int, area: float, brier: float) -> None:
    test = on(date(1998, 3, 31))
    seen = histories(test.people)
    areas, briers = zip(*(_learned_from(people, seed, seen, test.people) for seed in range(20)), strict=True)
    assert np.mean(areas) == pytest.approx(area, abs=0.01)
    assert np.mean(briers) == pytest.approx(brier, abs=0.002)
    assert max(briers) < 0.1


def _learned_from(people: int, seed: int, seen: Histories, everyone: Summary) -> tuple[float, float]:
    chosen = np.random.default_rng(seed).choice(len(seen.x), people, replace=False)
    few = histories(everyone.take(chosen))
    model = bgnbd_fit.fit(few, bgnbd_fit.neutral_prior(few))
    rest = np.setdiff1d(np.arange(len(seen.x)), chosen)
    risk = model.p_no_return(seen, 90.0)[rest]
    churned = on(date(1998, 3, 31)).labelled[rest]
    return auc(risk, churned) or 0.0, brier_score(risk, churned)


def test_histories_that_fix_no_parameters_need_the_prior() -> None:
    nobody_came_back = Histories(np.zeros(40, dtype=np.int64), np.zeros(40), np.arange(1.0, 41.0))
    with pytest.raises(InputError, match="fit with a prior"):
        bgnbd_fit.fit(nobody_came_back, None)
    model = bgnbd_fit.fit(nobody_came_back, bgnbd_fit.neutral_prior(nobody_came_back))
    assert np.all(model.p_no_return(nobody_came_back, 30.0) > 0.5)


def test_no_histories_are_refused() -> None:
    empty = Histories(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
    with pytest.raises(InputError, match="at least one history"):
        bgnbd_fit.fit(empty, None)
