"""The Kaplan-Meier estimate against published numbers and what must hold for any."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from crm.survival import Survival, kaplan_meier

# Weeks in remission of 21 leukaemia patients on 6-MP (Freireich et al. 1963), censored ones apart.
RELAPSED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def estimate(happened: list[float], censored: list[float]) -> Survival:
    return kaplan_meier(np.array(happened, np.float64), np.array(censored, np.float64))


def test_it_gives_the_published_estimate_and_greenwood_errors() -> None:
    found = estimate([float(t) for t in RELAPSED], [float(t) for t in CENSORED])
    assert found.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert found.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert found.share.round(4).tolist() == [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    errors = np.sqrt(found.variance).round(4).tolist()
    assert errors == [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert found.quantile(0.5) == 23
    assert found.quantile(0.9) is None


def test_the_share_is_a_step_function_that_ends_with_the_last_one_watched() -> None:
    found = estimate([1.0, 3.0], [2.0, 5.0])
    # 4 at risk at 1, 2 at 3: S = 3/4, then 3/8; Greenwood at 1: (3/4)² · 1/(4·3) = 3/64.
    assert found.at(0.0) == (1.0, 1.0, 1.0)
    share, low, high = found.at(1.0) or (0.0, 0.0, 0.0)
    half = 1.959963984540054 * (3 / 64) ** 0.5
    assert share == 0.75
    assert low == pytest.approx(0.75 - half)
    assert high == 1.0  # 0.75 + 0.42, cut
    assert found.at(2.999) == found.at(1.0)
    share = (found.at(5.0) or (0.0, 0.0, 0.0))[0]
    assert share == pytest.approx(0.375)
    assert found.at(5.001) is None


def test_once_nobody_is_left_the_share_is_known_to_be_nothing() -> None:
    found = estimate([1.0, 2.0], [])
    assert found.at(2.0) == found.at(99.0) == (0.0, 0.0, 0.0)
    assert found.quantile(1.0) == 2.0


def test_without_anyone_or_any_return_it_says_so() -> None:
    assert estimate([], []).at(1.0) is None
    found = estimate([], [4.0])
    assert found.at(4.0) == (1.0, 1.0, 1.0)
    assert found.quantile(0.5) is None


@pytest.mark.parametrize("wrong", [-1.0, np.nan])
def test_durations_that_cannot_be_meant_are_refused(wrong: float) -> None:
    one, wrongs = np.array([1.0]), np.array([1.0, wrong])
    for given_ in ((wrongs, one), (one, wrongs)):
        with pytest.raises(ValueError, match="not below 0"):
            kaplan_meier(*given_)


TIMES = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=30)


@given(TIMES)
def test_with_nobody_censored_it_is_the_plain_share_and_its_binomial_variance(happened: list[float]) -> None:
    found, n = estimate(happened, []), len(happened)
    for time, share, variance in zip(found.times, found.share, found.variance, strict=True):
        plain = sum(t > time for t in happened) / n
        assert share == pytest.approx(plain)
        assert variance == pytest.approx(plain * (1 - plain) / n)


@settings(max_examples=25)
@given(TIMES, TIMES)
def test_lifelines_says_the_same_with_the_same_greenwood_variance(
    happened: list[float], censored: list[float]
) -> None:
    found = estimate(happened, censored)
    flags = [True] * len(happened) + [False] * len(censored)
    theirs = KaplanMeierFitter().fit([*happened, *censored], flags)
    assert theirs.survival_function_["KM_estimate"].loc[found.times].tolist() == pytest.approx(
        found.share.tolist()
    )
    # Their band is drawn around log(-log S); its width there is that of S by Greenwood over S log S.
    for time, share, variance in zip(found.times, found.share, found.variance, strict=True):
        if 0 < share < 1:
            half = 1.959963984540054 * np.sqrt(variance) / (share * np.log(share))
            band = np.exp(-np.exp(np.log(-np.log(share)) + np.array([-half, half])))
            assert sorted(theirs.confidence_interval_.loc[time]) == pytest.approx(sorted(band))


def test_lifelines_says_the_same_of_the_published_patients() -> None:
    found = estimate([float(t) for t in RELAPSED], [float(t) for t in CENSORED])
    flags = [True] * len(RELAPSED) + [False] * len(CENSORED)
    theirs = KaplanMeierFitter().fit([*RELAPSED, *CENSORED], flags)
    assert theirs.median_survival_time_ == found.quantile(0.5)
    assert theirs.event_table.loc[found.times, "at_risk"].tolist() == found.at_risk.tolist()
