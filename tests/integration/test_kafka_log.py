"""The log in a Kafka topic: the contract of every log, on a real broker."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from clicktrail.settings import Settings
from store.log import open_log
from store.log.base import Log
from tests.integration.log_contract import LogContract, Opener
from tests.kafka_process import Broker

_names = itertools.count()


@pytest.fixture
def topic() -> str:
    """A topic nobody else uses."""
    return f"clicks-{next(_names)}"


@pytest.fixture
def opener(kafka_broker: Broker, topic: str, tmp_path: Path) -> Iterator[Opener]:
    opened: list[Log] = []

    def open_it(write: bool) -> Log:
        settings = Settings(data=tmp_path, log_url=kafka_broker.url(topic, partitions=1))
        opened.append(open_log(settings, write=write))
        return opened[-1]

    yield open_it
    for log in opened:
        log.close()


class TestKafkaLog(LogContract):
    pass
