"""The log in a Kafka topic: the contract of every log on a real broker, and what is Kafka's own."""

from __future__ import annotations

import itertools
import logging
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.errors import KafkaTimeoutError

from clicktrail.errors import ConfigError, LogError
from clicktrail.settings import Settings
from store.log import open_log
from store.log.base import PIPELINE, Log
from store.log.kafka import KafkaLog
from tests.clicktrail_process import until
from tests.integration.log_contract import LogContract, Opener, payloads, read_all
from tests.kafka_process import Broker

GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
Opened = Callable[..., Log]
_names = itertools.count()


@pytest.fixture
def topic() -> str:
    """A topic nobody else uses."""
    return f"clicks-{next(_names)}"


@pytest.fixture
def opened(kafka_broker: Broker, topic: str, tmp_path: Path) -> Iterator[Opened]:
    """Opens the test's topic, made with these options by the first who does."""
    logs: list[Log] = []

    def open_it(
        write: bool = True, body_bytes: int = 4 << 20, data: Path = tmp_path, **options: object
    ) -> Log:
        settings = Settings(data=data, log_url=kafka_broker.url(topic, **options), body_bytes=body_bytes)
        logs.append(open_log(settings, write=write))
        return logs[-1]

    yield open_it
    for log in logs:
        log.close()


@pytest.fixture
def opener(opened: Opened) -> Opener:
    return lambda write: opened(write, partitions=1)


@pytest.fixture
def admin(kafka_broker: Broker) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(bootstrap_servers=kafka_broker.server) as client:
        yield client


class TestKafkaLog(LogContract):
    pass


def test_appends_are_spread_over_partitions_and_each_stays_whole_in_one(opened: Opened) -> None:
    log = opened(partitions=3)
    for number in range(12):
        log.append([b"%d-%d" % (number, part) for part in range(3)])
    found = read_all(log, log.start())
    assert sorted({record.partition for record in found}) == [0, 1, 2]
    where = defaultdict(list)
    for record in found:
        where[record.payload.split(b"-")[0]].append((record.partition, record.offset))
    for places in where.values():
        assert len({partition for partition, _ in places}) == 1
        assert places == sorted(places)
    assert sorted(record.payload for record in found) == sorted(
        b"%d-%d" % (number, part) for number in range(12) for part in range(3)
    )


def test_a_bounded_read_takes_from_all_partitions(opened: Opened) -> None:
    log = opened(partitions=4)
    for number in range(80):
        log.append([b"%03d" % number * 1000])
    found, position = log.read(log.start(), 48_000)
    assert 12 <= len(found) <= 20
    assert {record.partition for record in found} == {0, 1, 2, 3}
    assert sum(position.values()) == len(found)
    rest = read_all(log, position, 48_000)
    assert len({record.payload for record in [*found, *rest]}) == len(found) + len(rest) == 80


def test_reading_again_from_an_older_place_gives_the_same_records(opened: Opened) -> None:
    log = opened(partitions=2)
    for number in range(20):
        log.append([b"%d" % number])
    first, middle = log.read(log.start(), 10)
    assert log.read(log.start(), 10) == (first, middle)
    assert log.read(log.start(), 1 << 20)[0] == log.read(log.start(), 1 << 20)[0]
    assert log.read(log.end(), 10) == ([], log.end())


