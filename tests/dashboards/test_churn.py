"""The churn report on a real store: the risk in SQL is that of the mathematics, and today's events count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from crm import bgnbd_fit, logistic, rf_table
from crm.activity import Activity, activity_of, day_number
from crm.calibration import Shift
from crm.churn import churn_risk
from crm.features import SIGNS, features
from crm.fitted import Fitted, fitted_of
from crm.lifecycle import STAGES, stages
from crm.models import Primary, histories
from crm.snapshot import Snapshot, snapshot
from dashboards.computed import Computed
from dashboards.expressions import Expression, fill
from dashboards.reports.churn import fit
from dashboards.reports.churn.options import ChurnOptions, Listing, Moment, moment
from dashboards.reports.churn.query import churn
from dashboards.reports.churn.score import score
from dashboards.reports.churn.scoring import facts, parameters
from schemas.objects import Site
from store.tables.client import Store
from tests.dashboards.leavers import noon, write_visits
from tests.unit.crm.sites import shop

SITE = Site("leavers", timezone="Europe/Vienna")
NOW = noon(2026, 7, 1)
TODAY = date(2026, 7, 1)
HORIZON = 28


@pytest.fixture(scope="module")
def activity() -> Activity:
    """4,000 people of the first half of 2026, known up to today."""
    made = shop(4_000, 182, seed=11)
    assert made.day.max() == day_number(TODAY)
    return made


@pytest.fixture
def site(store: Store, activity: Activity) -> Site:
    write_visits(store, SITE, activity)
    return SITE


def asked(store: Store, site: Site, fitted: Fitted, at: Moment) -> pl.DataFrame:
    """Every person in play as the engine sees them, by name."""
    text = fill("SELECT f.* FROM /*facts*/ 1 AS f", facts=Expression(facts(fitted)))
    found = Computed("all", "", text, parameters(site, at, fitted))
    rows = store.query(found.sql, None, **found.used()).drop("days")
    names = store.query(
        "SELECT vh AS person, any(visitor_id) AS name FROM sessions WHERE site_id = {s:String} GROUP BY vh",
        s=site.id,
    )
    return rows.join(names, on="person").sort("name")


def orders_of(activity: Activity) -> Activity:
    """The orders of what `write_visits` writes."""
    frame = pl.DataFrame(
        {
            "person_id": activity.names.gather(pl.Series(activity.person)),
            "day": pl.Series(activity.day).cast(pl.Int32).cast(pl.Date),
            "value": 20.0,
        }
    )
    second = pl.int_range(pl.len()).over("person_id") % 2 == 1
    return activity_of(frame.filter(second))


def forced(name: str, primary: Primary, now: Snapshot, train: Snapshot, shift: Shift) -> Fitted:
    """A forecast of one model, whether or not it would be the champion."""
    base = fitted_of(churn_risk(shop(60, 182, seed=1), TODAY, primary, HORIZON))
    seen = histories(now.everyone)
    made = {
        "bg_nbd": lambda: bgnbd_fit.fit(seen, bgnbd_fit.neutral_prior(seen)),
        "rf_table": lambda: rf_table.fit(train.people, train.labelled),
        "logistic": lambda: logistic.fit(features(train.people), train.labelled, SIGNS),
    }[name]()
    none = {"bg_nbd": None, "rf_table": None, "logistic": None}
    record = churn_risk(shop(3_000, 182, seed=2), TODAY, "visit", HORIZON).backtest
    assert record is not None
    return replace(
        base,
        primary=primary,
        site_gap=now.people.site_gap,
        backtest=replace(record, shift=shift),
        **{**none, name: made},
    )


@pytest.mark.parametrize("name", ["bg_nbd", "rf_table", "logistic"])
@pytest.mark.parametrize("primary", ["visit", "order"])
@pytest.mark.parametrize("shift", [Shift(), Shift(-0.3, 1.4)], ids=["as it is", "shifted"])
def test_the_risk_in_sql_is_the_risk_of_the_mathematics(
    store: Store, site: Site, activity: Activity, name: str, primary: Primary, shift: Shift
) -> None:
    known = activity if primary == "visit" else orders_of(activity)
    today = day_number(TODAY)
    now = snapshot(known, today, HORIZON, today)
    fitted = forced(name, primary, now, snapshot(known, today - HORIZON, HORIZON, today), shift)
    fitted = Fitted.from_json(fitted.to_json())
    found = asked(store, site, fitted, Moment(NOW + timedelta(hours=1), TODAY, TODAY))
    people = now.people
    assert found["name"].to_list() == known.names[people.person].to_list()
    for column in ("active_days", "first", "last", "last_gap", "recent_days", "season_days", "quarter_days"):
        assert np.array_equal(found[column].to_numpy(), getattr(people, column)), column
    assert np.array_equal(found["previous_quarter_days"].to_numpy(), people.previous_quarter_days)
    for column in ("usual_gap", "lateness", "mean_value"):
        assert found[column].to_numpy() == pytest.approx(getattr(people, column), abs=1e-9), column
    risk = fitted.risk(people)
    assert len(np.unique(risk)) > 10
    assert np.abs(found["risk"].to_numpy() - risk).max() < 1e-9
    assert found["stage"].to_list() == [STAGES[code].value for code in stages(people, risk)]


def test_without_a_forecast_the_stage_needs_no_risk(store: Store, site: Site, activity: Activity) -> None:
    today = day_number(TODAY)
    now = snapshot(activity, today, HORIZON, today)
    fitted = fitted_of(churn_risk(shop(20, 182, seed=1), TODAY, "visit", HORIZON))
    assert fitted.name is None
    fitted = replace(fitted, site_gap=now.people.site_gap)
    found = asked(store, site, fitted, Moment(NOW + timedelta(hours=1), TODAY, TODAY))
    assert found["stage"].to_list() == [STAGES[code].value for code in stages(now.people, None)]
    assert found["risk"].is_nan().all()


def test_what_is_learnt_from_the_store_is_what_is_learnt_from_the_days(
    store: Store, site: Site, activity: Activity
) -> None:
    at = moment("", site.timezone, NOW)
    found = fit.learn(store, site, "visit", HORIZON, at)
    expected = fitted_of(churn_risk(activity, TODAY - timedelta(days=1), "visit", HORIZON))
    assert found.name == expected.name == "logistic"
    assert found.people == expected.people
    assert found.logistic is not None
    assert expected.logistic is not None
    assert found.logistic.weights == pytest.approx(expected.logistic.weights, abs=1e-9)
    assert found.backtest is not None
    assert expected.backtest is not None


def test_the_report_is_the_assessment_of_the_mathematics(
    store: Store, site: Site, activity: Activity
) -> None:
    found = churn(store, site, ChurnOptions("visit", HORIZON), listing=Listing(limit=50), now=NOW)
    assert not found.learnt.is_kept
    document = found.to_json()
    assert document["model"] == "logistic"
    assert document["horizon_days"] == HORIZON
    assert document["people"] == sum(document["bands"].values()) + document["newcomers"]
    risks = [one["risk"] for one in document["visitors"]]
    assert len(risks) == 50
    assert risks == sorted(risks, reverse=True)
    assert not any(one["is_newcomer"] for one in document["visitors"])
    for one in document["visitors"]:
        assert 1 <= len(one["reasons"]) <= 3
        assert one["action"]


def test_an_event_of_this_minute_moves_the_risk_at_once(store: Store, site: Site, activity: Activity) -> None:
    score(store, site, now=NOW, primaries=("visit",), horizon=HORIZON)
    options = ChurnOptions("visit", HORIZON)
    before = churn(store, site, options, now=NOW)
    assert before.learnt.is_kept
    first = before.people[0]
    late = activity_of(
        pl.DataFrame(
            {"person_id": [first.person_id], "day": [TODAY], "value": [0.0]},
            schema={"person_id": pl.String, "day": pl.Date, "value": pl.Float64},
        )
    )
    write_visits(store, site, late, hour=11)
    after = churn(store, site, options, listing=Listing(limit=5_000), now=NOW)
    same = next(one for one in after.people if one.person_id == first.person_id)
    assert first.risk is not None
    assert same.risk is not None
    assert first.after_today == pytest.approx(same.risk, abs=1e-9)
    assert same.risk < first.risk
