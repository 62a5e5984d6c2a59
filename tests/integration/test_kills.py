"""kill -9 of any part at any moment loses no acknowledged event and counts none twice.

CLICKTRAIL_TEST_KILLS sets how many; `python -m tests.integration.test_kills 100 [SEED] [file|kafka]` runs it
alone, on Kafka with the broker among the parts that are killed.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from clicktrail.commands.site import save
from clicktrail.errors import LogError, StoreError
from clicktrail.settings import Settings
from pipelines.verify import verify
from schemas.objects import Site
from store.log import open_log
from store.log.base import PIPELINE, Log, Offsets
from store.tables.client import Store, open_store
from store.tables.embedded.files import StoreFiles, is_locked
from tests.clicktrail_process import Running, answers, free_ports, gone, running, until
from tests.kafka_process import Broker, broker
from tests.pipelines.again import sessions_again, stored_events, stored_sessions

PARTS = {"pipeline": "run", "store": "store", "collector": "collect"}
SUPERVISE = """
import os
from clicktrail.commands.up import parts, supervise
from clicktrail.settings import Settings
settings = Settings.from_env(os.environ)
supervise(settings, [child for child in parts(settings) if child.name != "dashboard"])
"""
LATE_MS = (0, 0, 0, 1000, 1_799_000, 1_800_500, 7_200_000, 90_000_000)
PIPELINE_WORKS_S = 8.0
DRAINED_S = 90
KAFKA_KILLS = 6  # of a normal run: a broker takes its time to come back


@dataclass
class Sender:
    """Posts numbered events until it is stopped; knows which of them were acknowledged."""

    port: int
    seed: int
    sent: dict[str, dict[str, object]] = field(default_factory=dict)
    acknowledged: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        rnd = random.Random(self.seed)
        while not self.stopping.is_set():
            batch = [self._event(rnd) for _ in range(rnd.randint(1, 6))]
            patience = rnd.choice([1, 1, 20])  # some clients give up, some send again
            while not self._post(batch) and patience > 1 and not self.stopping.wait(0.2):
                patience -= 1
            self.stopping.wait(rnd.choice([0.001, 0.01, 0.03]))

    def _event(self, rnd: random.Random) -> dict[str, object]:
        if self.sent and rnd.random() < 0.15:  # once more, as after an answer that was lost
            return self.sent[rnd.choice(list(self.sent)[-400:])]
        now = time.time_ns() // 1_000_000
        name = f"e{self.seed}-{len(self.sent)}"
        self.sent[name] = {
            "event_id": name,
            "event_type": rnd.choice(["page_view", "click", "ping", "order"]),
            "visitor_id": f"v{rnd.randrange(12)}",
            "device_time": now - rnd.choice(LATE_MS) - rnd.randrange(3),
            "order_id": rnd.choice(["", "o1"]),
            "revenue": "1.25",
        }
        return self.sent[name]

    def _post(self, batch: list[dict[str, object]]) -> bool:
        body = json.dumps({"site": "shop", "sent_at": time.time_ns() // 1_000_000, "events": batch})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/e", body)
            answer = connection.getresponse()
            accepted = answer.status == 200 and json.loads(answer.read())["accepted"] == len(batch)
        except (OSError, http.client.HTTPException, ValueError):
            accepted = False
        finally:
            connection.close()
        if accepted:
            self.acknowledged.update({str(event["event_id"]) for event in batch})
        self.refused += not accepted
        return accepted


@dataclass
class Kill:
    """One row of the table."""

    at_s: float
    part: str
    acknowledged: int
    behind: int  # bytes (Kafka: records) of the log that the pipeline had not committed
    back_s: float = 0.0


def storm(data: Path, kills: int, seed: int, kafka: Broker | None = None) -> list[Kill]:
    """Run the parts, kill them, drain and compare; returns what was killed."""
    collect, store_port = free_ports(2)
    url = kafka.url("kills", partitions=3) if kafka else ""
    settings = Settings(data=data, collect_port=collect, store_port=store_port, log_url=url)
    began = time.monotonic()
    command = [sys.executable, "-c", SUPERVISE]
    with (
        running(data, command=command, log_url=url, collect_port=collect, store_port=store_port) as up,
        closing(open_log(settings, write=False)) as log,
    ):
        until(lambda: answers(collect) and answers(store_port), why=up.said)
        store = open_store(settings)
        store.migrate()
        save(store, settings, Site("shop"))
        sender = Sender(collect, seed)
        thread = threading.Thread(target=sender.run)
        thread.start()
        try:
            killer = Killer(up, log, sender, kafka, began)
            table = [killer.kill(random.Random(seed * 1000 + n)) for n in range(kills)]
        finally:
            sender.stopping.set()
            thread.join(30)
        until(lambda: _behind(log) == 0, DRAINED_S, up.said)
        _compare(_patient(store), sender, table)
        assert verify(settings, Site("shop")).differences == []
        store.close()
        processes = up.tree()
        assert len(processes) >= 4
        assert up.stop() == 0, up.said()
        assert gone(processes)
    files = StoreFiles(data)
    assert not is_locked(files.lock)
    assert not is_locked(files.supervisor_lock)
    assert "Traceback" not in up.said(), up.said()
    return table


@dataclass
class Killer:
    """Kills parts of what runs."""

    up: Running
    log: Log
    sender: Sender
    kafka: Broker | None
    began: float

    def kill(self, rnd: random.Random) -> Kill:
        """Wait until the pipeline has worked and the part stands, then kill it at any moment of its work."""
        name = rnd.choice([*PARTS, "broker"] if self.kafka else [*PARTS])
        committed = _committed(self.log)
        deadline = time.monotonic() + (PIPELINE_WORKS_S if name == "pipeline" else 1.0)
        while _committed(self.log) == committed and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(rnd.random() * 0.8)
        kill = Kill(self._now(), name, len(self.sender.acknowledged), _behind(self.log))
        if name == "broker":
            self._kill_broker(rnd)
        else:
            self._kill_process(name, kill)
        kill.back_s = self._now() - kill.at_s
        return kill

    def _kill_process(self, name: str, kill: Kill) -> None:
        until(lambda: _part(self.up, name) is not None, why=self.up.said)
        part = _part(self.up, name)
        assert part is not None
        kill.at_s = self._now()
        part.kill()
        until(lambda: _part(self.up, name) not in (None, part), 10, self.up.said)

    def _kill_broker(self, rnd: random.Random) -> None:
        """The broker comes back after a while; then events must be accepted again."""
        assert self.kafka is not None
        self.kafka.kill()
        time.sleep(rnd.random() * 2)
        self.kafka.start()
        before = len(self.sender.acknowledged)
        until(lambda: len(self.sender.acknowledged) > before, 30, self.up.said)

    def _now(self) -> float:
        return time.monotonic() - self.began


def _part(up: Running, name: str) -> psutil.Process | None:
    for process in up.tree()[1:]:
        try:
            if process.status() != psutil.STATUS_ZOMBIE and PARTS[name] in process.cmdline()[3:4]:
                return process
        except psutil.NoSuchProcess:
            continue
    return None


def _committed(log: Log) -> Offsets | None:
    return log.committed(PIPELINE)


def _behind(log: Log) -> int:
    """The lag; -1 while a broker that was killed is not there yet."""
    try:
        return log.lag(PIPELINE)
    except LogError as error:
        if not error.retryable:
            raise
        return -1


def _patient(store: Store) -> Store:
    """The store, once it answers again."""

    def is_there() -> bool:
        try:
            store.ping()
        except StoreError as error:
            if not error.retryable:
                raise
            return False
        return True

    until(is_there)
    return store


def _compare(store: Store, sender: Sender, table: list[Kill]) -> None:
    """Nothing acknowledged is lost, nothing stands twice, sessions are those of the events."""
    events = stored_events(store)
    standing = Counter(event.event_id for event in events)
    lost = sender.acknowledged.keys() - standing.keys()
    doubled = {name: count for name, count in standing.items() if count > 1}
    written = store.rows("SELECT count() AS n FROM events WHERE NOT is_deleted")[0]["n"]
    failed = store.rows("SELECT count() AS n FROM failed_events FINAL")[0]["n"]
    missing = sessions_again(events) ^ stored_sessions(store)
    report = _report(table) + (
        f"\nsent {len(sender.sent)}, acknowledged {len(sender.acknowledged)}, requests refused or cut "
        f"{sender.refused}; standing {len(events)}, rows written {written}; lost {len(lost)}, "
        f"doubled {len(doubled)}, failed {failed}, sessions that differ {len(missing)}"
    )
    print(report)  # noqa: T201 - the table is what this run is for
    assert len(sender.acknowledged) > len(table), report
    assert not lost, report
    assert not doubled, report
    assert standing.keys() <= sender.sent.keys(), report
    assert failed == 0, report
    assert not missing, report
    assert written == len(events), report  # not even a superseded copy: repeats are dropped before


def _report(table: list[Kill]) -> str:
    head = f"{'killed':<10}{'after s':>8}{'acknowledged':>14}{'behind':>14}{'back after s':>14}"
    rows = [f"{k.part:<10}{k.at_s:>8.1f}{k.acknowledged:>14}{k.behind:>14}{k.back_s:>14.2f}" for k in table]
    return "\n".join(["", head, *rows])


@pytest.mark.slow
def test_no_kill_of_any_part_loses_or_doubles_an_event(tmp_path: Path) -> None:
    storm(tmp_path, int(os.environ.get("CLICKTRAIL_TEST_KILLS", "20")), seed=7)


@pytest.mark.slow
def test_no_kill_of_any_part_or_the_broker_loses_or_doubles_an_event(
    tmp_path: Path, kafka_broker: Broker
) -> None:
    kills = int(os.environ.get("CLICKTRAIL_TEST_KILLS", KAFKA_KILLS))
    table = storm(tmp_path, kills, seed=3, kafka=kafka_broker)
    assert {kill.part for kill in table} == {*PARTS, "broker"}


def main(words: list[str]) -> None:
    """`[KILLS] [SEED] [file|kafka]`."""
    numbers = [int(word) for word in words if word.isdecimal()] or [20]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        kafka = stack.enter_context(broker(Path(folder) / "kafka")) if "kafka" in words else None
        kills, seed = [*numbers, 1][:2]
        storm(Path(folder) / "data", kills, seed, kafka)


if __name__ == "__main__":
    main(sys.argv[1:])