def test_a_reader_that_retention_has_passed_goes_on_at_the_beginning_and_says_so(
    opened: Opened, admin: KafkaAdminClient, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    log = opened(partitions=1)
    log.append([b"old", b"new"])
    log.commit("slow", {0: 0})
    admin.delete_records({TopicPartition(topic, 0): 1})
    with caplog.at_level(logging.ERROR):
        assert payloads(log, log.committed("slow")) == [b"new"]
    assert "retention was faster" in caplog.text
    assert log.lag("slow") == 1


def test_offsets_beyond_the_end_mean_that_the_topic_lost_records(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    log = opened(partitions=1)
    log.append([b"a"])
    with caplog.at_level(logging.ERROR):
        assert payloads(log, {0: 7}) == [b"a"]
    assert "lost records" in caplog.text


def test_a_topic_that_was_made_again_is_another_one(
    opened: Opened, admin: KafkaAdminClient, topic: str, kafka_broker: Broker
) -> None:
    log = opened(partitions=1)
    log.append([b"first life"] * 3)
    log.commit(PIPELINE, log.end())
    log.close()
    admin.delete_topics([topic])
    until(lambda: topic not in admin.list_topics())
    again = opened(partitions=1)
    again.append([b"second life"] * 5)
    assert again.committed(PIPELINE) is None
    assert len(payloads(again)) == 5


def test_new_partitions_are_read_and_written(opened: Opened, admin: KafkaAdminClient, topic: str) -> None:
    log = opened(partitions=1)
    log.append([b"a"])
    log.commit(PIPELINE, log.end())
    admin.create_partitions({topic: 3})
    until(lambda: len(log.end()) == 3, 30)
    sent = [b"a"]

    def spread() -> bool:
        sent.append(b"%d" % len(sent))
        log.append([sent[-1]])
        return len([end for end in log.end().values() if end]) == 3

    until(spread, 30)
    done = log.committed(PIPELINE)
    assert done == {0: 1}
    assert sorted([b"a", *payloads(log, done)]) == sorted(sent)
    assert log.lag(PIPELINE) == len(sent) - 1


def test_kafkas_own_tool_shows_our_lag(opened: Opened, kafka_broker: Broker, topic: str) -> None:
    log = opened(partitions=2)
    for number in range(10):
        log.append([b"%d" % number])
    _, position = log.read(log.start(), 4)
    log.commit("shown", position)
    told = kafka_broker.tool(GROUPS, "--describe", "--group", "clicktrail-shown")
    rows = [line.split() for line in told.splitlines() if topic in line.split()]
    assert {int(row[2]): int(row[3]) for row in rows} == position
    assert sum(int(row[5]) for row in rows) == log.lag("shown") == 10 - sum(position.values())


def test_our_offsets_win_and_those_of_the_group_stand_in_when_they_are_lost(
    opened: Opened, tmp_path: Path, kafka_broker: Broker, topic: str
) -> None:
    log = opened(partitions=1)
    log.append([b"a", b"b", b"c"])
    log.commit("reader", {0: 2})
    reset = (
        "--reset-offsets",
        "--group",
        "clicktrail-reader",
        "--topic",
        topic,
        "--to-offset",
        "1",
        "--execute",
    )
    kafka_broker.tool(GROUPS, *reset)
    assert log.committed("reader") == {0: 2}
    elsewhere = opened(False, data=tmp_path / "another machine")
    assert elsewhere.committed("reader") == {0: 1}
    assert elsewhere.committed("nobody") is None
    with pytest.raises(LogError, match="no name of a reader"):
        log.commit("../x", {0: 1})


def test_our_offsets_are_durable_before_the_group_is_told(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log = opened(partitions=1)
    log.append([b"a", b"b", b"c"])
    log.commit("reader", {0: 1})

    def refuse(*_: object) -> None:
        raise KafkaTimeoutError("not now")

    with monkeypatch.context() as group, caplog.at_level(logging.WARNING):
        group.setattr("store.log.kafka.commit_group", refuse)
        log.commit("reader", {0: 2})
    assert "Kafka shows an old lag of clicktrail-reader" in caplog.text
    assert log.committed("reader") == {0: 2}
    elsewhere = opened(False, data=tmp_path / "another machine")
    assert elsewhere.committed("reader") == {0: 1}

    (folder,) = tmp_path.glob("kafka/*/readers")
    shutil.rmtree(folder)
    folder.touch()  # the disk takes no more of our offsets
    with pytest.raises(LogError, match="could not commit"):
        log.commit("reader", {0: 3})
    assert elsewhere.committed("reader") == {0: 1}


def test_an_append_is_idempotent_waits_for_all_copies_and_looks_for_the_broker_often(opened: Opened) -> None:
    log = opened(partitions=1)
    assert isinstance(log, KafkaLog)
    log.append([b"a"])
    assert log._writer is not None
    for config in (log._writer.connect(1).config, log._connected().config):
        assert config["reconnect_backoff_ms"] <= config["reconnect_backoff_max_ms"] <= 500
    config = log._writer.connect(1).config
    assert config["enable_idempotence"] is True
    assert config["acks"] in (-1, "all")


def test_a_new_topic_is_made_as_the_settings_say(
    opened: Opened, admin: KafkaAdminClient, topic: str, kafka_broker: Broker
) -> None:
    opened(False, partitions=2, retention="3d").end()
    described = kafka_broker.tool("org.apache.kafka.tools.TopicCommand", "--describe", "--topic", topic)
    assert "PartitionCount: 2" in described
    assert "retention.ms=259200000" in described
    assert f"retention.bytes={4 << 30}" in described
    assert f"max.message.bytes={6 << 20}" in described


def test_a_topic_that_cannot_take_our_records_is_refused_with_the_command_that_mends_it(
    opened: Opened, admin: KafkaAdminClient, topic: str, kafka_broker: Broker
) -> None:
    small = {"num_partitions": 1, "replication_factor": 1, "configs": {"max.message.bytes": "1000000"}}
    admin.create_topics({topic: small}, wait_for_metadata=True)
    with pytest.raises(ConfigError, match="takes records of 1000000 bytes") as refused:
        opened()
    words = str(refused.value).split()
    assert "CLICKTRAIL_BODY_BYTES=4194304" in str(refused.value)
    command = words[words.index("kafka-configs.sh") + 1 :]
    kafka_broker.tool("kafka.admin.ConfigCommand", *command)
    log = opened()
    log.append([b"x" * (4 << 20)])
    assert log.lag(PIPELINE) == 1
    with pytest.raises(LogError):
        log.append([b"x" * (7 << 20)])
    log.append([b"after"])
    assert log.lag(PIPELINE) == 2


def test_too_many_copies_are_refused_in_our_words(opened: Opened) -> None:
    with pytest.raises(ConfigError, match="set replication= to at most the number of brokers, it is 3"):
        opened(replication=3)


def test_tls_and_log_in_work_on_a_broker_that_asks_for_them(
    kafka_broker: Broker, topic: str, tmp_path: Path
) -> None:
    kafka_broker.add_user("shop", "geheim")
    at = f"127.0.0.1:{kafka_broker.secure_port}/{topic}?mechanism=SCRAM-SHA-256&replication=1"
    trusted = f"{at}&cafile={kafka_broker.cafile}"
    log = open_log(Settings(data=tmp_path, log_url=f"kafka://shop:geheim@{trusted}"), write=True)
    log.append([b"a"])
    assert payloads(log) == [b"a"]
    log.commit(PIPELINE, log.end())
    assert log.lag(PIPELINE) == 0
    log.close()
    refused = {
        f"kafka://shop:falsch@{trusted}": "user or password are wrong",
        f"kafka://shop:geheim@{at}": "self-signed certificate",
        f"kafka://{kafka_broker.server}/{topic}?security=ssl": "no Kafka broker answers",
    }
    for url, said in refused.items():
        reader = open_log(Settings(data=tmp_path, log_url=url), write=False)
        with pytest.raises(LogError, match=said) as error:
            reader.end()
        assert "falsch" not in str(error.value)
        assert "geheim" not in str(error.value)
        reader.close()


def test_nobody_there_is_said_at_once_and_a_collector_starts_all_the_same(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, log_url="kafka://127.0.0.1:1/clicks")
    before, began = threading.active_count(), time.monotonic()
    log = open_log(settings, write=True)
    for _ in range(5):
        with pytest.raises(LogError, match="no Kafka broker answers") as refused:
            log.append([b"a"])
        assert refused.value.retryable
        with pytest.raises(LogError, match="no Kafka broker answers"):
            log.end()
    assert log.size() == log.retain(older_than_s=0, max_bytes=0) == 0
    assert time.monotonic() - began < 5
    log.close()
    until(lambda: threading.active_count() <= before)


def test_a_broker_that_hangs_is_an_error_in_time_and_what_waited_comes_once(
    kafka_broker: Broker, opened: Opened
) -> None:
    log = opened(partitions=2)
    log.append([b"before"])
    with kafka_broker.paused():
        for number in range(4):
            began = time.monotonic()
            with pytest.raises(LogError):
                log.append([b"hung %d" % number])
            assert time.monotonic() - began < 1.8
    until(lambda: _appends(log, b"after"), 20)
    until(lambda: log.lag(PIPELINE) >= 3, 20)
    found = payloads(log)
    assert found.count(b"before") == found.count(b"after") == 1
    waited = [one for one in found if one.startswith(b"hung")]
    assert len(waited) == len(set(waited)) <= 2  # one append a partition waits, no more


@pytest.mark.slow
def test_no_kill_of_the_broker_loses_what_was_acknowledged(kafka_broker: Broker, opened: Opened) -> None:
    """kill -9 three times under appends of three threads: all is there, once, each thread's in order."""
    log = opened(partitions=3)
    acknowledged: dict[int, list[int]] = {number: [] for number in range(3)}
    sent = dict.fromkeys(acknowledged, 0)
    stopping = threading.Event()

    def append(thread: int) -> None:
        while not stopping.is_set():
            sent[thread] += 1
            if _appends(log, b"%d-%d" % (thread, sent[thread])):
                acknowledged[thread].append(sent[thread])

    threads = [threading.Thread(target=append, args=(number,)) for number in acknowledged]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(1.5)
        kafka_broker.kill()
        kafka_broker.start()
        before = sum(map(len, acknowledged.values()))
        until(partial(_grown, acknowledged, before), 20)
    stopping.set()
    for thread in threads:
        thread.join()
    log.append([b"9-9"])
    _compare_appends(log, acknowledged, sent)


def _grown(acknowledged: dict[int, list[int]], before: int) -> bool:
    return sum(map(len, acknowledged.values())) > before


def _compare_appends(log: Log, acknowledged: dict[int, list[int]], sent: dict[int, int]) -> None:
    found = read_all(log, log.start())
    standing = [tuple(map(int, record.payload.split(b"-"))) for record in found]
    assert len(standing) == len(set(standing)), "a record stands twice"
    for thread, numbers in acknowledged.items():
        assert len(numbers) > 100
        assert {(thread, number) for number in numbers} <= set(standing)
        for partition in range(3):
            there = [
                number
                for record, (of, number) in zip(found, standing, strict=True)
                if of == thread and record.partition == partition and number in set(numbers)
            ]
            assert there == sorted(there)
    assert set(standing) - {(9, 9)} <= {(t, n) for t, last in sent.items() for n in range(1, last + 1)}


def _appends(log: Log, payload: bytes) -> bool:
    try:
        log.append([payload])
    except LogError:
        return False
    return True
