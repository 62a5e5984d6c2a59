"""The ladder from facts to a contest of models, the choice of the champion, and what is said of a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from clicktrail.errors import ConfigError
from crm.activity import Activity, Floats, day_number, day_of
from crm.backtest import Snapshots, Trial, backtest, choose, trials
from crm.bands import band
from crm.calibration import Shift
from crm.churn import churn_risk
from crm.lifecycle import Stage
from crm.models import Primary, fit
from crm.snapshot import snapshot
from crm.words import ago, days, in_ten
from tests.unit.crm.sites import START, shop, site


def day(number: int) -> date:
    return START + timedelta(days=number)


def regulars(people: int, *, days: int = 200) -> Activity:
    """Half come every 5 days for ever, half do so until they stop, one after the other."""
    rows = []
    for person in range(people):
        stops = days if person % 2 else 20 + person * (days - 20) // people
        rows += [(f"p{person:03}", at) for at in range(person % 5, stops, 5)]
    return site(rows)


def test_below_thirty_returning_people_only_facts_are_said() -> None:
    found = churn_risk(regulars(29), day(199), "visit", horizon=7)
    assert found.forecast is None
    assert found.backtest is None
    assert found.withheld == "29 people have come back so far; a forecast needs 30"
    person = found.persons(found.ranked()[:1])[0]
    assert (person.risk, person.band, person.reasons, person.counterfactual) == (None, None, (), "")
    assert person.facts.startswith("last seen ")
    assert person.facts.endswith("; usual gap 5 days")


def test_from_thirty_a_simple_model_is_tried() -> None:
    found = churn_risk(regulars(80), day(199), "visit", horizon=7)
    assert found.forecast is not None
    assert found.forecast.model.name == "rf_table"
    assert found.backtest is not None
    assert list(found.backtest.rivals) == ["rf_table"]  # too few for a regression


@pytest.mark.parametrize(
    ("rows", "gone", "competes"), [(1000, 100, True), (999, 500, False), (1000, 99, False)]
)
def test_the_regression_competes_from_a_thousand_with_a_hundred_of_each(
    rows: int, gone: int, competes: bool
) -> None:
    visits = site([(f"p{person:04}", person % 20) for person in range(rows)])
    now = snapshot(visits, day_number(day(20)), 28, day_number(day(20)))
    for churned in (np.arange(rows) < gone, np.arange(rows) >= gone):
        assert (fit("logistic", now, replace(now, churned=churned)) is not None) == competes


def test_orders_use_the_model_of_purchases() -> None:
    found = churn_risk(regulars(80), day(199), "order", horizon=7)
    assert found.backtest is not None
    assert list(found.backtest.rivals) == ["bg_nbd"]


def test_a_site_without_a_finished_horizon_says_so() -> None:
    found = churn_risk(regulars(60, days=60), day(59), "visit", horizon=60)
    assert found.forecast is None
    assert found.base_rate is None
    assert found.withheld == "The site is too young to check a forecast of 60 days"


def test_a_forecast_no_better_than_the_base_rate_is_withheld() -> None:
    always = site([(f"p{person:02}", at) for person in range(40) for at in range(0, 200, 5)])
    found = churn_risk(always, day(195), "visit", horizon=7)
    assert found.base_rate == 0  # nobody ever left: there is nothing to forecast
    assert found.forecast is None
    assert found.backtest is not None
    assert found.withheld == "The forecast did no better than giving everybody the base rate"


def test_a_forecast_that_only_tells_newcomers_apart_is_withheld() -> None:
    """Newcomers mostly leave, regulars mostly stay, and nothing tells one regular from another."""
    draw = np.random.default_rng(4)
    found = backtest(tuple(told_apart(week, draw) for week in range(4)), "visit")
    assert found is not None
    assert found.ranked is not None
    assert found.beats_base_rate
    assert not found.ranks_better
    assert found.ranked.base_brier == pytest.approx(0.16, abs=0.01)


def told_apart(week: int, draw: np.random.Generator) -> Trial:
    regular = np.arange(2_000) % 2 == 0
    churned = draw.random(2_000) < np.where(regular, 0.2, 0.8)
    risk = np.where(regular, 0.2 + draw.choice([-0.1, 0.1], 2_000), 0.8)
    base = np.full(2_000, 0.5)
    return Trial(day_of(20_000 + 7 * week), churned, base, {"rf_table": risk}, regular, 0.2)


def test_what_is_proved_for_newcomers_only_shows_no_percentage() -> None:
    rows = [(f"n{n:04}", at) for n in range(1_500) for at in [n % 190]]  # they come once
    rows += [(f"r{n:04}", at) for n in range(60) for at in range(n % 7, 195, 7)]  # they never leave
    found = churn_risk(site(rows), day(194), "visit", horizon=7)
    assert found.backtest is not None
    assert found.backtest.beats_base_rate
    assert (found.forecast, found.why_not) == (None, "no_better_ranked")
    assert "did not beat their base rate" in found.withheld


def test_nobody_at_all_is_no_error() -> None:
    found = churn_risk(site([]), day(10), "visit")
    assert (len(found.people.person), found.lost, found.persons(found.ranked())) == (0, 0, ())


def test_the_forecast_of_many_is_calibrated() -> None:
    activity = shop(60_000, 400, seed=7)
    found = churn_risk(activity, day(360), "visit", horizon=28)
    assert found.backtest is not None
    assert found.forecast is not None
    assert set(found.backtest.rivals) == {"rf_table", "logistic"}
    assert found.backtest.overall.people > 20_000
    assert found.backtest.overall.ece <= 0.03
    assert found.backtest.shift == Shift()
    assert all(decile.actual.whole > 2_000 for decile in found.backtest.overall.deciles)
    # and what then happens is as forecast
    after = (activity.day > found.people.as_of) & (activity.day <= found.people.as_of + 28)
    back = np.isin(found.people.person, activity.person[after])
    assert found.forecast.risk.mean() == pytest.approx(1 - back.mean(), abs=0.02)


def test_newcomers_come_after_those_who_can_be_ranked() -> None:
    found = churn_risk(shop(5_000, 200, seed=8), day(180), "visit", horizon=28)
    assert found.forecast is not None
    order = found.ranked()
    newcomer = found.people.active_days[order] == 1
    assert not np.any(newcomer[:-1] & ~newcomer[1:])
    ranked = found.forecast.risk[order][~newcomer]
    assert np.all(np.diff(ranked) <= 0)
    last = found.persons(order[-1:])[0]
    assert last.is_newcomer
    assert "usual" not in last.facts


@pytest.mark.parametrize("horizon", [0, -1, 367])
def test_a_horizon_out_of_range_is_refused(horizon: int) -> None:
    with pytest.raises(ConfigError, match=f"horizon {horizon}: give 1 to 366 days"):
        churn_risk(regulars(40), day(199), "visit", horizon)


@pytest.mark.parametrize(
    ("simple", "complex_", "champion"),
    [
        pytest.param([0.20, 0.21, 0.20], [0.15, 0.16, 0.15], "logistic", id="clearly better wins"),
        pytest.param(
            [0.20, 0.21, 0.20], [0.19, 0.22, 0.195], "rf_table", id="within an error the simpler wins"
        ),
        pytest.param([0.15, 0.16, 0.15], [0.20, 0.21, 0.20], "rf_table", id="better and simpler wins"),
        pytest.param([0.20], [0.19], "logistic", id="one week has no error"),
    ],
)
def test_the_champion(simple: list[float], complex_: list[float], champion: str) -> None:
    assert choose({"rf_table": np.array(simple), "logistic": np.array(complex_)}) == champion


def trial(week: int, *, logistic: bool = True, off: float = 0.0, people: int = 2_000) -> Trial:
    draw = np.random.default_rng(week)
    truth = draw.uniform(0.05, 0.75, people)
    churned = draw.random(people) < truth
    risk: Floats = truth + off
    tried = {"rf_table": np.full(people, 0.5), "logistic": risk} if logistic else {"rf_table": risk}
    return Trial(day(7 * week), churned, np.full(people, churned.mean()), tried)  # type: ignore[arg-type]


def test_a_rival_fitted_in_fewer_than_half_of_the_weeks_does_not_compete() -> None:
    found = backtest((trial(0, logistic=False), trial(1, logistic=False), trial(2)), "visit")
    assert found is not None
    assert list(found.rivals) == ["rf_table"]
    assert len(found.cutoffs) == 3


def test_rivals_are_compared_in_the_weeks_they_share() -> None:
    found = backtest((trial(0, logistic=False), trial(1), trial(2)), "visit")
    assert found is not None
    assert found.champion == "logistic"
    assert [cutoff.as_of for cutoff in found.cutoffs] == [day(7), day(14)]
    assert found.rivals["rf_table"] == pytest.approx(0.25)


def until(activity: Activity, last: int) -> Activity:
    """What would have been known at the end of day `last`."""
    kept = activity.day <= last
    names, number = np.unique(activity.person[kept], return_inverse=True)
    return Activity(activity.names[names], number, activity.day[kept], activity.value[kept])


@pytest.mark.parametrize("primary", ["visit", "order"])
def test_no_week_of_the_record_is_forecast_from_its_future(primary: Primary) -> None:
    activity, newest = shop(12_000, 300, seed=9), day_number(day(290))
    made = trials(Snapshots(activity, 28, newest), primary)
    assert len(made) == 8
    for tried in made[::3]:
        then = day_number(tried.as_of)
        past = Snapshots(until(activity, then), 28, then)
        assert len(tried.risk) == 2
        for name, risk in tried.risk.items():
            model = fit(name, past.at(then), past.newest_labelled(then))
            assert model is not None
            assert np.array_equal(model.risk(past.at(then).people), risk)


def test_forecasts_that_were_off_lately_are_shifted() -> None:
    made = tuple(trial(week, off=0.15) for week in range(8))
    found = backtest(made, "visit")
    assert found is not None
    assert found.overall.ece == pytest.approx(0.15, abs=0.02)
    assert found.beats_base_rate
    again = trial(20, off=0.15)
    assert found.shift.apply(again.risk["logistic"]).mean() == pytest.approx(again.churned.mean(), abs=0.03)


def test_forecasts_that_were_right_or_few_are_left_alone() -> None:
    right = backtest(tuple(trial(week) for week in range(8)), "visit")
    few = backtest(tuple(trial(week, off=0.15, people=100) for week in range(8)), "visit")
    assert right is not None
    assert few is not None
    assert right.shift == few.shift == Shift()


def test_the_record_without_newcomers_is_that_of_the_others() -> None:
    made = tuple(replace(trial(week), ranked=np.arange(2_000) % 4 == 0) for week in range(3))
    found = backtest(made, "visit")
    assert found is not None
    assert found.ranked is not None
    assert found.ranked.people == 3 * 500
    few = tuple(
        replace(
            one,
            churned=one.churned[::4],
            base=one.base[::4],
            risk={name: risk[::4] for name, risk in one.risk.items()},
            ranked=None,
        )
        for one in made
    )
    alone = backtest(few, "visit")
    assert alone is not None
    assert found.champion == alone.champion
    assert found.ranked == alone.overall == alone.ranked
    nobody = backtest(tuple(replace(one, ranked=np.zeros(2_000, np.bool_)) for one in made), "visit")
    assert nobody is not None
    assert nobody.ranked is None


def test_no_trials_no_record() -> None:
    assert backtest((), "visit") is None


@pytest.mark.parametrize(
    ("risk", "name", "words"),
    [
        (0.01, "low", "less than 1 in 10"),
        (0.33, "low", "3 in 10"),
        (0.34, "medium", "3 in 10"),
        (0.66, "medium", "7 in 10"),
        (0.67, "high", "7 in 10"),
        (0.99, "high", "more than 9 in 10"),
    ],
)
def test_bands_and_words(risk: float, name: str, words: str) -> None:
    assert (band(risk), in_ten(risk)) == (name, words)


def test_days_in_words() -> None:
    assert (days(1), days(1.4), days(1200), ago(0), ago(1)) == (
        "1 day",
        "1 day",
        "1,200 days",
        "today",
        "1 day ago",
    )


def test_stages_of_telling_lives() -> None:
    lives = {
        "first": [198],
        "more often": [*range(0, 110, 25), *range(111, 199, 8)],
        "as ever": list(range(0, 199, 8)),
        "late": list(range(0, 180, 5)),
        "back": [0, 10, 20, 30, 190],
    }
    filler = [(f"x{person}", at) for person in range(20) for at in range(person % 5, 200, 10)]
    rows = [(name, at) for name, days in lives.items() for at in days] + filler
    found = churn_risk(site(rows), day(199), "visit", horizon=28)
    stage = {person.person_id: person.stage for person in found.persons(found.ranked())}
    assert {name: stage[name] for name in lives} == {
        "first": Stage.NEW,
        "more often": Stage.GROWTH,
        "as ever": Stage.STABLE,
        "late": Stage.DANGER,
        "back": Stage.RETURNED,
    }
    assert all(kind.action for kind in Stage)


def test_reasons_are_sentences_with_points() -> None:
    found = churn_risk(regulars(80), day(199), "visit", horizon=7)
    quiet = [row for row in found.ranked() if found.people.silence[row] > 7]
    person = found.persons(np.array(quiet[:1]))[0]
    silence = next(reason for reason in person.reasons if reason.kind == "silence")
    assert silence.points > 0
    assert silence.sentence() == f"{silence.text}: {silence.points:+.0f} points"
    assert silence.text.endswith("silent; usually returns every 5 days")
    assert person.counterfactual.startswith("a visit today would put it at ")
