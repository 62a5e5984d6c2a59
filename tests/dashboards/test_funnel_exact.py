"""The funnel in SQL says of every unit what its readable form says, for all options."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dashboards.filters import session_filter
from dashboards.reports.funnel.options import ORDERS, UNITS, Exclusion, FunnelOptions, parse
from dashboards.reports.funnel.query import Funnel, asked, funnel
from dashboards.reports.funnel.reference import Reached
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
    utc,
)

PERSONS = 250
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


def per_unit(store: Store, site: Site, one: Asked) -> dict[str, Reached]:
    """Unit → how far it came, as the SQL has it."""
    kept = session_filter(store, one.filters)
    core, values = asked(site, PERIOD, one.options, kept, one.now)
    rows = kept.computed("units", "", core.sql, values).rows(store)
    found = {
        row["unit"]: Reached(row["stopped"], tuple(row["after_ms"]), bool(row["in_progress"]), row["value"])
        for row in rows
    }
    assert len(found) == len(rows)
    return found


def check(store: Store, site: Site, histories: Histories, one: Asked) -> dict[str, Reached]:
    """The SQL equals the readable form, per unit and summed up."""
    wanted = expected(histories, one)
    found = per_unit(store, site, one)
    for unit in sorted(wanted.keys() | found.keys()):
        assert found.get(unit) == wanted.get(unit), f"{unit}: {one}"
    report = funnel(store, site, PERIOD, one.options, one.filters, now=one.now)
    check_sums(report, list(wanted.values()))
    return wanted


def check_sums(report: Funnel, units: list[Reached]) -> None:
    assert report.converted.whole == len(units)
    for at, step in enumerate(report.steps):
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
    values = {one.value for one in units}
    alike = {value: [one for one in units if one.value == value] for value in values}
    large = {value: of for value, of in alike.items() if len(of) >= 30}
    last = report.options.required[-1]
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
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(one=_ASKED, seed=st.integers(0, 3))
def test_every_unit_came_as_far_as_the_readable_form_says(store: Store, one: Asked, seed: int) -> None:
    site = Site(f"histories-{seed}")
    histories = invented(site.id, seed, PERSONS)
    if not store.rows("SELECT 1 FROM events WHERE site_id = {site:String} LIMIT 1", site=site.id):
        histories.write(store)
    check(store, site, histories, one)
