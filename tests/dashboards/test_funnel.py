"""Funnels told by hand: one visitor a story, on the real tables."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from clicktrail.errors import ConfigError
from crm.rate import Rate
from dashboards.reports.funnel.options import parse
from dashboards.reports.funnel.query import funnel
from dashboards.reports.funnel.records import Funnel
from dashboards.significance import benjamini_hochberg, two_sided
from schemas.arrow import schema
from schemas.event import Event
from schemas.objects import Site
from store.tables.client import Store
from tests.dashboards.funnels import DAY, MINUTE, PERIOD, utc

AB = ["event_name=a", "event_name=b"]
ABC = [*AB, "event_name=c"]


def told(store: Store, stories: dict[str, str], site: Site | None = None, **rest: Any) -> Site:
    """Visitor → story: one letter an event of that name, a minute apart; a capital one is passive."""
    site = site or Site(f"shop-{uuid.uuid4().hex[:8]}")
    events = [
        Event(
            site_id=site.id,
            event_id=f"{visitor}-{at}-{letter}",
            event_type="error" if letter.isupper() else "custom",
            protocol="native",
            received_at=utc(at * MINUTE),
            event_time=utc(at * MINUTE),
            visitor_id=visitor,
            event_name=letter.lower(),
            **rest,
        )
        for visitor, story in stories.items()
        for at, letter in enumerate(story)
        if letter != " "
    ]
    store.insert("events", pl.DataFrame([vars(event) for event in events], schema=schema(Event)))
    return site


def asked(store: Store, site: Site, steps: list[str], *, now: int = 5 * DAY, **own: Any) -> Funnel:
    given = {name: value if isinstance(value, list) else [value] for name, value in own.items()}
    return funnel(store, site, PERIOD, parse({"step": steps, **given}), now=utc(now))


def counts(report: Funnel) -> list[int]:
    return [step.reached.part for step in report.steps]


@pytest.mark.parametrize(
    ("story", "own", "reached"),
    [
        ("abc", {}, [1, 1, 1]),
        ("axbxc", {}, [1, 1, 1]),
        ("acb", {}, [1, 1, 0]),
        ("bca", {}, [1, 0, 0]),
        ("cb", {}, [0, 0, 0]),
        ("axbxc", {"order": "strict"}, [1, 0, 0]),
        ("aXbXc", {"order": "strict"}, [1, 1, 1]),
        ("ab abc", {"order": "strict"}, [1, 1, 1]),
        ("cba", {"order": "any"}, [1, 1, 1]),
        ("cb", {"order": "any"}, [0, 0, 0]),
        ("cb", {"open": "true"}, [0, 1, 1]),
        ("a    bc", {"window": "5m"}, [1, 1, 0]),
        ("a    bc", {"window": "6m"}, [1, 1, 1]),
        ("a a  bc", {"window": "4m"}, [1, 1, 1]),
        ("c    ba", {"window": "5m", "order": "any"}, [1, 1, 0]),
        ("aXbc", {"exclude": "1-2:event_type=error"}, [1, 0, 0]),
        ("abXc", {"exclude": "1-2:event_type=error"}, [1, 1, 1]),
        ("abXc", {"exclude": "1-3:event_type=error"}, [1, 1, 0]),
        ("abXabc", {"exclude": "1-3:event_type=error"}, [1, 1, 1]),
        ("ac", {"optional": "2"}, [1, 0, 1]),
        ("abc", {"optional": "2"}, [1, 1, 1]),
        ("acb", {"optional": "2"}, [1, 0, 1]),
        ("ab", {"optional": "2"}, [1, 1, 0]),
    ],
)
def test_a_visitor_comes_as_far_as_this(
    store: Store, story: str, own: dict[str, Any], reached: list[int]
) -> None:
    site = told(store, {"v": story})
    assert counts(asked(store, site, ABC, **own)) == reached


def test_equal_steps_need_events_of_their_own(store: Store) -> None:
    site = told(store, {"once": "a", "twice": "aa"})
    for order in ("ordered", "strict", "any"):
        assert counts(asked(store, site, ["event_name=a"] * 2, order=order)) == [2, 1]


def test_a_step_in_any_order_leaves_an_event_to_the_one_that_needs_it(store: Store) -> None:
    site = told(store, {"v": "ab"})
    report = asked(store, site, ["event_type=custom", "event_name=a"], order="any")
    assert counts(report) == [1, 1]


def test_times_are_those_of_the_best_attempt(store: Store) -> None:
    site = told(store, {"v": "a  a b", "w": "ab", "x": "a"})
    steps = asked(store, site, AB).steps
    assert [(step.median_s, step.p75_s, step.p90_s) for step in steps] == [(0, 0, 0), (90, 105, 114)]
    assert steps[1].reached == Rate(2, 3)
    assert steps[1].from_previous == Rate(2, 3)
    assert steps[1].to_json()["rate"] == pytest.approx(2 / 3)
    assert steps[1].to_json()["low"] == pytest.approx(0.2077, abs=1e-4)


def test_an_attempt_begins_in_the_period_and_may_end_after_it(store: Store) -> None:
    site = told(store, {"v": "a"})
    late = told(store, {"v": " " * (DAY // MINUTE) + "ab", "w": " " * (DAY // MINUTE - 1) + "ab"})
    assert counts(asked(store, late, AB)) == [1, 1]
    assert counts(asked(store, late, AB, now=DAY - 1)) == [1, 0]
    assert counts(asked(store, late, AB, open="true")) == [1, 0]
    running = asked(store, site, AB, now=14 * DAY)
    assert [step.in_progress for step in running.steps] == [1, 0]
    over = asked(store, site, AB, now=14 * DAY + 1)
    assert [step.in_progress for step in over.steps] == [0, 0]


def test_a_held_field_keeps_its_value(store: Store) -> None:
    site = told(store, {"v": "a a", "w": "ab"}, path="/one")
    told(store, {"v": " b  b"}, site, path="/two")
    told(store, {"v": "    " + "  b"}, site, path="/one")
    assert counts(asked(store, site, AB)) == [2, 2]
    report = asked(store, site, AB, hold="path")
    assert counts(report) == [2, 2]
    assert report.steps[1].p90_s == pytest.approx(60 + 0.9 * 180)
    assert counts(asked(store, site, ["event_name=a", "path=/two"], hold="path")) == [2, 0]


def test_segments_are_tested_against_the_rest(store: Store) -> None:
    site = Site(f"shop-{uuid.uuid4().hex[:8]}")
    stories = [("DE", 40, 30), ("FR", 40, 5), ("CN", 29, 1)]
    events = [
        Event(
            site_id=site.id,
            event_id=f"{country}-{at}-{name}",
            event_type="custom",
            event_name=name,
            protocol="native",
            received_at=utc(0),
            event_time=utc(0) + timedelta(seconds=second),
            visitor_id=f"{country}-{at}",
            country=country,
        )
        for country, entries, conversions in stories
        for at in range(entries)
        for second, name in enumerate("ab" if at < conversions else "a")
    ]
    store.insert("events", pl.DataFrame([vars(event) for event in events], schema=schema(Event)))
    document = asked(store, site, AB, breakdown="country").to_json()
    assert [(s["value"], s["counts"], s["differs"]) for s in document["segments"]] == [
        ("DE", [40, 30], True),
        ("FR", [40, 5], True),
    ]
    assert document["hidden_entries"] == 29
    raw = [two_sided(Rate(30, 40), Rate(6, 69)) or 0.0, two_sided(Rate(5, 40), Rate(31, 69)) or 0.0]
    assert [s["p_value"] for s in document["segments"]] == pytest.approx([2 * min(raw), max(raw)], rel=1e-9)


def test_significance_is_that_of_the_textbooks() -> None:
    assert two_sided(Rate(15, 100), Rate(30, 100)) == pytest.approx(0.011085, abs=1e-6)
    assert two_sided(Rate(0, 10), Rate(0, 10)) == 1.0
    assert two_sided(Rate(0, 0), Rate(1, 10)) is None
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert benjamini_hochberg([]) == []


def test_twelve_steps_and_as_many_exclusions(store: Store) -> None:
    site = told(store, {"v": "abcdefghijkl", "w": "abcdefXghijkl"})
    steps = [f"event_name={letter}" for letter in "abcdefghijkl"]
    excluded = [f"{at}-{at + 1}:event_type=error" for at in range(1, 12)]
    for own in ({"exclude": excluded}, {"exclude": excluded, "order": "strict"}):
        assert counts(asked(store, site, steps, **own)) == [2] * 6 + [1] * 6
    assert counts(asked(store, site, steps, order="any")) == [2] * 12
    assert counts(asked(store, site, steps, optional=["2", "7", "12"])) == [2] * 12


def test_what_a_person_writes_is_a_value_only(store: Store) -> None:
    site = told(store, {"v": "ab"}, path="x'; DROP TABLE events; -- /*sessions*/ 1")
    hostile = "path=x'; DROP TABLE events; -- /*sessions*/ 1"
    report = asked(store, site, [hostile, hostile], exclude=f"1-2:title={hostile}", breakdown="properties.x'")
    assert counts(report) == [1, 1]
    for one in report.computed:
        assert "DROP" not in one.whole


def test_a_pattern_the_engine_refuses_is_said(store: Store) -> None:
    with pytest.raises(ConfigError, match="regular expression"):
        asked(store, Site("shop"), ["path~(", "path=/b"])
    with pytest.raises(ConfigError, match="regular expression"):
        asked(store, Site("shop"), AB, exclude="1-2:path~[")


def test_nothing_happened(store: Store) -> None:
    asks: list[dict[str, Any]] = [{}, {"order": "any"}, {"open": "true"}, {"breakdown": "path"}]
    for own in asks:
        document = asked(store, Site("empty"), AB, **own).to_json()
        assert [step["count"] for step in document["steps"]] == [0, 0]
        assert [step["rate"] for step in document["steps"]] == [None, None]
        assert (document["entered"], document["converted"], document["segments"]) == (0, 0, [])
    assert counts(asked(store, Site("empty"), AB, now=-DAY)) == [0, 0]
