"""What is known on a day: the columnar form says what the row form says, and nothing of the future."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clicktrail.errors import InputError
from crm.activity import Activity, activity_of, day_number, day_of
from crm.features import FEATURES, features
from crm.history import Known, known
from crm.horizon import horizon_of
from crm.snapshot import snapshot
from crm.summary import Summary, summary_of
from tests.unit.crm.cdnow import cdnow
from tests.unit.crm.sites import site

DAYS = st.integers(0, 400)
ROWS = st.lists(
    st.tuples(st.sampled_from("abcde"), DAYS, st.floats(-50, 500).map(lambda value: round(value, 2))),
    min_size=1,
    max_size=60,
)
HORIZONS = st.sampled_from([7, 14, 28, 60, 90, 120])


def made(rows: list[tuple[str, int, float]]) -> Activity:
    frame = pl.DataFrame(
        rows, schema={"person_id": pl.String, "day": pl.Int32, "value": pl.Float64}, orient="row"
    )
    return activity_of(frame.with_columns(pl.col("day").cast(pl.Date)))


def same(left: Summary, right: Summary) -> bool:
    return all(np.array_equal(getattr(left, f.name), getattr(right, f.name)) for f in fields(Summary))


@given(rows=ROWS, as_of=DAYS, horizon=HORIZONS)
def test_columns_say_what_rows_say(rows: list[tuple[str, int, float]], as_of: int, horizon: int) -> None:
    activity = made(rows)
    summary = summary_of(activity, as_of, horizon)
    assert set(activity.names[summary.person]) == {person for person, day, _ in rows if day <= as_of}
    for at, number in enumerate(summary.person):
        mine = activity.person == number
        days, values = activity.day[mine].tolist(), activity.value[mine].tolist()
        expected = known(days, values, as_of, horizon, summary.site_gap)
        for field in fields(Known):
            assert getattr(summary, field.name)[at] == pytest.approx(getattr(expected, field.name))


@pytest.mark.parametrize("horizon", [7, 28, 60, 120])
def test_both_forms_agree_on_the_edges_of_every_window(horizon: int) -> None:
    silences = [0, 6, 7, 8, 14, 15, 16, 27, 28, 29, 30, 31, 89, 90, 91, 179, 180, 181]
    summary = summary_of(made([("a", 400 - silence, 1.0) for silence in silences]), 400, horizon)
    expected = known([400 - silence for silence in silences], [1.0] * 18, 400, horizon, summary.site_gap)
    assert (expected.quarter_days, expected.previous_quarter_days) == (13, 3)
    for field in fields(Known):
        assert getattr(summary, field.name)[0] == pytest.approx(getattr(expected, field.name))


@given(rows=ROWS, future=ROWS, as_of=DAYS, horizon=HORIZONS)
def test_the_future_changes_no_feature(
    rows: list[tuple[str, int, float]], future: list[tuple[str, int, float]], as_of: int, horizon: int
) -> None:
    past = [row for row in rows if row[1] <= as_of] or [("a", as_of, 1.0)]
    later = [(person, as_of + 1 + day, value) for person, day, value in future]
    alone, with_future = made(past), made(past + later)
    before, after = summary_of(alone, as_of, horizon), summary_of(with_future, as_of, horizon)
    assert alone.names[before.person].to_list() == with_future.names[after.person].to_list()
    assert np.array_equal(features(before), features(after))
    assert horizon_of(alone, as_of) == horizon_of(with_future, as_of)


@given(rows=ROWS, as_of=DAYS, seed=st.randoms())
def test_the_order_of_rows_does_not_matter(
    rows: list[tuple[str, int, float]], as_of: int, seed: Random
) -> None:
    shuffled = list(rows)
    seed.shuffle(shuffled)
    left, right = summary_of(made(rows), as_of, 28), summary_of(made(shuffled), as_of, 28)
    assert features(left) == pytest.approx(features(right))


def test_shuffling_the_future_of_real_customers_changes_no_feature() -> None:
    activity, as_of = cdnow(), day_number(date(1997, 12, 31))
    draw = np.random.default_rng(1)
    late = activity.day > as_of
    day = activity.day.copy()
    day[late] = draw.permutation(day[late])
    frame = pl.DataFrame({"person_id": activity.names[activity.person], "day": day, "value": activity.value})
    shuffled = activity_of(frame.with_columns(pl.col("day").cast(pl.Int32).cast(pl.Date)))
    assert same(summary_of(activity, as_of, 90), summary_of(shuffled, as_of, 90))
    was, now = (snapshot(a, as_of, 90, as_of + 90).labelled for a in (activity, shuffled))
    assert not np.array_equal(was, now)  # the shuffle did change the future


def test_a_visit_today_is_what_a_row_of_today_makes() -> None:
    rows = [("a", 0), ("a", 30), ("b", 55), ("c", 60)]
    before = summary_of(site(rows), START + 60, 28)
    after = summary_of(site([*rows, ("a", 60), ("b", 60)]), START + 60, 28)
    imagined = before.after_visit_today()
    names = [f.name for f in fields(Summary) if f.name != "site_gap"]
    assert all(np.array_equal(getattr(imagined, name), getattr(after, name)) for name in names)


START = day_number(date(2026, 1, 1))


def test_a_returner_on_the_last_day_of_the_horizon_did_not_churn() -> None:
    activity = site([("in time", 0), ("in time", 28), ("late", 0), ("late", 29)])
    found = snapshot(activity, START, 28, START + 28)
    assert dict(zip(activity.names[found.people.person], found.labelled, strict=True)) == {
        "in time": False,
        "late": True,
    }


def test_there_is_no_outcome_until_the_horizon_is_over() -> None:
    unfinished = snapshot(site([("a", 0)]), START, 28, START + 27)
    assert unfinished.churned is None
    with pytest.raises(ValueError, match="not over"):
        _ = unfinished.labelled


def test_the_long_silent_are_known_but_not_in_play() -> None:
    found = snapshot(site([("old", 0), ("new", 40)]), START + 40, 28, START + 40)
    assert (len(found.everyone.person), len(found.people.person)) == (2, 1)


@pytest.mark.parametrize(
    ("gap", "days"),
    [
        pytest.param(5, 7, id="five days"),
        pytest.param(119, 120, id="119 days"),
        pytest.param(1, 7, id="daily is a week at least"),
        pytest.param(300, 120, id="yearly is 120 days at most"),
        pytest.param(20, 28, id="nearest by ratio, twenty is nearer to 28 than to 14"),
    ],
)
def test_the_horizon_is_the_usual_one_nearest_to_the_80th_percentile(gap: int, days: int) -> None:
    rows = [("a", 0), ("a", gap), ("b", 3), ("b", 3 + gap)]
    found = horizon_of(site(rows), START + 1000)
    assert (found.days, found.gaps, found.quantile) == (days, 2, gap)


def test_the_horizon_of_real_customers() -> None:
    assert horizon_of(cdnow(), day_number(date(1998, 6, 30))).quantile == 119


def test_without_returns_the_horizon_is_four_weeks() -> None:
    found = horizon_of(site([("a", 0), ("b", 9)]), START + 10)
    assert (found.days, found.gaps, found.quantile) == (28, 0, None)


def test_an_amount_below_zero_counts_as_none() -> None:
    activity = made([("a", 0, -20.0)])
    column = [feature.name for feature in FEATURES].index("mean_value")
    assert features(summary_of(activity, 0, 28))[0, column] == 0


def test_days_and_numbers() -> None:
    assert day_of(day_number(date(2026, 11, 25))) == date(2026, 11, 25)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ({"person_id": ["a"], "value": [1.0]}, "column day must be Date, found none"),
        (
            {"person_id": [1], "day": [date(2026, 1, 1)], "value": [1.0]},
            "person_id must be String or UInt64, found Int64",
        ),
        ({"person_id": [None, "a"], "day": [date(2026, 1, 1)] * 2, "value": [1.0, 2.0]}, "holds 1 nulls"),
        ({"person_id": ["a"], "day": [date(2026, 1, 1)], "value": [float("nan")]}, "not finite"),
    ],
)
def test_activity_that_is_none_is_refused(frame: dict[str, list[object]], says: str) -> None:
    with pytest.raises(InputError, match=says):
        activity_of(pl.DataFrame(frame))
