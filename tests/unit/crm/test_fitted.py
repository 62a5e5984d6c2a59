"""A kept forecast says exactly what the fresh one said, for each model, about risk and reasons."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from clicktrail.errors import InputError
from crm.activity import Activity, day_of
from crm.churn import ChurnRisk, churn_risk
from crm.fitted import Fitted, fitted_of
from crm.models import ModelName, Primary
from crm.reasons import points_of
from tests.unit.crm.cdnow import cdnow
from tests.unit.crm.sites import START, shop


def assessed(name: str) -> ChurnRisk:
    """An assessment whose champion is this model."""
    cases: dict[str, tuple[Activity, date, Primary, int]] = {
        "logistic": (cdnow(), date(1998, 3, 31), "order", 90),
        "bg_nbd": (shop(4_000, 200, seed=8), START + timedelta(days=180), "order", 28),
        "rf_table": (shop(600, 200, seed=8), START + timedelta(days=180), "visit", 28),
    }
    activity, as_of, primary, horizon = cases[name]
    return churn_risk(activity, as_of, primary, horizon)


@pytest.mark.parametrize("name", ["logistic", "bg_nbd", "rf_table"])
def test_a_kept_forecast_is_the_fresh_one(name: ModelName) -> None:
    found = assessed(name)
    assert found.forecast is not None
    assert found.backtest is not None
    made = fitted_of(found)
    kept = Fitted.from_json(made.to_json())
    assert kept.name == name
    assert kept.to_json() == made.to_json()
    assert np.array_equal(kept.risk(found.people), found.forecast.risk)
    assert kept.backtest == found.backtest
    assert (kept.base_rate, kept.lost, kept.horizon) == (found.base_rate, found.lost, found.horizon)
    some = found.people.take(np.arange(0, len(found.people.person), 97))
    fresh = points_of(found.forecast.model, found.backtest.shift, found.people, some)
    again = kept.points(some)
    assert again is not None
    assert again.average == pytest.approx(fresh.average, abs=1e-9)
    for kind, points in fresh.of.items():
        assert again.of[kind] == pytest.approx(points, abs=1e-9)


def test_the_model_card_names_every_fact_and_what_is_held_has_no_interval() -> None:
    kept = Fitted.from_json(fitted_of(assessed("logistic")).to_json())
    ratios = kept.odds_ratios()
    assert list(ratios)[:2] == ["silence", "lateness"]
    assert all(found.ratio > 0 for found in ratios.values())
    for found in ratios.values():
        held = found.low is None
        assert held == (found.ratio == 1.0)
        assert held or found.low < found.ratio < found.high  # type: ignore[operator]


def test_withheld_percentages_stay_withheld() -> None:
    found = churn_risk(shop(20, 200, seed=1), day_of(20_600), "visit", 28)
    kept = Fitted.from_json(fitted_of(found).to_json())
    assert (kept.name, kept.why_not, kept.withheld) == (None, "few", found.withheld)
    assert np.isnan(kept.risk(found.people)).all()
    assert kept.points(found.people) is None
    assert kept.odds_ratios() == {}


@pytest.mark.parametrize("document", ["", "{}", '{"primary": "sale"}', "[1]"])
def test_a_document_of_another_kind_says_what_to_do(document: str) -> None:
    with pytest.raises(InputError, match="run `clicktrail score`"):
        Fitted.from_json(document)
