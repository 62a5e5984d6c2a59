"""Churn of real customers: the measured accuracy of every model, and the whole assessment."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from crm import models
from crm.accuracy import accuracy, auc, brier_score
from crm.activity import Floats, activity_of, day_number
from crm.churn import ChurnRisk, churn_risk
from crm.features import SIGNS
from crm.lifecycle import STAGES, Stage, stages
from crm.models import LogisticModel, ModelName
from crm.reasons import points_of
from crm.return_odds import return_odds
from crm.snapshot import Snapshot
from tests.unit.crm.cdnow import cdnow, on

NEWEST, BEFORE = date(1998, 3, 31), date(1997, 12, 31)


@pytest.fixture(scope="module")
def assessed() -> ChurnRisk:
    return churn_risk(cdnow(), date(1998, 6, 30), "order", horizon=90)


def risk_of(name: ModelName, test: Snapshot) -> Floats:
    model = models.fit(name, test, on(BEFORE))
    assert model is not None
    return model.risk(test.people)


@pytest.mark.parametrize(
    ("name", "area", "brier"),
    [("bg_nbd", 0.830, 0.0895), ("logistic", 0.8384, 0.0892)],
)
def test_all_customers_are_forecast_as_well_as_measured(name: ModelName, area: float, brier: float) -> None:
    test = on(NEWEST)
    risk = risk_of(name, test)
    assert len(risk) == 23_570
    assert auc(risk, test.labelled) == pytest.approx(area, abs=0.01)
    assert brier_score(risk, test.labelled) == pytest.approx(brier, abs=0.002)


@pytest.mark.parametrize(
    ("name", "area", "brier"),
    [("bg_nbd", 0.725, 0.208), ("logistic", 0.728, 0.2057)],
)
def test_people_one_can_still_act_on_too(name: ModelName, area: float, brier: float) -> None:
    test = on(NEWEST)
    near = test.people.silence < 120
    risk, churned = risk_of(name, test)[near], test.labelled[near]
    assert auc(risk, churned) == pytest.approx(area, abs=0.01)
    assert brier_score(risk, churned) == pytest.approx(brier, abs=0.002)


def test_the_base_rate_is_as_measured_and_the_regression_is_calibrated() -> None:
    test = on(NEWEST)
    base = np.full(len(test.labelled), on(BEFORE).labelled.mean())
    found = accuracy(risk_of("logistic", test), test.labelled, base)
    assert found.churn_rate == pytest.approx(0.860, abs=0.001)
    assert found.base_brier == pytest.approx(0.1209, abs=0.0005)
    assert found.ece < 0.02


def test_return_odds_by_silence_are_as_measured() -> None:
    odds = return_odds(cdnow(), day_number(NEWEST), 90)
    shares = [round(100 * (bucket.returned.value or 0), 1) for bucket in odds]
    assert shares == [51.7, 43.7, 34.0, 25.7, 18.3, 5.9, 3.0]
    assert sum(bucket.returned.whole for bucket in odds) == 23_570


def test_stages_tell_returners_apart_as_measured() -> None:
    test = on(NEWEST)
    stage = stages(test.people, risk_of("bg_nbd", test))
    of_stage = {name: stage == code for code, name in enumerate(STAGES)}
    share = {name: float(rows.mean()) for name, rows in of_stage.items()}
    back = {name: float((~test.labelled[rows]).mean()) for name, rows in of_stage.items() if rows.any()}
    assert share[Stage.TERMINATION] == pytest.approx(0.654, abs=0.002)
    assert back[Stage.TERMINATION] == pytest.approx(0.039, abs=0.001)
    assert back[Stage.DANGER] == pytest.approx(0.242, abs=0.001)
    assert back[Stage.GROWTH] > 0.35
    assert back[Stage.STABLE] > 0.35


def test_the_champion_beats_the_base_rate_in_every_week(assessed: ChurnRisk) -> None:
    record = assessed.backtest
    assert record is not None
    assert set(record.rivals) == {"bg_nbd", "logistic"}
    assert len(record.cutoffs) == 8
    assert [cutoff.as_of for cutoff in record.cutoffs][-1] == date(1998, 4, 1)
    assert all((cutoff.accuracy.skill or 0) > 0.1 for cutoff in record.cutoffs)
    assert record.overall.people == sum(cutoff.accuracy.people for cutoff in record.cutoffs)


def test_the_record_is_said_in_a_sentence(assessed: ChurnRisk) -> None:
    assert assessed.backtest is not None
    last = assessed.backtest.cutoffs[-1]
    assert last.sentence().startswith(f"Of {last.marked:,} marked high on 1998-04-01, {last.gone:,} did not ")
    assert abs(last.gone - last.expected) / last.marked < 0.05


def test_points_sum_to_the_distance_from_the_average(assessed: ChurnRisk) -> None:
    assert assessed.forecast is not None
    shift = assessed.forecast.backtest.shift
    rows = assessed.ranked()[::97]
    for name in models.rivals("order"):
        model = models.fit(name, on(NEWEST, within=None), on(BEFORE, within=None))
        assert model is not None
        shown = assessed.people.take(rows)
        points = points_of(model, shift, assessed.people, shown)
        total = points.average + np.sum(list(points.of.values()), axis=0)
        assert total == pytest.approx(100 * shift.apply(model.risk(shown)), abs=1e-9)


def test_an_order_today_lowers_every_risk(assessed: ChurnRisk) -> None:
    assert assessed.forecast is not None
    model = assessed.forecast.model
    silent = assessed.people.take(assessed.people.silence > 0)
    assert np.all(model.risk(silent.after_visit_today()) <= model.risk(silent) + 1e-12)


def test_a_person_comes_with_reasons_band_and_action(assessed: ChurnRisk) -> None:
    first, last = assessed.persons(assessed.ranked()[[0, -1]])
    assert first.band == "high"
    assert last.band == "low"
    assert (first.risk or 0) > (last.risk or 1)
    assert len(first.reasons) == 3
    assert [abs(reason.points) for reason in first.reasons] == sorted(
        (abs(reason.points) for reason in first.reasons), reverse=True
    )
    assert first.counterfactual.startswith("an order today would put it at ")
    assert last.action


def test_risk_keeps_the_signs_that_reasons_promise(assessed: ChurnRisk) -> None:
    assert assessed.forecast is not None
    model = assessed.forecast.model
    assert isinstance(model, LogisticModel)
    assert np.all(model.regression.weights * SIGNS >= 0)


def test_what_happens_later_changes_nothing(assessed: ChurnRisk) -> None:
    full, early = cdnow(), date(1998, 3, 1)
    kept = full.day <= day_number(early)
    day = pl.Series(full.day[kept]).cast(pl.Int32).cast(pl.Date)
    cut = activity_of(
        pl.DataFrame({"person_id": full.names[full.person[kept]], "day": day, "value": full.value[kept]})
    )
    known_then, known_now = (churn_risk(activity, early, "order", 90) for activity in (cut, full))
    assert known_then.names.equals(known_now.names)
    assert known_then.backtest == known_now.backtest
    assert known_then.forecast is not None
    assert known_now.forecast is not None
    assert np.array_equal(known_then.forecast.risk, known_now.forecast.risk)
