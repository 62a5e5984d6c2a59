"""What changed: each story once, and none that is the whole site's."""

from __future__ import annotations

from datetime import date, datetime, timezone

from dashboards.period import Period
from dashboards.reports.overview.changes import changes
from dashboards.reports.overview.records import LISTS, Overview, PageRow, TopRow, Totals

NOW = datetime(2026, 11, 25, tzinfo=timezone.utc)
PERIOD = Period(date(2026, 10, 26), date(2026, 11, 24))
Counts = dict[str, tuple[int, int]]


def row(value: str, before: int, now: int) -> TopRow:
    return TopRow(value, f"x={value}", now, now, now, 0, before)


def site(before: int, now: int, faded: dict[str, Counts] | None = None, **lists: Counts) -> Overview:
    """An overview with value → (visitors before, visitors now) in its lists."""
    rows = {name: tuple(row(v, *c) for v, c in lists.get(name, {}).items()) for name in LISTS}
    pages = tuple(PageRow(v, f"path={v}", c[1], c[1], c[0]) for v, c in lists.get("pages", {}).items())
    gone = {name: tuple(row(v, *c) for v, c in found.items()) for name, found in (faded or {}).items()}
    totals, previous = Totals(visitors=now, sessions=now), Totals(visitors=before, sessions=before)
    return Overview(
        "shop", PERIOD, PERIOD.previous(), (), NOW, totals, previous, "day", (), (), pages,
        faded=gone, previous_until=PERIOD.begins, computed=(), **rows,
    )  # fmt: skip


def told(found: Overview) -> list[tuple[str, int, int]]:
    return [(change.value, change.before, change.now) for change in changes(found)]


def test_the_same_visitors_in_several_lists_are_told_once_by_the_most_telling_name() -> None:
    found = site(
        6056,
        7015,
        channel_groups={"Paid other": (182, 1147)},
        sources={"adboard / cpc": (182, 1147)},
        campaigns={"kettle-banner": (182, 1147)},
        pages={"/sale/kettles": (190, 1150)},
    )
    assert told(found) == [("kettle-banner", 182, 1147)]


def test_two_stories_are_two() -> None:
    found = site(5000, 5600, campaigns={"autumn": (0, 400)}, countries={"KE": (900, 1400)})
    assert told(found) == [("autumn", 0, 400), ("KE", 900, 1400)]


def test_what_left_the_list_is_told_with_its_true_counts() -> None:
    found = site(5000, 4600, campaigns={"new": (3, 5)}, faded={"campaigns": {"summer": (500, 4)}})
    assert told(found) == [("summer", 500, 4)]


def test_a_row_that_grows_as_the_whole_site_does_is_no_news() -> None:
    devices = {"phone": (2000, 4010), "desktop": (1500, 2000)}
    found = site(4000, 8000, devices=devices, countries={"DE": (1000, 3000)})
    assert told(found) == [("DE", 1000, 3000)]


def test_chance_and_values_that_are_not_set_are_not_told() -> None:
    assert told(site(5000, 5000, countries={"DE": (100, 130)}, campaigns={"": (4000, 3000)})) == []
