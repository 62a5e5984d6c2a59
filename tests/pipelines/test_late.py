"""A flood of old events waits in files, in bounded numbers, and ends up in the tables all the same."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from clicktrail.settings import Settings
from pipelines.checkpoint import Checkpoint
from pipelines.late import LateEvents, late_folder, waiting_events
from pipelines.live import LIVE_BYTES, LiveDriver, run_live
from pipelines.verify import verify
from schemas.objects import Site
from store import objects
from store.log import open_log
from store.log.base import PIPELINE
from store.tables.client import Store
from tests.pipelines.again import stored_events
from tests.pipelines.test_verify import append
from tests.unit.sessionize.histories import event, frame

SITE = Site("shop")
HOUR_MS = 3_600_000


def waits(folder: Path) -> list[str]:
    return [name for rows in waiting_events(folder) for name in rows["event_id"]]


def test_late_events_beyond_the_number_wait_for_the_next_takes(tmp_path: Path) -> None:
    late = LateEvents(tmp_path, at_once=2)
    block = frame([*(event(n, n) for n in range(5)), event(9, 3700)])
    assert late.take(block, "a")["event_id"].to_list() == ["e00009", "e00000", "e00001"]
    late.done()
    assert late.take(block.clear(), "b")["event_id"].to_list() == ["e00002", "e00003"]
    late.done()
    assert waits(tmp_path) == ["e00004"]
    assert LateEvents(tmp_path).take(block.clear(), "c")["event_id"].to_list() == ["e00004"]
    assert late.waiting(), "nothing is removed before it is said to be in the tables"


def test_few_late_events_do_not_wait(tmp_path: Path) -> None:
    late = LateEvents(tmp_path, at_once=2)
    block = frame([event(1), event(2, 1), event(3, 3600.001), event(4, 9000)])
    assert late.take(block.slice(1), "a").height == 3
    assert not late.waiting()


def test_a_file_that_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "1.arrow").write_bytes(b"torn")
    late = LateEvents(tmp_path)
    assert late.take(frame([event(1)]), "a").height == 1
    assert not late.waiting()
    assert [path.name for path in tmp_path.iterdir()] == ["1.damaged"]


def test_a_drained_log_has_no_event_waiting(store: Store, store_settings: Settings, tmp_path: Path) -> None:
    objects.put_site(store, SITE)
    settings = replace(store_settings, log_url=f"file:{tmp_path / 'log'}")
    old = [
        {"event_id": f"o{n}", "event_type": "page_view", "visitor_id": f"v{n % 7}", "at": (n - 36) * 900_000}
        for n in range(25)
    ]
    live = {"event_id": "now", "event_type": "page_view", "visitor_id": "v1", "at": HOUR_MS}
    append(settings, [[*old, live], old[:9]])
    event_log = open_log(settings, write=False)
    late = LateEvents(late_folder(settings), at_once=4)
    total = LiveDriver(settings, event_log, LIVE_BYTES, late).run(True, threading.Event())
    event_log.close()
    assert total.events + total.duplicates == 35
    assert not late.waiting()
    assert verify(settings, SITE).differences == []


def test_a_flood_of_old_events_holds_up_no_live_one(
    store: Store, store_settings: Settings, tmp_path: Path
) -> None:
    """Each run takes all that is new and a bounded part of the flood."""
    objects.put_site(store, SITE)
    settings = replace(store_settings, log_url=f"file:{tmp_path / 'log'}")
    live = {"event_type": "page_view", "visitor_id": "v1"}
    flood = [{**live, "event_id": f"o{n}", "visitor_id": f"w{n}", "at": -n * HOUR_MS} for n in range(1, 61)]
    event_log = open_log(settings, write=False)
    driver = LiveDriver(settings, event_log, LIVE_BYTES, LateEvents(late_folder(settings), at_once=10))
    for number in range(4):
        append(
            settings, [[*(flood if number == 0 else []), {**live, "event_id": f"now{number}", "at": HOUR_MS}]]
        )
        assert driver.one_range() == 1
        names = [one.event_id for one in stored_events(store)]
        assert {name for name in names if name[:3] == "now"} == {f"now{n}" for n in range(number + 1)}
        assert len(names) == (number + 1) * 11
    assert driver.run(True, threading.Event()).events == 64
    event_log.close()
    assert verify(settings, SITE).differences == []


def test_the_range_is_durable_before_the_first_insert_and_committed_after_the_last(
    store: Store, store_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects.put_site(store, SITE)
    settings = replace(store_settings, log_url=f"file:{tmp_path / 'log'}")
    live = {"event_id": "now", "event_type": "page_view", "visitor_id": "v1", "at": 0}
    append(settings, [[live]])
    event_log, insert, seen = open_log(settings, write=False), Store.insert, list[tuple[str, bool]]()
    checkpoint = Checkpoint(event_log, settings.data / "pipeline", PIPELINE)

    def watched(self: Store, table: str, frame: pl.DataFrame, *, token: str = "") -> None:
        range_ = checkpoint.interrupted()
        noted = range_ is not None and range_.end == event_log.end() and range_.token in token
        seen.append((table, noted and event_log.committed(PIPELINE) is None))
        insert(self, table, frame, token=token)

    monkeypatch.setattr(Store, "insert", watched)
    LiveDriver(settings, event_log, LIVE_BYTES).run(True, threading.Event())
    assert seen == [("events", True), ("sessions", True)]
    assert event_log.committed(PIPELINE) == event_log.end()
    event_log.close()


def test_an_event_that_waits_is_no_difference_and_survives_the_process(
    store: Store, store_settings: Settings, tmp_path: Path
) -> None:
    objects.put_site(store, SITE)
    settings = replace(store_settings, log_url=f"file:{tmp_path / 'log'}")
    live = {"event_id": "now", "event_type": "page_view", "visitor_id": "v1", "at": HOUR_MS}
    old = [{**live, "event_id": f"o{n}", "at": -n * HOUR_MS} for n in range(3)]
    append(settings, [[*old, live]])
    event_log = open_log(settings, write=False)
    late = LateEvents(late_folder(settings), at_once=1)
    driver = LiveDriver(settings, event_log, LIVE_BYTES, late)
    assert driver.one_range() == 1
    event_log.close()
    assert late.waiting()
    assert verify(settings, SITE).differences == []
    assert run_live(settings, once=True).events == 1
    found = verify(settings, SITE)
    assert (found.events, found.differences) == (4, [])
