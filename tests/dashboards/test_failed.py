"""The page of failed events equals a count row by row, and starts a replay as a process of its own."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from clicktrail.settings import Settings
from dashboards.app import create_app
from dashboards.i18n import Text
from dashboards.period import Period
from dashboards.replays import Replay, Replays
from dashboards.reports.failed.figure import bars, coloured
from dashboards.reports.failed.query import Failed, example, failed
from schemas.arrow import schema
from schemas.failed_event import FailedEvent
from schemas.objects import Site
from store.objects import put_site
from store.tables.client import Store

NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
WEEK = Period(date(2026, 11, 14), date(2026, 11, 20), "Asia/Tokyo")
SHOP = Site("shop", "shop.example", "Asia/Tokyo", keys=(("matomo", "7"),))
REASONS = ("malformed", "wrong_type", "unknown_site", "no_type", "bad_time", "internal")


@pytest.fixture
def rows(store: Store) -> list[FailedEvent]:
    """Failed events around the week: of the shop by each of its names, of nobody, of another site."""
    put_site(store, SHOP)
    put_site(store, Site("other", "other.example"))
    names = ("shop", "shop.example", "www.shop.example", "7", "", "stranger", "other", "other.example")
    made = [
        FailedEvent(
            site_id=names[n % len(names)],
            failed_id=f"id{n:03d}",
            received_at=NOW - timedelta(hours=5 * n),
            stage="schema" if n % 4 else "decode",
            reason=REASONS[n % 11 % 6],
            protocol="native",
            raw=b'{"n":%d,"x":"\xff%s"}' % (n, b"y" * 200),
            raw_ref=f"log:0:{n}:0:0",
            attempts=1 + n % 3,
            is_deleted=n % 13 == 5,
        )
        for n in range(60)
    ]
    columns = {name: [getattr(row, name) for row in made] for name in schema(FailedEvent)}
    store.insert("failed_events", pl.DataFrame(columns, schema=schema(FailedEvent)))
    return made


def asked(store: Store, limit: int = 1000, period: Period = WEEK) -> Failed:
    return failed(store, SHOP, period, now=NOW, limit=limit)


def test_counts_trend_and_newest_equal_a_count_row_by_row(store: Store, rows: list[FailedEvent]) -> None:
    wanted = [
        row
        for row in rows
        if not row.is_deleted
        and not row.site_id.startswith("other")
        and WEEK.begins <= row.received_at < WEEK.ends
    ]
    found = asked(store)
    assert 20 < found.failed == len(wanted)
    assert {(one.reason, one.stage): one.failed for one in found.by_reason} == Counter(
        (row.reason, row.stage) for row in wanted
    )
    assert [one.failed for one in found.by_reason] == sorted(
        (o.failed for o in found.by_reason), reverse=True
    )
    days = Counter((str((row.received_at + timedelta(hours=9)).date()), row.reason) for row in wanted)
    assert {(b.at, reason): n for b in found.trend for reason, n in b.by_reason.items()} == days
    newest = asked(store, limit=5).newest
    assert [row.failed_id for row in newest] == [row.failed_id for row in wanted[:5]]
    assert newest[0].begin == rows[0].raw[:120].decode("utf-8", "backslashreplace")
    assert newest[0].bytes == len(rows[0].raw)


def test_a_single_day_is_told_by_hours(store: Store, rows: list[FailedEvent]) -> None:
    found = asked(store, period=Period(date(2026, 11, 20), date(2026, 11, 20), "Asia/Tokyo"))
    assert found.unit == "hour"
    assert [bucket.at for bucket in found.trend][-1] == "2026-11-20T21:00"
    document = json.loads(json.dumps(found.to_json()))
    assert (
        sum(n for one in document["trend"] for name, n in one.items() if name != "at") == document["failed"]
    )


def test_the_figure_stacks_every_failed_event_once(store: Store, rows: list[FailedEvent]) -> None:
    found = asked(store)
    assert len(coloured(found)) == 5, "four reasons and the others"
    figure = bars(found, Text("en"))
    assert sum(sum(trace.y) for trace in figure.data) == found.failed
    assert figure.layout.barmode == "stack"


def test_an_example_is_whole_and_tells_earlier_reasons(store: Store, rows: list[FailedEvent]) -> None:
    found = example(store, "id003")
    assert found is not None
    assert (found.raw, found.history, found.attempts) == (rows[3].raw, (), 1)
    assert example(store, "id005") is None, "it was replayed"
    assert example(store, "nothing") is None


def posted(client: Any, outputs: list[tuple[str, str]], inputs: list[tuple[str, str, Any]]) -> Any:
    """What a callback of the page answers; the first input is the one that changed."""
    several = len(outputs) > 1
    ids = [f"{name}.{prop}" for name, prop in outputs]
    said = [{"id": name, "property": prop} for name, prop in outputs]
    answer = client.post(
        "/_dash-update-component",
        json={
            "output": f"..{'...'.join(ids)}.." if several else ids[0],
            "outputs": said if several else said[0],
            "inputs": [{"id": name, "property": prop, "value": value} for name, prop, value in inputs],
            "changedPropIds": [f"{inputs[0][0]}.{inputs[0][1]}"],
            "state": [{"id": "_pages_location", "property": "search", "value": "?site=shop"}],
        },
    )
    assert answer.status_code in (200, 204), answer.text
    return answer.get_json()["response"] if answer.status_code == 200 else None


@pytest.fixture
def client(store: Store, reader: Store, store_settings: Settings) -> Any:
    app = create_app(reader, lambda: store, store_settings, now=lambda: NOW)
    made = app.server.test_client()
    made.get("/")
    return made


def test_bytes_are_shown_on_demand_and_as_text(client: Any, rows: list[FailedEvent]) -> None:
    shown = posted(client, [("failed-example", "children")], [("failed-ask", "data", {"id": "id003"})])
    assert "y" * 200 in json.dumps(shown)
    assert "clicktrail failed show id003" in json.dumps(shown)
    for odd in ({"id": "' OR 1"}, {"id": None}, {}):
        gone = posted(client, [("failed-example", "children")], [("failed-ask", "data", odd)])
        assert "no failed event any more" in json.dumps(gone)


def test_opening_an_address_starts_nothing(client: Any, rows: list[FailedEvent]) -> None:
    for path in ("/failed?site=shop&what=replay", "/failed/replay?site=shop"):
        client.get(path)
    out = [("failed-replay", "children"), ("failed-tick", "disabled")]
    beat = [("failed-tick", "n_intervals", 1), ("failed-try", "data", {"what": "replay"})]
    answer = posted(client, out, beat)
    assert answer["failed-tick"]["disabled"] is True, "a beat starts nothing either"
    assert "See what would happen" in json.dumps(answer)


def ended(replays: Replays) -> Replay:
    until = time.monotonic() + 60
    while (last := replays.last()) is None or last.running:
        assert time.monotonic() < until
        time.sleep(0.02)
    return last


def python(code: str) -> tuple[str, ...]:
    return sys.executable, "-c", code


def test_one_replay_at_a_time(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    code = (
        f"import pathlib,time\nwhile not pathlib.Path({str(gate)!r}).exists(): time.sleep(.01)\nprint('{{}}')"
    )
    replays = Replays(Settings(data=tmp_path), python(code))
    assert replays.last() is None
    assert replays.start("shop", dry_run=True)
    assert not replays.start("shop", dry_run=False), "another one is under way"
    gate.touch()
    assert ended(replays) == Replay("shop", True, counts={})
    assert replays.start("other", dry_run=False)
    assert ended(replays) == Replay("other", False, counts={})


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.exit('noise\\nclicktrail: the store is away')", "clicktrail: the store is away"),
        ("import os; os._exit(3)", "it ended with 3"),
        ("print('no json')", "Expecting value"),
    ],
)
def test_what_went_wrong_is_told(tmp_path: Path, code: str, said: str) -> None:
    replays = Replays(Settings(data=tmp_path), python(code))
    replays.start("shop", dry_run=True)
    assert said in ended(replays).error
    assert replays.start("shop", dry_run=True), "the next one may run"
    ended(replays)
