"""Campaigns, content and goals equal a count row by row, filtered or not, for any goal."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from clicktrail.errors import ConfigError
from dashboards import breakdown as sessions_by
from dashboards.breakdown import breakdown
from dashboards.goals import ORDERS, Goal, goal_of, goals, put_goal, read_goal, read_value, remove_goal, slug
from dashboards.listing import Listing, parse
from dashboards.period import Period
from dashboards.reports import REPORTS, ReportOptions
from dashboards.reports.content import query as content_query
from dashboards.reports.content.lists import LISTS
from dashboards.reports.content.query import content
from dashboards.reports.content.records import ActRow, Content
from dashboards.reports.goals.query import people_of as people_of_goal
from dashboards.reports.goals.query import preview, reached
from schemas.event import Event
from schemas.objects import Site
from schemas.session import Session
from store.tables.client import Store
from tests.dashboards.contents import Asked, acts, content_history, groups, pages, products
from tests.dashboards.history import History, Kept, write

ZONE = "Europe/Berlin"
WEEK = Period(date(2026, 10, 22), date(2026, 10, 28), ZONE)
LATER = datetime(2027, 1, 1, tzinfo=timezone.utc)
RUNNING = datetime(2026, 10, 26, 13, 30, tzinfo=timezone.utc)  # 14:30 on the fifth day, in winter
CUT = datetime(2026, 10, 19, 12, 30, tzinfo=timezone.utc)  # 14:30 on the fifth day before, in summer
PRICED = Goal("priced", "Priced", "path=/pricing & event_type=form", Decimal("2.50"))
FILTERS: list[tuple[list[str], Kept]] = [
    ([], Kept(active=False)),
    (["country=DE"], Kept(lambda s: s.country == "DE")),
    (["path=/pricing"], Kept(event=(lambda e: e.path == "/pricing",))),
    (["is_bot=true"], Kept(lambda s: s.is_bot, bots=True)),
]
GOALS: list[tuple[Goal, Callable[[Event], bool] | None]] = [
    (ORDERS, None),
    (PRICED, lambda e: e.path == "/pricing" and e.event_type == "form"),
]
BYS: dict[str, Callable[[Session], str]] = {
    "source": lambda s: s.source,
    "source_medium": lambda s: f"{s.source} / {s.medium}",
    "campaign": lambda s: s.campaign,
    "entry_path": lambda s: s.entry_path,
}
ids = [" + ".join(f) or "none" for f, _ in FILTERS]


@pytest.fixture(scope="module")
def store(tables: Store) -> Store:
    """Not emptied between tests: what a test here writes, it writes for a site of its own."""
    return tables


@pytest.fixture(scope="module")
def history() -> History:
    return content_history(f"shop-{uuid.uuid4().hex[:8]}", seed=20261026)


@pytest.fixture(scope="module")
def site(store: Store, history: History) -> Site:
    site = Site(history.site_id, timezone=ZONE)
    write(store, history)
    return site


def every(name: str = "sessions") -> Listing:
    return Listing(name, rows=1000)


def numbers(row: Any, names: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def full(row: dict[str, Any], names: Any) -> dict[str, Any]:
    return {name: row.get(name, 0) for name in names}


def acts_of(found: Content) -> list[ActRow]:
    return [row for row in found.rows if isinstance(row, ActRow)]


def asked_of(history: History, kept: Kept, wins: Any, now: datetime) -> Asked:
    return Asked(history, WEEK, CUT if now == RUNNING else WEEK.begins, kept, wins)


@pytest.mark.parametrize(("filters", "kept"), FILTERS, ids=ids)
@pytest.mark.parametrize("now", [LATER, RUNNING], ids=["past", "running"])
def test_each_list_equals_a_count_row_by_row(
    store: Store, site: Site, history: History, filters: list[str], kept: Kept, now: datetime
) -> None:
    for goal, wins in GOALS:
        asked = asked_of(history, kept, wins, now)
        for by, of in BYS.items():
            expected = groups(asked, of)
            found = breakdown(store, site, WEEK, by, goal, every(), filters, now=now)
            names = (
                "sessions", "sessions_before", "visitors", "engaged", "engaged_before", "bounces",
                "converted", "converted_before", "revenue", "revenue_before",
            )  # fmt: skip
            assert {row.value: numbers(row, names) for row in found.groups} == {
                value: full(row, names) for value, row in expected.items()
            }
            (whole,) = groups(asked, lambda _: "").values()
            assert numbers(found.total, names) == full(whole, names)
            assert found.found == len(expected) > 1
        shown = content(store, site, WEEK, "pages", goal, every("views"), filters, now=now)
        expected_pages = pages(asked)
        assert {row.value: numbers(row, expected_pages["/"]) for row in shown.rows} == expected_pages
        for name in ("search", "outlinks", "downloads", "forms", "errors"):
            shown = content(store, site, WEEK, name, goal, every("events"), filters, now=now)
            expected_acts = acts(asked, LISTS[name].type)
            keys = next(iter(expected_acts.values()))
            assert {(row.value, row.place): numbers(row, keys) for row in acts_of(shown)} == expected_acts
    columns = (
        "views", "views_before", "visitors", "carts", "orders", "buyers", "people", "quantity", "revenue",
        "revenue_before", "name",
    )  # fmt: skip
    shown = content(store, site, WEEK, "products", ORDERS, every("views"), filters, now=now)
    expected = products(asked_of(history, kept, None, now), site.currency)
    assert {row.value: numbers(row, columns) for row in shown.rows} == {
        sku: full(row, columns) for sku, row in expected.items()
    }
    assert any(row["revenue"] for row in expected.values())


@pytest.mark.parametrize("seed", range(3))
def test_other_histories_are_counted_as_well(store: Store, seed: int) -> None:
    history = content_history(f"other-{seed}", seed=seed, visitors=25)
    write(store, history)
    site = Site(history.site_id, timezone=ZONE)
    asked = asked_of(history, FILTERS[0][1], GOALS[1][1], LATER)
    shown = content(store, site, WEEK, "pages", PRICED, every("views"), now=LATER)
    expected = pages(asked)
    assert {row.value: numbers(row, next(iter(expected.values()))) for row in shown.rows} == expected
    found = breakdown(store, site, WEEK, "source", PRICED, every(), now=LATER)
    wanted = groups(asked, BYS["source"])
    assert {row.value: row.converted for row in found.groups} == {
        value: row["converted"] for value, row in wanted.items()
    }


def test_a_goal_converts_and_makes_no_session_engaged(store: Store, site: Site, history: History) -> None:
    quick = Goal("any", "Any", "event_type~.")
    orders, own = (
        breakdown(store, site, WEEK, "source", goal, every(), [], now=LATER).groups
        for goal in (ORDERS, quick)
    )
    sides = [[(row.value, row.engaged, row.bounces) for row in rows] for rows in (orders, own)]
    assert sorted(sides[0]) == sorted(sides[1])
    bounced = sum(row.converted - row.engaged for row in own if row.converted > row.engaged)
    assert bounced > 0, "sessions that bounced and hold the goal convert"


@pytest.mark.parametrize(("filters", "kept"), FILTERS, ids=ids)
def test_goals_equal_a_count_row_by_row(
    store: Store, site: Site, history: History, filters: list[str], kept: Kept
) -> None:
    put_goal(store, site.id, PRICED)
    put_goal(store, site.id, Goal("blog", "Blog", "path~^/blog/"))
    found = reached(store, site, WEEK, filters, now=LATER)
    assert [row.goal.id for row in found.rows] == ["orders", "blog", "priced"]
    wins = {"orders": None, "blog": lambda e: e.path.startswith("/blog/"), "priced": GOALS[1][1]}
    for row in found.rows:
        (whole,) = groups(asked_of(history, kept, wins[row.goal.id], LATER), lambda _: "").values()
        assert (row.conversions, row.conversions_before) == (whole["converted"], whole["converted_before"])
        assert (row.sessions, row.sessions_before) == (whole["sessions"], whole["sessions_before"])
        assert sum(row.trend) == row.conversions
        assert row.conversions or filters
        people = people_of_goal(store, site, WEEK, row.goal, filters, LATER).rows(store)
        assert len(people) == row.people
        alone = breakdown(store, site, WEEK, "source", row.goal, every(), filters, now=LATER)
        assert alone.total.converted == row.conversions
    orders, blog, priced = found.rows
    assert priced.value == priced.conversions * Decimal("2.50")
    assert orders.value == orders.revenue
    assert blog.value is None


def test_a_number_is_as_large_as_the_list_of_people_behind_it(store: Store, site: Site) -> None:
    for filters, _ in FILTERS[:3]:
        for row in breakdown(store, site, WEEK, "source", PRICED, every(), filters, now=LATER).groups:
            asked = sessions_by.people_of(store, site, WEEK, "source", row.value, None, filters, LATER)
            assert len(asked.rows(store)) == row.visitors
        for name in ("pages", "search", "outlinks", "downloads", "forms", "errors", "products"):
            first = LISTS[name].sorts[0]
            for line in content(store, site, WEEK, name, PRICED, every(first), filters, now=LATER).rows:
                key = (line.value, getattr(line, "place", ""))
                who = content_query.people_of(store, site, WEEK, name, key, None, filters, LATER)
                assert len(who.rows(store)) == line.visitors
    won = content_query.people_of(store, site, WEEK, "pages", ("/pricing", ""), PRICED, [], LATER).rows(store)
    seen = content_query.people_of(store, site, WEEK, "pages", ("/pricing", ""), None, [], LATER).rows(store)
    assert 0 < len(won) < len(seen)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_ordered_by_each_of_its_columns_and_read_page_by_page(
    store: Store, site: Site, name: str
) -> None:
    def asked(sort: str, **more: Any) -> Content:
        listing = Listing(sort, **{"rows": 1000, **more})
        return content(store, site, WEEK, name, ORDERS, listing, now=LATER)

    def shown(sort: str, **more: Any) -> list[Any]:
        return list(asked(sort, **more).rows)

    values = shown("value", up=True)
    assert [row.value for row in values] == sorted(row.value for row in values)
    assert [row.value for row in shown("value")] == sorted((row.value for row in values), reverse=True)
    plain = {"scroll": "scroll_pct", "engaged": "", "bounced": "", "rate": "", "exit_rate": "", "change": ""}
    for sort in LISTS[name].sorts:
        rows = shown(sort)
        by = plain.get(sort, sort)
        if by:
            got = [-1 if (value := getattr(row, by)) is None else value for row in rows]
            assert got == sorted(got, reverse=True)
            up = [-1 if (value := getattr(row, by)) is None else value for row in shown(sort, up=True)]
            assert up == sorted(up)
        second = asked(sort, rows=2, page=2)
        assert (list(second.rows), second.found) == (rows[2:4], len(rows) if len(rows) > 2 else 0)
    assert [row.value for row in shown("value", q="NO SUCH")] == []
    word = next(row.value for row in values if len(row.value) > 1)
    assert word in {row.value for row in shown("value", q=word.upper())}


def test_what_a_goal_would_have_counted(store: Store, site: Site, history: History) -> None:
    now = max(event.event_time for event in history.events)
    events = [e for e in history.events if e.path == "/pricing" and not e.is_bot and e.event_time < now]
    people = {history.person(event.visitor_id) for event in events}
    assert preview(store, site, "path=/pricing", now=now) == (len(events), len(people))
    with pytest.raises(ConfigError, match="unknown field"):
        preview(store, site, "pth=/pricing", now=now)


def test_goals_are_kept_by_site_changed_and_taken_away(store: Store) -> None:
    put_goal(store, "shop", read_goal(store, " Sign  up ", "event_type=form", "12.5"))
    put_goal(store, "other", read_goal(store, "Elsewhere", "event_type=form"))
    assert goals(store, "shop") == (ORDERS, Goal("sign-up", "Sign up", "event_type=form", Decimal("12.5")))
    put_goal(store, "shop", read_goal(store, "Signed", "event_type=form", "", "sign-up"))
    assert goal_of(store, "shop", "sign-up") == Goal("sign-up", "Signed", "event_type=form", None)
    with pytest.raises(ConfigError, match="has no goal 'elsewhere'; there are orders, sign-up"):
        goal_of(store, "shop", "elsewhere")
    with pytest.raises(ConfigError, match="orders"):
        remove_goal(store, "shop", "orders")
    with pytest.raises(ConfigError, match="no goal"):
        remove_goal(store, "other", "sign-up")
    remove_goal(store, "shop", "sign-up")
    assert goals(store, "shop") == (ORDERS,)


@pytest.mark.parametrize(
    ("name", "condition", "value", "id", "said"),
    [
        ("", "path=/", "", "", "name"),
        ("x" * 81, "path=/", "", "", "name"),
        ("A", " ", "", "", "condition"),
        ("A", "pth=/", "", "", "did you mean path"),
        ("A", "path~(", "", "", "regular expression"),
        ("A", "path=/\0", "", "", "NUL"),
        ("A", "path=/", "12,5", "", "amount"),
        ("A", "path=/", "-1", "", "amount"),
        ("A", "path=/", "1.005", "", "amount"),
        ("A", "path=/", "NaN", "", "amount"),
        ("A", "path=/", "", "orders", "goal id"),
        ("A", "path=/", "", "a'b", "goal id"),
    ],
)
def test_a_goal_that_cannot_be_is_refused(
    store: Store, name: str, condition: str, value: str, id: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        read_goal(store, name, condition, value, id)


def test_an_id_is_made_of_any_name() -> None:
    assert [slug("Sign up!"), slug("Orders"), slug("注册")] == ["sign-up", "orders-2", "goal-6ce8-518c"]
    assert read_value(" 3 ") == 3
    assert read_value("") is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sort": "evil; DROP TABLE events"}, "sort="),
        ({"page": "0"}, "page="),
        ({"page": "1e3"}, "page="),
        ({"page": "٣"}, "page="),
        ({"q": "a\0b"}, "NUL"),
    ],
)
def test_a_list_that_cannot_be_read_says_why(given: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse(given, ("sessions",), "sessions", 25)


def test_the_reports_say_the_same_numbers(store: Store, site: Site) -> None:
    put_goal(store, site.id, PRICED)

    def run(name: str, **own: str) -> dict[str, Any]:
        options = ReportOptions(WEEK, LATER, (), 1000, {key: (value,) for key, value in own.items()})
        return REPORTS[name].run(store, site, options)

    by = run("campaigns", by="campaign", goal="priced", sort="rate")
    found = breakdown(store, site, WEEK, "campaign", PRICED, every("rate"), now=LATER)
    assert by == found.to_json()
    assert run("content", list="errors")["rows"][0]["conversion_low"] is not None
    values = {goal["name"]: goal["value"] for goal in run("goals")["goals"]}
    assert values[PRICED.name] == f"{Decimal('2.5') * found.total.converted:.2f}"
    for name, own in (("campaigns", {"by": "vh"}), ("content", {"list": "x"}), ("content", {"goal": "x"})):
        with pytest.raises(ConfigError, match=r"choose|has no goal"):
            run(name, **own)


def test_a_site_without_events_has_empty_lists(store: Store) -> None:
    nobody = Site("nobody")
    assert breakdown(store, nobody, WEEK, "source", ORDERS, every(), now=LATER).total.rate.value is None
    for name in LISTS:
        assert content(store, nobody, WEEK, name, ORDERS, every(LISTS[name].sorts[0]), now=LATER).rows == ()
    assert [row.conversions for row in reached(store, nobody, WEEK, now=LATER).rows] == [0]
