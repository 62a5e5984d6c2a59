"""The funnel in SQL says of every unit what its readable form says, for all options."""

from __future__ import annotations

import os
import statistics
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crm.rate import Rate
from dashboards.filters import session_filter
from dashboards.period import local_date
from dashboards.reports.funnel.options import ORDERS, UNITS, Exclusion, FunnelOptions, parse
from dashboards.reports.funnel.people import people_json
from dashboards.reports.funnel.query import first_of, funnel
from dashboards.reports.funnel.question import asked, question
from dashboards.reports.funnel.records import Funnel
from dashboards.reports.funnel.reference import Reached, Seen, next_act
from schemas.objects import Site
from store.tables.client import Store
from tests.dashboards.funnels import (
    CONDITIONS,
    DAY,
    FIELDS,
    MINUTE,
    PERIOD,
    Asked,
    Histories,
    expected,
    invented,
    seen,
    utc,
)

PERSONS = 250
_HASHES = "SELECT arrayJoin({names:Array(String)}) AS name, sipHash64(name) AS hash"
NOW = (5 * DAY, DAY + MINUTE, DAY, MINUTE, MINUTE - 1, 30_000)


@st.composite
def _options(draw: st.DrawFn) -> FunnelOptions:
    """Options that `parse` takes."""
    count = draw(st.integers(2, 5))
    condition = st.sampled_from(tuple(CONDITIONS)[:8])
    given: dict[str, list[str]] = {"step": [draw(condition) for _ in range(count)]}
    given["unit"] = [draw(st.sampled_from(UNITS))]
    if draw(st.integers(0, 9)) == 0:
        return parse({**given, "open": ["true"]})
    order = draw(st.sampled_from(ORDERS))
    given |= {"order": [order], "window": [draw(st.sampled_from(("1m", "2m", "1h", "3650d")))]}
    given["hold"] = draw(st.lists(st.sampled_from(tuple(FIELDS)), max_size=2))
    given["breakdown"] = draw(st.sampled_from(([], ["path"], ["value"])))
    if given["breakdown"]:
        touches = ("first_touch", "last_touch", *(f"step {step}" for step in range(1, count + 1)))
        given["breakdown-at"] = [draw(st.sampled_from(touches))]
    given |= {"trend": [draw(st.sampled_from(("", "day", "week", "month")))]}
    given |= {"next": [draw(st.sampled_from(("true", "false")))]}
    optional: set[int] = set()
    if order == "ordered" and count > 2:
        optional = draw(st.sets(st.integers(2, count), max_size=count - 2))
        given["optional"] = [str(step) for step in optional]
    required = [step for step in range(1, count + 1) if step not in optional]
    if order != "any":
        ends = st.lists(st.sampled_from(required), min_size=2, max_size=2, unique=True).map(sorted)
        found = draw(st.lists(st.tuples(ends, condition), max_size=2))
        given["exclude"] = [f"{i}-{j}:{text}" for (i, j), text in found]
    return parse(given)


_ASKED = st.builds(
    Asked,
    options=_options(),
    country=st.sampled_from(("", "", "DE")),
    bots=st.sampled_from((False, False, True)),
    now=st.sampled_from(NOW).map(utc),
)

EXAMPLES = int(os.environ.get("CLICKTRAIL_TEST_EXAMPLES", "15"))
"""Invented histories; a longer search: give more."""


def per_unit(store: Store, site: Site, one: Asked) -> dict[str, Reached]:
    """Unit → how far it came, as the SQL has it."""
    kept = session_filter(store, one.filters)
    made = asked(site, PERIOD, one.options, kept, one.now)
    rows = kept.computed("units", "", made.units.sql, made.given).rows(store)
    found = {row["unit"]: _reached(row) for row in rows}
    assert len(found) == len(rows)
    return found


def check_packed(store: Store, site: Site, one: Asked, wanted: dict[str, Reached]) -> None:
    """The short form says the same of every unit whose events it can order, and knows the others."""
    kept = session_filter(store, one.filters)
    made = asked(site, PERIOD, one.options, kept, one.now)
    if made.packed is None:
        return
    rows = kept.computed("units", "", made.packed.units.sql, made.given).rows(store)
    names = store.rows(_HASHES, names=list(wanted))
    hashes = {row["hash"]: row["name"] for row in names}
    sure = {hashes.pop(row["unit"]): row for row in rows if not row["tied"]}
    unsure = {hashes.pop(row["unit"], None) for row in rows if row["tied"]}
    assert not hashes, "units that neither entered nor are tied"
    assert len(sure) + len(unsure) <= len(rows)
    for unit, row in sure.items():
        there = wanted[unit]
        found = (row["stopped"], tuple(row["after_ms"]), bool(row["in_progress"]), row["began_ms"])
        assert found == (there.stopped, there.after_ms, there.in_progress, there.began_ms), f"{unit}: {one}"


def _reached(row: dict[str, Any]) -> Reached:
    finish = row.get("finish")  # none in an open funnel
    return Reached(
        row["stopped"],
        tuple(row["after_ms"]),
        bool(row["in_progress"]),
        row["value"],
        row["began_ms"],
        (finish[0], finish[1], finish[2].encode(), finish[3].encode()) if finish else None,
    )


def check(store: Store, site: Site, histories: Histories, one: Asked) -> dict[str, Reached]:
    """The SQL equals the readable form, per unit and summed up."""
    wanted = expected(histories, one)
    found = per_unit(store, site, one)
    for unit in sorted(wanted.keys() | found.keys()):
        assert found.get(unit) == wanted.get(unit), f"{unit}: {one}"
    check_packed(store, site, one, wanted)
    report = funnel(store, site, PERIOD, one.options, one.filters, now=one.now)
    check_sums(report, list(wanted.values()))
    check_trend(report, list(wanted.values()))
    check_next(report, wanted, seen(histories, one))
    check_people(store, site, histories, one, wanted)
    return wanted


