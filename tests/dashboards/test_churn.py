"""The churn report on a real store: the risk in SQL is that of the mathematics, and today's events count."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from functools import cache

import numpy as np
import polars as pl
import pytest

from clicktrail.errors import ConfigError
from crm import bgnbd_fit, logistic, rf_table
from crm.activity import Activity, activity_of, day_number
from crm.backtest import Backtest
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
from dashboards.reports.churn.options import ChurnOptions, Listing, Moment, moment, parse
from dashboards.reports.churn.query import churn
from dashboards.reports.churn.risk import risk_of
from dashboards.reports.churn.score import score
from dashboards.reports.churn.scoring import facts, parameters
from schemas.arrow import schema
from schemas.event import Event
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


@cache
def record() -> Backtest:
    """A record of past weeks, whatever it says."""
    found = churn_risk(shop(3_000, 182, seed=2), TODAY, "visit", HORIZON).backtest
    assert found is not None
    return found


def forced(name: str, primary: Primary, now: Snapshot, train: Snapshot, shift: Shift) -> Fitted:
    """A forecast of one model, whether or not it would be the champion."""
    base = fitted_of(churn_risk(shop(60, 182, seed=1), TODAY, primary, HORIZON))
    seen = histories(now.everyone)
    bare = replace(
        base,
        primary=primary,
        site_gap=now.people.site_gap,
        backtest=replace(record(), shift=shift),
        bg_nbd=None,
        rf_table=None,
        logistic=None,
    )
    if name == "bg_nbd":
        return replace(bare, bg_nbd=bgnbd_fit.fit(seen, bgnbd_fit.neutral_prior(seen)))
    if name == "rf_table":
        return replace(bare, rf_table=rf_table.fit(train.people, train.labelled))
    return replace(bare, logistic=logistic.fit(features(train.people), train.labelled, SIGNS))


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
    bounds = fitted.bounds(people)
    assert bounds is not None
    for column, end in zip(("risk_low", "risk_high"), bounds, strict=True):
        assert np.abs(found[column].to_numpy() - end).max() < 1e-9, column
    assert (bounds[0] < risk).all()
    assert (risk < bounds[1]).all()
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


def test_the_risk_of_one_person_is_that_of_the_list_with_its_history(
    store: Store, site: Site, activity: Activity
) -> None:
    days = [date(2026, 6, 20), date(2026, 6, 28)]
    for day in days:
        score(store, site, now=NOW, primaries=("visit",), horizon=HORIZON, as_of=day.isoformat())
    options = ChurnOptions("visit", HORIZON)
    listed = churn(store, site, options, listing=Listing(limit=40), now=NOW).people
    names = [one.person_id for one in listed]
    found = risk_of(store, site, [*names, "nobody"], NOW, options)
    assert set(found) == set(names)
    for one in listed:
        same = found[one.person_id]
        assert same.person == one
        assert [past.as_of for past in same.history] in ([], days[1:], days), "silent ones are not in play"
    assert any(len(same.history) == 2 for same in found.values())


def test_the_scores_kept_are_the_risks_of_that_day(store: Store, site: Site, activity: Activity) -> None:
    day = date(2026, 6, 20)
    [scored] = score(store, site, now=NOW, primaries=("visit",), horizon=HORIZON, as_of=day.isoformat())
    past = snapshot(activity, day_number(day), HORIZON, day_number(day)).people
    rows = store.query("SELECT person_id, risk FROM visitor_scores FINAL ORDER BY person_id")
    assert rows["person_id"].to_list() == activity.names[past.person].to_list()
    assert rows["risk"].to_numpy() == pytest.approx(scored.fitted.risk(past), abs=1e-9)
    score(store, site, now=NOW, primaries=("visit",), horizon=HORIZON, as_of=day.isoformat())
    again = store.rows("SELECT count() AS n FROM visitor_scores FINAL")[0]["n"]
    assert again == rows.height, "the same day replaces itself"


def test_nothing_after_the_day_asked_for_is_looked_at(store: Store, site: Site, activity: Activity) -> None:
    options = ChurnOptions("visit", HORIZON, as_of="2026-06-10")
    before = churn(store, site, options, listing=Listing(limit=500), now=NOW).to_json()
    future = activity.day > day_number(date(2026, 6, 10))
    draw = np.random.default_rng(4)
    shuffled = replace(activity, person=activity.person.copy())
    shuffled.person[future] = draw.permutation(shuffled.person[future])
    store.command("TRUNCATE TABLE sessions")
    order = np.lexsort((shuffled.day, shuffled.person))
    moved = Activity(activity.names, shuffled.person[order], shuffled.day[order], activity.value[order])
    # Orders alternate along a person's days, so those after a changed day may differ: money is left aside.
    write_visits(store, site, moved)
    after = churn(store, site, options, listing=Listing(limit=500), now=NOW).to_json()
    assert before["meta"].pop("asked_at") == after["meta"].pop("asked_at")
    assert after == before


def test_people_joined_later_are_one_and_daily_ids_are_nobody(store: Store) -> None:
    day = day_number(TODAY)
    rows = [(f"p{n:02}", day - back) for n in range(60) for back in range(n % 7, 120, 7)]
    rows += [("phone", day - 3), ("laptop", day - 13), ("daily", day - 1)]
    write_visits(store, SITE, days_of(rows))
    store.insert(
        "persons",
        pl.DataFrame(
            {"site_id": [SITE.id] * 2, "visitor_id": ["phone", "laptop"], "person_id": ["user:ann"] * 2},
        ).with_columns(version=pl.lit(1, pl.UInt64), is_deleted=pl.lit(value=False)),
    )
    daily = Event(
        SITE.id, "d", "page_view", "native", NOW, NOW - timedelta(days=1), "daily", id_quality="salted_daily"
    )
    frame = pl.DataFrame({name: [getattr(daily, name)] for name in schema(Event)}, schema=schema(Event))
    store.insert("events", frame)
    found = churn(store, SITE, ChurnOptions("visit", 7), listing=Listing(limit=500), now=NOW)
    people = {one.person_id: one for one in found.people}
    assert "user:ann" in people
    assert people["user:ann"].known.active_days == 2
    assert not {"phone", "laptop", "daily"} & set(people)
    assert (found.left_out.part, found.left_out.whole) == (1, 63)
    ann = risk_of(store, SITE, ["user:ann"], NOW, ChurnOptions("visit", 7))
    assert ann["user:ann"].person == people["user:ann"]


def days_of(rows: list[tuple[str, int]]) -> Activity:
    """Activity from (person, days since 1970)."""
    names, days = zip(*rows, strict=True)
    frame = pl.DataFrame({"person_id": names, "day": pl.Series(days, dtype=pl.Int32).cast(pl.Date)})
    return activity_of(frame.with_columns(value=pl.lit(0.0)))


def test_a_filter_keeps_people_but_not_their_past(store: Store, site: Site, activity: Activity) -> None:
    options, all_people = ChurnOptions("visit", HORIZON), Listing(limit=5_000)
    everyone = {one.person_id: one for one in churn(store, site, options, (), all_people, now=NOW).people}
    found = churn(store, site, options, ("country=AT",), all_people, now=NOW)
    assert {one.person_id for one in found.people} == {name for name in everyone if name.endswith("1")}
    assert all(one == everyone[one.person_id] for one in found.people)
    assert found.in_play == len(found.people) < len(everyone)


def test_lists_and_counts_agree_for_every_band_stage_and_order(
    store: Store, site: Site, activity: Activity
) -> None:
    score(store, site, now=NOW, primaries=("order",), horizon=HORIZON)
    options = ChurnOptions("order", HORIZON)
    whole = churn(store, site, options, listing=Listing(limit=9_999), now=NOW)
    assert whole.in_play == len(whole.people)
    for name in ("low", "medium", "high"):
        ranked = [p for p in whole.people if p.band == name and not p.known.is_newcomer]
        assert whole.by("band")[name] == len(ranked)
        listed = churn(store, site, options, listing=Listing(band=name, limit=9_999), now=NOW).people
        assert {p.person_id for p in listed} == {p.person_id for p in whole.people if p.band == name}
    for stage, count in whole.by("stage").items():
        listed = churn(store, site, options, listing=Listing(stage=stage, limit=9_999), now=NOW).people
        assert len(listed) == count
        assert all(p.stage.value == stage for p in listed)
    by_value = churn(store, site, options, listing=Listing(sort="value", limit=50), now=NOW).people
    values = [p.at_risk or 0.0 for p in by_value]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0
    two = [churn(store, site, options, listing=Listing(offset=at), now=NOW).people for at in (0, 25)]
    assert (*two[0], *two[1]) == whole.people[:50]
    above = churn(store, site, options, listing=Listing(above=0.5, ranked=True, limit=9_999), now=NOW).people
    assert len(above) == sum(
        1 for p in whole.people if not p.known.is_newcomer and p.risk is not None and p.risk >= 0.5
    )


def test_a_large_site_without_a_forecast_says_which_command_to_run(
    store: Store, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit, "SMALL", 100)
    with pytest.raises(
        ConfigError, match="run `clicktrail score --site leavers --primary order --horizon 28`"
    ):
        churn(store, site, ChurnOptions("order", 28), now=NOW)
    score(store, site, now=NOW, primaries=("order",), horizon=28)
    assert churn(store, site, ChurnOptions("order", 28), now=NOW).learnt.is_kept
    with pytest.raises(ConfigError, match="no forecast is kept"):
        churn(store, site, ChurnOptions("order", 28), now=NOW + timedelta(days=40))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"horizon": "0d"}, "horizon=0d: give 1d to 366d"),
        ({"horizon": "a week"}, "horizon=a week"),
        ({"primary": "sale"}, "primary=sale: choose visit, order"),
        ({"as-of": "2026-13-01"}, "as-of=2026-13-01: write a date"),
        ({"as-of": "2030-01-01"}, "that is still to come"),
        ({"as-of": "2026-07-01T13:00:00Z"}, "that is still to come"),
        ({"as-of": "sooT"}, "as-of=sooT: write"),
        ({"colour": "red"}, "churn has no option 'colour'"),
    ],
)
def test_what_cannot_be_meant_is_said(store: Store, given: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        churn(store, SITE, parse(given), now=NOW)


def test_moments() -> None:
    vienna = "Europe/Vienna"
    assert moment("", vienna, NOW) == Moment(NOW, TODAY, TODAY - timedelta(days=1))
    past = moment("2026-06-30", vienna, NOW)
    assert past == Moment(
        datetime(2026, 6, 30, 22, tzinfo=timezone.utc), date(2026, 6, 30), date(2026, 6, 30)
    )
    within_day = moment("2026-06-30T10:00:00Z", vienna, NOW)
    assert (within_day.today, within_day.whole) == (date(2026, 6, 30), date(2026, 6, 29))
