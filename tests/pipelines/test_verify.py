"""`verify` is not blind: each kind of difference between the tables, the events and the log is found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

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
from store.tables.client import Store

SITE = Site("shop", timeout_s=600)
NOON_MS = 1_772_366_400_000
NEWEST = 1 << 60


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
    one = {"site_id": "shop", "visitor_id": "v0", "person_id": "user:7", "version": NEWEST}
    store.insert("persons", pl.DataFrame([one]))
    assert found(settings) == [("person", "user:7", None)]


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
