"""One person, and lists of people, on a real store."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from clicktrail.errors import ConfigError
from dashboards.period import Period
from dashboards.reports.people.query import SORTS, Slice, everybody, people
from dashboards.reports.visitor.options import Options, parse
from dashboards.reports.visitor.query import visitor
from dashboards.reports.visitor.records import Visitor
from schemas.objects import Site
from store.tables.client import Store
from tests.dashboards.one_person import ANNA, BROWSER, NOW, ODD, WAP, at, open_tea

DAYS = Period(at(60).date(), NOW.date(), "Europe/Vienna")


@pytest.fixture(scope="module")
def store(tables: Store) -> Store:
    """Not emptied between tests: they only read."""
    return tables


@pytest.fixture(scope="module")
def tea(store: Store) -> Site:
    return open_tea(store)


def asked(reader: Store, tea: Site, **options: Any) -> Visitor:
    found = visitor(reader, tea, DAYS, Options(**options)).visitor
    assert found is not None
    return found


@pytest.mark.parametrize(
    "name", [{"id": BROWSER}, {"id": WAP}, {"id": ANNA}, {"id": "anna"}, {"user": "anna"}]
)
def test_every_name_of_a_person_leads_to_it(reader: Store, tea: Site, name: dict[str, str]) -> None:
    assert asked(reader, tea, **name).person_id == ANNA


def test_the_facts_of_a_person(reader: Store, tea: Site) -> None:
    anna = asked(reader, tea, id=BROWSER)
    facts = anna.facts
    assert (facts.sessions, facts.page_views, facts.orders, facts.revenue) == (5, 10, 1, Decimal(80))
    assert (anna.id_quality, anna.orders_outside, anna.events) == ("user", 1, 16)
    assert (anna.first_seen, anna.last_seen) == (at(40), at(8))
    assert facts.first_touch is not None
    assert (facts.first_touch.source, facts.first_touch.start) == ("google", at(40))
    assert facts.last_touch is not None
    assert facts.last_touch.start == at(9.8)
    assert anna.usual_gap_days == 10  # of 10, 10 and 10 days; two sessions of one day are no gap
    assert [(one.device_class, one.sessions) for one in anna.devices] == [
        ("desktop", 3),
        ("feature_phone", 2),
    ]
    assert [(one.country, one.sessions) for one in anna.countries] == [("DE", 3), ("KE", 2)]
    assert {one.channel: one.events for one in anna.channels} == {"web": 10, "wap": 4, "call_center": 2}
    assert [one.id for one in anna.ids] == [BROWSER, WAP, ANNA]


def test_repeats_are_one_line_and_calls_stand_with_the_session_they_fall_into(
    reader: Store, tea: Site
) -> None:
    lines = asked(reader, tea, id=ANNA).timeline
    told = [(line.event_type, line.path, line.events) for line in lines if line.last_at <= at(39)]
    assert told == [
        ("page_view", "/tea/green", 1), ("ping", "/tea", 3), ("page_view", "/tea", 1), ("page_view", "/", 1),
    ]  # fmt: skip
    call = next(line for line in lines if line.event_type == "contact")
    assert call.session is not None
    assert (call.session.start, call.session.end) == (at(10), at(10, 30))
    outside = next(line for line in lines if line.order_id == "T-1")
    assert outside.session is None
    assert [line.event_type for line in lines if line.session == call.session] == [
        "order", "contact", "page_view",
    ]  # fmt: skip
    assert lines[0] == outside  # the newest first


def test_a_timeline_in_pages_is_the_timeline(reader: Store, tea: Site) -> None:
    whole = asked(reader, tea, id=ANNA)
    parts = [visitor(reader, tea, DAYS, Options(id=ANNA, page=page), 4).visitor for page in range(1, 6)]
    assert [line for part in parts if part for line in part.timeline] == list(whole.timeline)
    assert whole.lines == len(whole.timeline) == 12


def test_a_channel_of_the_timeline(reader: Store, tea: Site) -> None:
    calls = asked(reader, tea, id=ANNA, channel="call_center")
    assert [line.event_type for line in calls.timeline] == ["order", "contact"]
    assert calls.lines == 2
    assert calls.events == 16  # the counts beside the choice stay whole


def test_edges_say_whether_they_join(reader: Store, tea: Site) -> None:
    edges = asked(reader, tea, id=ANNA).edges
    assert [(edge.id_b, edge.state) for edge in edges] == [
        (ANNA, "joins"), ("group:tea club", "group"), (ANNA, "joins"), ("user:bert", "refused"),
    ]  # fmt: skip


def test_a_property_finds_people(reader: Store, tea: Site) -> None:
    found = visitor(reader, tea, DAYS, Options(with_property="plan=gold"))
    assert found.matches is not None
    assert [row.person_id for row in found.matches.rows] == [ODD, ANNA]
    assert asked(reader, tea, with_property="properties.email=anna@tea.example").person_id == ANNA
    nobody = visitor(reader, tea, DAYS, Options(with_property="plan=' OR 1=1 --"))
    assert nobody.visitor is None
    assert nobody.matches is not None
    assert nobody.matches.rows == ()


def test_the_beginning_of_an_id_finds_people_of_the_period(reader: Store, tea: Site) -> None:
    assert asked(reader, tea, id="brow").person_id == ANNA
    assert asked(reader, tea, user="an").person_id == ANNA
    assert asked(reader, tea, id=ODD[:4]).person_id == ODD
    short = Period(at(1).date(), NOW.date(), "Europe/Vienna")
    found = visitor(reader, tea, short, Options(id="brow")).matches
    assert found is not None
    assert found.rows == ()


def test_a_bot_is_shown_as_one(reader: Store, tea: Site) -> None:
    robot = asked(reader, tea, id="robot")
    assert (robot.facts.only_bots, robot.facts.sessions) == (True, 1)


@pytest.mark.parametrize(
    "given",
    [{"page": ["0"]}, {"page": ["x"]}, {"channel": ["tv"]}, {"id": ["a"], "user": ["b"]}, {"id": ["a\0"]}],
)
def test_options_that_cannot_be_read(given: dict[str, list[str]]) -> None:
    with pytest.raises(ConfigError):
        parse(given)


@pytest.mark.parametrize("text", ["plan", "=x", "plan~("])
def test_a_property_that_cannot_be_read(reader: Store, tea: Site, text: str) -> None:
    with pytest.raises(ConfigError):
        visitor(reader, tea, DAYS, Options(with_property=text))


def test_everybody_of_the_period(reader: Store, tea: Site) -> None:
    everyone = everybody(reader, tea, DAYS, (), "all")
    found = people(reader, tea, everyone, Slice(10), DAYS)
    assert (found.total, found.daily) == (3, 1)
    assert [(row.person_id, row.id_quality, row.sessions) for row in found.rows] == [
        (ODD, "durable", 1), ("day-hash", "salted_daily", 1), (ANNA, "user", 5),
    ]  # fmt: skip
    anna = found.rows[2]
    assert (anna.first_seen, anna.last_seen) == (at(40), at(9.8, 6))
    assert (anna.orders, anna.revenue, anna.channel_group, anna.country) == (
        1,
        Decimal(80),
        "Organic search",
        "KE",
    )
    kept = people(reader, tea, everyone, Slice(10, with_daily=False), DAYS)
    assert [row.person_id for row in kept.rows] == [ODD, ANNA]
    filtered = everybody(reader, tea, DAYS, ("path=/tea*",), "")
    assert [row.person_id for row in people(reader, tea, filtered, Slice(10), DAYS).rows] == [ANNA]


@pytest.mark.parametrize("sort", SORTS)
def test_people_in_every_order_and_in_pages(reader: Store, tea: Site, sort: str) -> None:
    everyone = everybody(reader, tea, DAYS, (), "all")
    whole = people(reader, tea, everyone, Slice(10, sort=sort), DAYS).rows
    parts = [people(reader, tea, everyone, Slice(1, at, sort), DAYS).rows for at in range(3)]
    assert [row for part in parts for row in part] == list(whole)
    values = [getattr(row, sort) for row in whole]
    assert values == sorted(values, reverse=SORTS[sort] < 0)


def test_a_sort_that_is_none() -> None:
    with pytest.raises(ConfigError, match="last_seen"):
        Slice(10, sort="name; DROP TABLE events")