def check_trend(report: Funnel, units: list[Reached]) -> None:
    assert bool(report.trend) == (bool(report.options.trend) and report.asked_at >= PERIOD.begins)
    for bucket in report.trend:
        of = [one for one in units if begun_in(one, report.options.trend) == bucket.start]
        done = sum(one.stopped == report.options.required[-1] for one in of)
        assert bucket.converted == Rate(done, len(of))
        assert bucket.in_progress == sum(one.in_progress for one in of)
    if report.trend:
        assert sum(bucket.converted.whole for bucket in report.trend) == len(units)


def begun_in(one: Reached, trend: str) -> date:
    return first_of(local_date(utc(one.began_ms), PERIOD.zone), trend)


def check_next(report: Funnel, units: dict[str, Reached], histories: dict[str, list[Seen]]) -> None:
    last = report.options.required[-1]
    assert bool(report.next) == report.options.next
    for here in report.next:
        gone = [u for u, one in units.items() if one.stopped == here.step and not one.in_progress]
        acts = [act for u in gone if (act := next_act(histories[u], units[u], report.options))]
        types = Counter((kind, name if kind == "custom" else "") for kind, name, _ in acts)
        assert (here.left, here.went_on) == (len(gone), len(acts))
        assert {(act.event_type, act.event_name): act.units for act in here.types} == types
        assert {act.path: act.units for act in here.paths} == Counter(path for _, _, path in acts)
        assert here.step < last


def check_people(
    store: Store, site: Site, histories: Histories, one: Asked, units: dict[str, Reached]
) -> None:
    """Whom each bar means; of sessions the person who had them."""
    asked_for = question(store, site, PERIOD, one.options, one.filters, now=one.now)
    last = one.options.required[-1]
    whose = {
        "person": lambda unit: unit,
        "visitor": lambda unit: histories.persons.get(unit, unit),
        "session": lambda unit: histories.persons.get(unit.rpartition(":")[0], unit.rpartition(":")[0]),
    }[one.options.unit]
    meant: dict[str, Callable[[Reached], bool]] = {
        "entered": lambda unit: True,
        "converted": lambda unit: unit.after_ms[last - 1] >= 0,
        "reached-2": lambda unit: unit.after_ms[1] >= 0,
    }
    if not one.options.open:
        meant |= {
            "left-1": lambda unit: unit.stopped == 1 and not unit.in_progress,
            "waiting-1": lambda unit: unit.stopped == 1 and unit.in_progress,
        }
    for text, fits in meant.items():
        wanted = sorted({whose(unit) for unit, found in units.items() if fits(found)}, key=str.encode)
        found = people_json(store, asked_for, text, 1000)
        assert found == {"who": text, "count": len(wanted), "people": wanted}


def check_sums(report: Funnel, units: list[Reached]) -> None:
    assert report.converted.whole == len(units)
    for at, step in enumerate(report.steps):
        stopped = [one for one in units if one.stopped == at + 1]
        goes_on = at + 1 < report.options.required[-1]
        assert step.left == (sum(not one.in_progress for one in stopped) if goes_on else 0)
        after = sorted(one.after_ms[at] / 1000 for one in units if one.after_ms[at] >= 0)
        assert step.reached.part == len(after)
        assert step.in_progress == sum(one.stopped == at + 1 and one.in_progress for one in units)
        times = (step.median_s, step.p75_s, step.p90_s)
        if report.options.open or not after:
            assert times == (None, None, None)
        else:
            assert times == pytest.approx([quantile(after, level) for level in (0.5, 0.75, 0.9)])
    if report.options.breakdown:
        check_segments(report, units)


def check_segments(report: Funnel, units: list[Reached]) -> None:
    at_step, last = report.options.at_step, report.options.required[-1]
    known = [one for one in units if not at_step or one.after_ms[at_step - 1] >= 0]
    assert report.known == Rate(sum(one.stopped == last for one in known), len(known))
    values = {one.value for one in known}
    alike = {value: [one for one in known if one.value == value] for value in values}
    large = {value: of for value, of in alike.items() if len(of) >= 30}
    assert {
        segment.value: (segment.converted.whole, segment.converted.part, segment.counts)
        for segment in report.segments
    } == {
        value: (
            len(of),
            sum(one.stopped == last for one in of),
            tuple(sum(one.after_ms[at] >= 0 for one in of) for at in range(len(report.steps))),
        )
        for value, of in large.items()
    }


def quantile(ordered: list[float], level: float) -> float:
    if len(ordered) == 1:
        return ordered[0]
    return statistics.quantiles(ordered, n=20, method="inclusive")[round(level * 20) - 1]


REFILLED = FunnelOptions(
    steps=("event_name=a", "event_name=b", "event_type=error"),
    window="1h",
    exclusions=(Exclusion(2, 3, "path=/x"),),
)
"""An event that ends attempts at step 2 may itself fill step 2, of an attempt with the same beginning."""


@example(one=Asked(REFILLED, "", False, utc(NOW[0])), seed=0)
@settings(
    max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(one=_ASKED, seed=st.integers(0, 3))
def test_every_unit_came_as_far_as_the_readable_form_says(store: Store, one: Asked, seed: int) -> None:
    site = Site(f"histories-{seed}")
    histories = invented(site.id, seed, PERSONS)
    if not store.rows("SELECT 1 FROM events WHERE site_id = {site:String} LIMIT 1", site=site.id):
        histories.write(store)
    check(store, site, histories, one)
