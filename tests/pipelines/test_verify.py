"""`verify` is not blind: each kind of difference between the tables, the events and the log is found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from clicktrail.cli import cli
from clicktrail.settings import Settings
from pipelines.live import run_live
from pipelines.verify import verify
from schemas.envelope import Envelope, encode_block
from schemas.objects import Site
from store import objects
from store.log import open_log
from store.log.local import LocalLog
from store.tables.client import Store

SITE = Site("shop", timeout_s=600)
NOON_MS = 1_772_366_400_000
NEWEST = 1 << 60
PERSON = {"site_id": "shop", "visitor_id": "v0"}


def lines(most: int = 12) -> list[dict[str, object]]:
    """Events of two visitors, a minute apart, with an order and its refund by the other."""
    events: list[dict[str, object]] = [
        {"event_id": f"e{n}", "event_type": "page_view", "visitor_id": f"v{n % 2}", "at": n * 60_000}
        for n in range(most)
    ]
    order = {
        "event_id": "o",
        "event_type": "order",
        "visitor_id": "v0",
        "order_id": "1",
        "revenue": 9,
        "at": 1,
    }
    return [
        *events,
        order,
        {**order, "event_id": "r", "event_type": "refund", "visitor_id": "v1", "revenue": 4},
    ]


def append(settings: Settings, requests: Sequence[Sequence[dict[str, object]]]) -> None:
    """Put requests into the log, as the collector does."""
    log = open_log(settings, write=True)
    for number, events in enumerate(requests):
        arrived = NOON_MS + 3_600_000 + number
        sent = [{**e, "device_time": NOON_MS + int(str(e["at"]))} for e in events]
        body = json.dumps({"site": "shop", "sent_at": arrived - 5, "events": sent}).encode()
        log.append([encode_block([Envelope(arrived, "native", body=body)])])
    log.close()


@pytest.fixture
def settings(store: Store, store_settings: Settings, tmp_path: Path) -> Settings:
    """A site whose log was carried into the tables, with one request that came twice."""
    objects.put_site(store, SITE)
    made = replace(store_settings, log_url=f"file:{tmp_path / 'log'}")
    append(made, [lines()[:7], lines()[5:], lines()[:7]])
    written = run_live(made, once=True)
    assert (written.events, written.duplicates) == (14, 9)
    return made


def found(settings: Settings) -> list[tuple[str, object, object]]:
    return [(one.what, one.stored, one.expected) for one in verify(settings, SITE).differences]


def stored(store: Store, table: str, where: str) -> pl.DataFrame:
    return store.query(f"SELECT * FROM {table} FINAL WHERE {where}").with_columns(
        version=pl.lit(NEWEST, pl.UInt64)
    )


def test_sound_tables_show_no_difference(settings: Settings) -> None:
    result = verify(settings, SITE)
    assert result.differences == []
    assert (result.events, result.visitors, result.sessions) == (14, 2, 2)
    assert (result.log.records, result.log.events) == (3, 23)


def test_a_session_that_is_missing_wrong_or_too_many_is_found(settings: Settings, store: Store) -> None:
    one = stored(store, "sessions", "visitor_id = 'v0'")
    store.insert("sessions", one.with_columns(revenue=pl.lit(Decimal(9))))
    assert found(settings) == [("session", {"revenue": Decimal(9)}, {"revenue": Decimal(5)})]
    store.insert("sessions", one.with_columns(is_deleted=pl.lit(True), version=pl.lit(NEWEST + 1)))
    ((what, before, after),) = found(settings)
    assert (what, before) == ("session", None)
    assert isinstance(after, dict)
    store.insert("sessions", one.with_columns(session_id=pl.lit("f" * 16)))
    assert len(found(settings)) == 2


def test_an_event_that_stands_twice_is_missing_or_differs_from_the_log_is_found(
    settings: Settings, store: Store
) -> None:
    one = stored(store, "events", "event_id = 'e3'")
    twice = one.with_columns(pl.col("event_time") + timedelta(milliseconds=1))
    store.insert("events", twice)
    assert [what for what, _, _ in found(settings)][:1] == ["repeat"]
    store.insert("events", twice.with_columns(is_deleted=pl.lit(True), version=pl.lit(NEWEST + 1)))
    assert found(settings) == []
    store.insert("events", one.with_columns(title=pl.lit("another")))
    assert found(settings) == [("event", {"title": "another"}, {"title": ""})]
    store.insert("events", one.with_columns(is_deleted=pl.lit(True), version=pl.lit(NEWEST + 2)))
    assert sorted(what for what, _, _ in found(settings)) == ["event", "session"]


def test_a_visitor_who_stands_for_another_person_is_found(settings: Settings, store: Store) -> None:
    store.insert("persons", pl.DataFrame([{**PERSON, "person_id": "user:7", "version": NEWEST}]))
    assert found(settings) == [("person", "user:7", None)]


def test_a_person_who_is_missing_is_found(settings: Settings, store: Store) -> None:
    said = {"site_id": "shop", "id_a": "v0", "id_b": "user:7", "source": "identify"}
    since = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
    store.insert("identity_edges", pl.DataFrame([{**said, "since": since, "version": NEWEST}]))
    assert found(settings) == [("person", None, "user:7")]


def test_a_copy_that_was_received_later_than_another_is_found(settings: Settings, store: Store) -> None:
    """It came with the third request, and the log holds the first one."""
    one = stored(store, "events", "event_id = 'e3'")
    later = one.with_columns(
        pl.col("received_at") + timedelta(milliseconds=2),
        pl.col("raw_ref").str.replace(r"^.*$", "log:0:9999:0:0"),
    )
    store.insert("events", later)
    ((what, before, after),) = found(settings)
    assert what == "event"
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert before["received_at"] - after["received_at"] == timedelta(milliseconds=2)


def test_what_the_log_holds_no_more_is_no_difference_and_what_it_holds_is_compared(
    store: Store, store_settings: Settings, tmp_path: Path
) -> None:
    objects.put_site(store, SITE)
    settings = replace(store_settings, log_url=f"file:{tmp_path / 'log'}")
    append(settings, [lines()[:7]])
    assert run_live(settings, once=True).events == 7
    with closing(LocalLog(tmp_path / "log", write=True, segment_seconds=0)) as log:
        log.append([encode_block([])])
        log.commit("pipeline", log.end())
        assert log.retain(older_than_s=-1, max_bytes=0) > 0
    append(settings, [lines()[7:]])
    assert run_live(settings, once=True).events == 7
    result = verify(settings, SITE)
    assert (result.events, result.log.events, result.differences) == (14, 7, [])
    held, gone = (stored(store, "events", f"event_id = '{name}'") for name in ("e9", "e1"))
    store.insert("events", pl.concat([held, gone]).with_columns(title=pl.lit("another")))
    assert [(one.what, one.id) for one in verify(settings, SITE).differences] == [("event", "e9")]


def test_only_the_days_asked_for_are_compared_and_what_differs_is_printed(
    settings: Settings, store: Store
) -> None:
    environment = {"CLICKTRAIL_DATA": str(settings.data), "CLICKTRAIL_LOG_URL": settings.log_url}

    def told(first: str, last: str) -> tuple[int, str]:
        asked = CliRunner().invoke(
            cli, ["verify", "--site", "shop", "--from", first, "--to", last], env=environment
        )
        return asked.exit_code, asked.stdout

    store.insert("sessions", stored(store, "sessions", "visitor_id = 'v0'").with_columns(events=pl.lit(99)))
    assert told("2026-03-01", "2026-03-01")[0] == 1
    assert told("2026-02-01", "2026-02-28")[0] == told("2026-03-02", "2026-03-31")[0] == 0
    store.insert("persons", pl.DataFrame([{**PERSON, "person_id": "user:7", "version": NEWEST}]))
    said = [line.split() for line in told("2026-03-01", "2026-03-02")[1].splitlines()]
    (session,) = [one["id"] for one in rows_that_differ(environment) if one["what"] == "session"]
    assert ["shop", "session", "v0", session, "events", "99", "7"] in said
    assert ["shop", "person", "v0", "user:7", "user:7", "-"] in said


def rows_that_differ(environment: dict[str, str]) -> list[dict[str, Any]]:
    """What the command tells a program."""
    asked = CliRunner().invoke(cli, ["verify", "--site", "shop", "--json"], env=environment)
    differences: list[dict[str, Any]] = json.loads(asked.stdout)["sites"][0]["differences"]
    return differences


def test_an_event_that_the_log_does_not_hold_is_found(settings: Settings, store: Store) -> None:
    store.insert(
        "events", stored(store, "events", "event_id = 'e3'").with_columns(event_id=pl.lit("made up"))
    )
    differences = verify(settings, SITE).differences
    assert ("event", "made up", None) in [(one.what, one.id, one.expected) for one in differences]


def test_the_command_ends_with_1_when_something_differs(settings: Settings, store: Store) -> None:
    environment = {"CLICKTRAIL_DATA": str(settings.data), "CLICKTRAIL_LOG_URL": settings.log_url}
    command = ["verify", "--site", "shop", "--json"]
    sound = CliRunner().invoke(cli, command, env=environment)
    assert (sound.exit_code, json.loads(sound.stdout)["ok"]) == (0, True)
    store.insert("sessions", stored(store, "sessions", "visitor_id = 'v0'").with_columns(events=pl.lit(1)))
    odd = CliRunner().invoke(cli, command, env=environment)
    answer = json.loads(odd.stdout)
    assert (odd.exit_code, answer["ok"], answer["different"]) == (1, False, 1)
    outside = CliRunner().invoke(cli, [*command, "--from", "2026-03-02"], env=environment)
    assert json.loads(outside.stdout)["sites"][0]["sessions"] == 0
    turned = CliRunner().invoke(
        cli, [*command, "--from", "2026-03-02", "--to", "2026-03-01"], env=environment
    )
    assert "lies after" in str(turned.exception)
