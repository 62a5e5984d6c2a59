"""Collector → Kafka → pipeline → rows with real processes, and what is said while the broker is away."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from clicktrail.settings import Settings
from pipelines.failed_rows import Wanted
from pipelines.live import run_live
from pipelines.rebuild import decode
from pipelines.rebuild.decode import Replaced, decode_again
from pipelines.replay import replay
from pipelines.verify import verify
from schemas.envelope import Envelope, encode_block
from schemas.objects import Site
from store import objects
from store.log import open_log
from store.log.base import PIPELINE
from store.tables.client import Store
from tests.clicktrail_process import here, until
from tests.collector_process import Running, ask, collector
from tests.integration.test_commands import told
from tests.kafka_process import Broker

EVENTS = 60
NOON_MS = 1_772_366_400_000


@pytest.fixture
def url(kafka_broker: Broker, request: pytest.FixtureRequest) -> str:
    """A topic of several partitions that only this test uses."""
    name = re.sub(r"\W", "-", request.node.name)[:60]
    return kafka_broker.url(name, partitions=3)


@pytest.fixture
def data(store: Store, store_settings: Settings) -> Path:
    """The folder of a running store with empty tables and one site."""
    told(store_settings.data, "site", "add", "shop")
    return store_settings.data


def post(running: Running, *names: str) -> int:
    events = [{"event_id": name, "event_type": "page_view", "visitor_id": f"v{name[-1]}"} for name in names]
    body = json.dumps({"site": "shop", "events": events}).encode()
    return ask(running.port, "POST", "/e", body)[0]


def gauge(running: Running, name: str) -> float:
    page = ask(running.port, "GET", "/metrics")[2].decode()
    match = re.search(rf"^{name} (\S+)$", page, re.M)
    assert match, page
    return float(match[1])


def test_each_accepted_event_becomes_one_row_and_the_lag_is_shown_on_the_way(
    data: Path, url: str, store: Store
) -> None:
    with collector(data, log_url=url) as running:
        for number in range(EVENTS):
            assert post(running, f"e{number}", f"f{number}") == 200
        assert post(running, "e0") == 200  # sent again, as after an answer that was lost
        until(lambda: gauge(running, "clicktrail_log_lag") > 0)
        help_line = ask(running.port, "GET", "/metrics")[2].decode()
        assert re.search(r"# HELP clicktrail_log_lag .*records", help_line)
        before = told(data, "status", log_url=url)
        assert before["log"]["kind"] == "kafka"
        assert before["log"]["lag"] == sum(before["log"]["end"].values()) > 0
        assert before["pipeline"]["committed"] is None

        done = told(data, "run", "--once", log_url=url)
        assert (done["events"], done["duplicates"], done["failed"]) == (2 * EVENTS, 1, 0)
        again = told(data, "run", "--once", log_url=url)
        assert again["events"] == 0
        until(lambda: gauge(running, "clicktrail_log_lag") == 0)
    rows = store.rows("SELECT count() AS n, uniqExact(event_id) AS ids FROM events FINAL")[0]
    assert rows == {"n": 2 * EVENTS, "ids": 2 * EVENTS}
    after = told(data, "status", log_url=url)
    assert after["pipeline"]["committed"] == after["log"]["end"]
    assert len([end for end in after["log"]["end"].values() if end]) == 3
    assert after["log"]["lag"] == 0
    assert after["log"]["lag_unit"] == "records"
    assert after["store"]["reachable"] is True
    assert after["store"]["events"] == 2 * EVENTS
    assert after["store"]["last_event"] is not None


def test_offsets_that_were_lost_come_from_the_group_and_change_no_number(
    data: Path, url: str, store: Store
) -> None:
    with collector(data, log_url=url) as running:
        assert post(running, "a1", "a2") == 200
    assert told(data, "run", "--once", log_url=url)["events"] == 2
    for file in (data / "kafka").glob("*/readers/pipeline.json"):
        file.unlink()
    assert told(data, "run", "--once", log_url=url)["events"] == 0
    assert store.rows("SELECT count() AS n FROM events FINAL")[0]["n"] == 2


def test_a_broker_that_is_away_means_503_in_two_seconds_and_an_answer_at_once_when_it_is_back(
    tmp_path: Path, url: str, kafka_broker: Broker
) -> None:
    with collector(tmp_path, log_url=url) as running:
        assert post(running, "before") == 200
        kafka_broker.kill()
        for number in range(6):
            began = time.monotonic()
            assert post(running, f"away{number}") == 503
            assert time.monotonic() - began < 2
        assert ask(running.port, "GET", "/health")[0] == 200
        assert ask(running.port, "GET", "/ready")[0] == 503
        _all_refused_in_time(running)
        kafka_broker.start()
        back = time.monotonic()
        until(lambda: post(running, "after") == 200, 15)
        print(f"accepted {time.monotonic() - back:.2f} s after the broker was back")  # noqa: T201
        assert post(running, "more") == 200
        assert running.stop() == 0
        assert "Traceback" not in running.said()


def _all_refused_in_time(running: Running) -> None:
    """Many at once: they share groups, so that none waits for more than two."""
    answers: list[tuple[int, float]] = []

    def one(number: int) -> None:
        began = time.monotonic()
        answers.append((post(running, f"crowd{number}"), time.monotonic() - began))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _ in answers} == {503}
    assert max(seconds for _, seconds in answers) < 2


def test_a_collector_that_starts_without_a_broker_answers_503_and_goes_on_when_there_is_one(
    tmp_path: Path, url: str, kafka_broker: Broker
) -> None:
    kafka_broker.kill()
    with collector(tmp_path, log_url=url) as running:
        began = time.monotonic()
        assert post(running, "early") == 503
        assert time.monotonic() - began < 2
        kafka_broker.start()
        until(lambda: post(running, "later") == 200, 15)
        assert running.said().count("requests are answered 503") <= 2
        assert "Traceback" not in running.said()


def test_status_and_doctor_say_what_does_not_answer(tmp_path: Path) -> None:
    away = "kafka://shop:geheim@127.0.0.1:1/clicks?security=sasl_plaintext"
    there = told(tmp_path, "status", log_url=away, store_url="clickhouse://x:geheim@127.0.0.1:1/db")
    assert there["log"]["url"] == away.replace("geheim", "***")
    assert "no Kafka broker answers" in there["log"]["error"]
    assert there["store"]["reachable"] is False
    assert there["store"]["error"]
    assert there["pipeline"] == {"committed": None}
    asked = here(tmp_path, "doctor", "--json", log_url=away, store_url="clickhouse://x:geheim@127.0.0.1:1/db")
    assert asked.code == 1
    checks = {one["check"]: one for one in json.loads(asked.stdout)}
    (log,) = [one for name, one in checks.items() if name.startswith("log kafka://shop:***@")]
    assert log["ok"] is False
    assert "no Kafka broker answers" in log["detail"]
    assert checks["package crc32c for fast Kafka checksums"]["ok"] is True
    assert "geheim" not in json.dumps([there, *checks.values()]) + asked.stderr


def test_doctor_says_how_far_the_pipeline_is_behind(data: Path, url: str) -> None:
    with collector(data, log_url=url) as running:
        assert post(running, "a1") == 200
    asked = here(data, "doctor", "--json", log_url=url, collect_port=0, dashboard_port=0)
    (log,) = [one for one in json.loads(asked.stdout) if one["check"].startswith("log kafka:")]
    assert log["ok"] is True
    assert log["check"].endswith("pipeline behind by 1 records")


def test_status_of_a_log_in_the_data_folder(data: Path) -> None:
    with collector(data) as running:
        assert post(running, "a1") == 200
        until(lambda: gauge(running, "clicktrail_log_lag") > 0)
        before = told(data, "status")
        told(data, "run", "--once")
        until(lambda: gauge(running, "clicktrail_log_lag") == 0)
    done = (before["pipeline"]["committed"] or before["log"]["start"])["0"]
    assert before["log"]["lag"] == before["log"]["end"]["0"] - done > 0
    assert before["log"]["kind"] == "file"
    assert before["log"]["lag_unit"] == "bytes"
    assert told(data, "status")["pipeline"]["committed"] == before["log"]["end"]
    assert here(data, "status").stdout.startswith("log:")


def test_what_only_the_topic_holds_whole_is_tried_again_decoded_again_and_verified(
    store: Store, store_settings: Settings, url: str
) -> None:
    """Failed events too large to be kept in their rows lie in several partitions, others before and after."""
    settings = replace(store_settings, log_url=url)
    large = {str(n): "x" * 8000 for n in range(20)}
    log = open_log(settings, write=True)
    for number in range(12):
        events = [
            {"event_id": f"e{number}", "event_type": "click", "visitor_id": "v", "properties": large},
            {"event_id": f"f{number}", "event_type": "page_view", "visitor_id": f"v{number % 4}"},
        ]
        body = json.dumps({"site": "late", "sent_at": NOON_MS, "events": events}).encode()
        log.append([encode_block([Envelope(NOON_MS + number, "native", body=body)])])
    assert len([end for end in log.end().values() if end]) == 3
    log.close()
    assert run_live(settings, once=True).failed == 24
    objects.put_site(store, Site("late"))
    said = replay(settings, Wanted(), dry_run=True)
    done = replay(settings, Wanted())
    assert said == done
    assert (done.read, done.events, done.failed) == (24, 24, 0)
    assert not store.rows("SELECT 1 FROM failed_events FINAL")
    assert verify(settings, Site("late")).differences == []

    objects.put_site(store, Site("late", own_domains=("a.example",)))
    again = decode_again(settings, "late", restart=True, progress=lambda _done, _remark: None)
    assert (again.records, again.changed) == (12, Replaced())


def test_decoding_again_goes_on_where_only_some_partitions_were_read(
    store: Store, store_settings: Settings, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects.put_site(store, Site("shop"))
    settings = replace(store_settings, log_url=url)
    log = open_log(settings, write=True)
    for number in range(9):
        events = [{"event_id": f"e{number}", "event_type": "page_view", "visitor_id": "v"}]
        body = json.dumps({"site": "shop", "sent_at": NOON_MS, "events": events}).encode()
        log.append([encode_block([Envelope(NOON_MS + number, "native", body=body)])])
    assert run_live(settings, once=True).events == 9
    log.commit(PIPELINE, {**log.end(), 1: 0})  # of one of them nothing was read
    monkeypatch.setattr(decode, "BLOCK_BYTES", 1)
    again = decode_again(settings, "shop", restart=True, progress=lambda _done, _remark: None)
    assert (again.records, again.changed) == (9 - log.end()[1], Replaced())
    log.close()
