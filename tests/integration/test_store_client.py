"""The client of the tables against the embedded store: values, failures, restarts."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clicktrail.errors import ConfigError, InputError, StoreError
from clicktrail.settings import Settings
from schemas.arrow import complete, schema
from schemas.event import Event
from schemas.failed_event import FailedEvent
from schemas.objects import Site, StoredObject
from store.objects import objects, put_object, put_site, read_sites_file, sites, write_sites_file
from store.tables.client import Store, open_store
from store.tables.embedded.files import StoreFiles, read_address

NOON = datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=timezone.utc)


def event_frame(**columns: Sequence[object]) -> pl.DataFrame:
    """Events `e0`, `e1` … with these columns; the rest is as small as it can be."""
    count = len(next(iter(columns.values())))
    needed: dict[str, Sequence[object]] = {
        "site_id": ["shop"] * count,
        "event_id": [f"e{number}" for number in range(count)],
        "event_type": ["page_view"] * count,
        "protocol": ["native"] * count,
        "received_at": [NOON] * count,
        "event_time": [NOON + timedelta(milliseconds=number) for number in range(count)],
        "visitor_id": ["v"] * count,
    }
    both = {**needed, **columns}
    return pl.DataFrame(both, schema={name: schema(Event)[name] for name in both})


def test_events_come_back_as_they_went_in(store: Store) -> None:
    frame = complete(
        event_frame(
            title=["", "naïve 中文", "x" * 127, "x" * 128, "x" * 20_000, "a\0b", "q'\"\\\n\t"],
            device_time=[None, NOON, None, NOON - timedelta(days=20_000), None, None, NOON],
            revenue=[
                Decimal(text) for text in ("0", "-0.0001", "99999999999999.9999", "1", "2.5", "-7", "3")
            ],
            event_name=["", "a\0", "\0", "a", "x" * 5000, "中", ""],
            is_bot=[True, False, True, False, True, False, True],
            seq=[0, -1, 2**63 - 1, -(2**63), 5, 6, 7],
            value=[0.0, -1.5, 1e300, 1e-300, 3.0, 4.0, 5.0],
            version=[0, 1, 2**64 - 1, 2**63, 4, 5, 6],
        ),
        Event,
    )
    store.insert("events", frame)
    back = store.query("SELECT * FROM events ORDER BY event_id")
    assert back.schema == frame.schema
    assert back.equals(frame)


TEXT = st.text(st.characters(codec="utf-8"), max_size=300)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(TEXT, TEXT, st.none() | st.integers(0, 2**41), st.decimals(-(10**13), 10**13, places=4)),
        min_size=1,
        max_size=300,
    )
)
def test_any_text_instant_and_amount_survives_the_way_to_the_tables_and_back(
    store: Store, values: list[tuple[str, str, int | None, Decimal]]
) -> None:
    store.command("TRUNCATE TABLE events")
    titles, names, times, amounts = (list(column) for column in zip(*values, strict=True))
    epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
    instants = [None if ms is None else epoch + timedelta(milliseconds=ms) for ms in times]
    numbers = list(range(len(values)))
    frame = event_frame(title=titles, event_name=names, sent_at=instants, revenue=amounts, seq=numbers)
    store.insert("events", frame)
    assert store.query("SELECT * FROM events ORDER BY seq").select(frame.columns).equals(frame)


def test_more_rows_than_a_block_are_one_insert_under_one_token(store: Store) -> None:
    frame = event_frame(seq=list(range(70_000)))
    for _ in range(2):
        store.insert("events", frame, token="batch 1")
    assert store.rows("SELECT count() AS n, uniqExact(seq) AS u FROM events") == [{"n": 70_000, "u": 70_000}]


def test_a_column_that_is_left_out_takes_the_default_of_the_table(store: Store) -> None:
    store.insert("events", event_frame(seq=[1]))
    (row,) = store.rows("SELECT channel, id_source, title, vh = sipHash64('v') AS hashed FROM events")
    assert row == {"channel": "web", "id_source": "client", "title": "", "hashed": 1}


def test_a_missing_value_where_the_table_has_none_is_an_error_and_writes_nothing(store: Store) -> None:
    with pytest.raises(StoreError, match="title"):
        store.insert("events", event_frame(title=[*["a"] * 70_000, None]))
    assert store.query("SELECT * FROM events").is_empty()


@pytest.mark.parametrize("attempts", [-1, 2**32])
def test_a_number_that_the_column_cannot_hold_is_an_error(store: Store, attempts: int) -> None:
    row = {"site_id": "s", "failed_id": "f", "received_at": NOON, "stage": "decode", "reason": "x"}
    with pytest.raises(StoreError, match="attempts"):
        store.insert("failed_events", pl.DataFrame([{**row, "attempts": attempts}]))
    assert store.query("SELECT * FROM failed_events").is_empty()


def test_an_unknown_column_is_an_error_that_cannot_be_retried(store: Store) -> None:
    with pytest.raises(StoreError) as caught:
        store.insert("events", event_frame(seq=[1]).with_columns(nonsense=1))
    assert not caught.value.retryable


def test_a_name_cannot_carry_sql(store: Store) -> None:
    with pytest.raises(StoreError, match="no name"):
        store.insert("events` VALUES --", event_frame(seq=[1]))


def test_an_empty_result_has_the_same_types_as_a_full_one(store: Store) -> None:
    sql = "SELECT *, toDate(event_time) AS day, count() OVER () AS n FROM events"
    empty = store.query(sql).schema
    store.insert("events", event_frame(seq=[1]))
    assert store.query(sql).schema == empty


def test_bytes_that_are_not_text_come_back_as_bytes(store: Store) -> None:
    row = {"site_id": "s", "failed_id": "f", "received_at": NOON, "stage": "decode", "reason": "malformed"}
    raw = bytes(range(256)) + b"\0"
    failed = pl.DataFrame([{**row, "protocol": "native", "raw": raw}], schema_overrides=schema(FailedEvent))
    store.insert("failed_events", complete(failed, FailedEvent))
    back = store.query("SELECT site_id, raw, received_at FROM failed_events")
    assert back.row(0) == ("s", raw, NOON)
    assert back.schema == {"site_id": pl.String, "raw": pl.Binary, "received_at": pl.Datetime("ms", "UTC")}


def test_parameters_reach_the_server_as_values(store: Store) -> None:
    sql = """SELECT {a:String} AS a, {b:DateTime64(3,'UTC')} AS b, {c:Array(String)} AS c,
             {d:Nullable(String)} AS d, {e:Bool} AS e, {f:Int64} AS f, {g:Date} AS g"""
    given_values: dict[str, Any] = {
        "a": "x' OR '1'='1\\\n\t{}%s",
        "b": NOON,
        "c": ["a'", "", "\\"],
        "d": None,
        "e": True,
        "f": -5,
    }
    (row,) = store.query(sql, **given_values, g=NOON.date()).to_dicts()
    assert row == {**given_values, "g": NOON.date()}


def test_frames_that_are_sent_along_are_read_by_name(store: Store) -> None:
    store.insert("events", event_frame(seq=list(range(1000))))
    wanted = pl.DataFrame(
        {"event_id": ["e7", "e8", "none"], "at": [NOON, None, NOON], "amount": [Decimal("1.5")] * 3},
        schema_overrides={"at": pl.Datetime("ms", "UTC"), "amount": pl.Decimal(18, 4)},
    )
    found = store.query(
        "SELECT seq, at, amount FROM events INNER JOIN wanted USING (event_id) ORDER BY seq",
        tables={"wanted": wanted, "unused": wanted.clear()},
    )
    assert found.rows() == [(7, NOON, Decimal("1.5")), (8, None, Decimal("1.5"))]
    assert store.query("SELECT count() AS n FROM wanted", tables={"wanted": wanted.clear()}).item() == 0


def test_a_refused_query_says_why_and_leaves_the_store_usable(store: Store) -> None:
    with pytest.raises(StoreError, match="nowhere") as caught:
        store.query("SELECT * FROM nowhere")
    assert not caught.value.retryable
    assert "Stack trace" not in str(caught.value)
    store.ping()


def test_a_reader_reads_and_can_neither_write_nor_reach_a_file(store: Store, reader: Store) -> None:
    store.insert("events", event_frame(seq=[1]))
    assert reader.query("SELECT seq FROM events FINAL").item() == 1
    for sql in ("TRUNCATE TABLE events", "SELECT * FROM file('/etc/passwd', 'TSV', 'a String')"):
        with pytest.raises(StoreError):
            reader.command(sql)
    with pytest.raises(StoreError):
        reader.insert("events", event_frame(seq=[2]))
    assert reader.query("SELECT seq FROM events FINAL").item() == 1


def test_many_threads_share_one_store(store: Store) -> None:
    wrong: list[object] = []

    def ask(number: int) -> None:
        for step in range(20):
            found = store.query("SELECT {n:Int64} AS n FROM numbers(100)", n=number * 1000 + step)
            if found["n"].unique().to_list() != [number * 1000 + step]:
                wrong.append(found)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_migrating_again_or_from_two_programs_changes_nothing(store: Store, store_settings: Settings) -> None:
    store.insert("events", event_frame(seq=[1]))
    others = [open_store(store_settings) for _ in range(2)]
    threads = [threading.Thread(target=other.migrate) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.close()
    assert store.query("SELECT seq FROM events").item() == 1
    names = store.query("SELECT name FROM schema_migrations FINAL ORDER BY name")["name"].to_list()
    assert names[0] == "0001_events"
    assert len(names) == len(set(names))


def test_the_next_call_finds_a_store_that_was_killed_and_started_elsewhere(tmp_path: Path) -> None:
    opened = open_store(Settings(data=tmp_path))
    opened.migrate()
    opened.insert("events", event_frame(seq=[1]), token="one")
    process = int(json.loads(StoreFiles(tmp_path).address.read_text())["pid"])
    os.kill(process, signal.SIGKILL)
    opened.insert("events", event_frame(seq=[1]), token="one")
    assert opened.query("SELECT seq FROM events")["seq"].to_list() == [1]
    opened.close()


def test_a_server_that_is_away_is_an_error_worth_a_retry() -> None:
    with pytest.raises(StoreError) as caught:
        open_store(Settings(store_url="clickhouse://u:p@127.0.0.1:1/db"))
    assert caught.value.retryable


def test_a_server_is_reached_by_its_url(store_settings: Settings, store: Store) -> None:
    address = read_address(StoreFiles(store_settings.data))
    assert address is not None
    store.insert("events", event_frame(seq=[3]))
    login = f"writer:{address.writer_password}@{address.host}:{address.port}"
    opened = open_store(Settings(store_url=f"clickhouse://{login}"))
    assert opened.query("SELECT seq FROM events").item() == 3
    opened.close()


@pytest.mark.parametrize("url", ["http://host/db", "clickhouse://", "clickhouse://host:port/db", "9000"])
def test_a_url_that_names_no_server_is_a_setting_to_change(url: str) -> None:
    with pytest.raises(ConfigError, match="clickhouse://user:password@host"):
        open_store(Settings(store_url=url))


def test_the_newest_version_of_an_object_counts_until_it_is_deleted(store: Store) -> None:
    put_object(store, StoredObject("goal", "g", '{"n": 2}', version=2))
    put_object(store, StoredObject("goal", "g", '{"n": 1}', version=1))
    put_object(store, StoredObject("goal", "h", "{}"))
    assert [(item.id, item.document) for item in objects(store, "goal")] == [("g", '{"n": 2}'), ("h", "{}")]
    put_object(store, StoredObject("goal", "g", "", is_deleted=True))
    assert [item.id for item in objects(store, "goal")] == ["h"]


SITE = Site("shop", "shop.example", "Asia/Shanghai", keys=(("matomo", "7"),), options={"campaign_cut": "1"})


def test_sites_are_kept_in_the_tables(store: Store) -> None:
    put_site(store, Site("shop"))
    put_site(store, SITE)
    put_site(store, Site("alpha"))
    assert sites(store) == [Site("alpha"), SITE]


def test_the_file_of_the_sites_holds_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "sites.json"
    write_sites_file(path, [SITE, Site("b")])
    write_sites_file(path, [SITE])
    assert read_sites_file(path) == [SITE]
    assert [entry.name for entry in path.parent.iterdir()] == ["sites.json"]
    path.write_text("[{]")
    with pytest.raises(InputError, match=r"sites\.json"):
        read_sites_file(path)
