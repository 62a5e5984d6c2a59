"""Reads a Kafka topic from given offsets on: bounded, fair between partitions, never past what was there."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from clicktrail.errors import LogError
from store.log.base import Offsets, Record
from store.log.kafka_client import kafka_errors, opened
from store.log.kafka_url import KafkaUrl

_ASK_MS = 3_000
_POLL_MS = 200
_SILENT_S = 5.0  # records that are there but do not come
_FETCH_BYTES = 16 << 20
_CLOSE_MS = 500
_logger = logging.getLogger(__name__)


class KafkaReader:
    """One consumer without a group, told where to read. Any thread may call, one at a time gets its turn."""

    def __init__(self, url: KafkaUrl, record_bytes: int) -> None:
        self._url, self._record_bytes = url, record_bytes
        self._lock = threading.RLock()
        self._consumer: KafkaConsumer | None = None
        self._partitions: tuple[int, ...] = ()
        self._fetched: dict[int, deque[Any]] = defaultdict(deque)  # came with others, not asked for yet
        self._next: dict[int, int] = {}  # offset of the first record of `fetched`, or that will be fetched
        self._first = 0  # partition that is served first, so that none always is

    def start(self) -> dict[int, int]:
        """The oldest offset of each partition."""
        with self._asking("asking for the oldest offsets") as consumer:
            return _plain(consumer.beginning_offsets(self._all(), timeout_ms=_ASK_MS))

    def end(self) -> dict[int, int]:
        """The offset after the newest record of each partition that all replicas in sync have."""
        with self._asking("asking for the newest offsets") as consumer:
            return _plain(consumer.end_offsets(self._all(), timeout_ms=_ASK_MS))

    def read(self, begin: Offsets, max_bytes: int) -> tuple[list[Record], Offsets]:
        """Records from `begin` on, at least one if there is one, about max_bytes; and where to go on."""
        with self._lock:
            start, end = self.start(), self.end()
            at = {one: self._sound(one, begin.get(one, start[one]), start[one], end[one]) for one in end}
            with self._asking("reading") as consumer:
                self._seek(consumer, at)
                records = self._take(consumer, at, end, max_bytes)
        return sorted(records, key=lambda record: (record.partition, record.offset)), at

    def close(self) -> None:
        """Leave the cluster."""
        with self._lock:
            if self._consumer is not None:
                self._consumer.close(autocommit=False, timeout_ms=_CLOSE_MS)
            self._consumer = None

    @contextmanager
    def _asking(self, what: str) -> Iterator[KafkaConsumer]:
        with self._lock, kafka_errors(self._url, what):
            if self._consumer is None:
                self._consumer = opened(
                    KafkaConsumer,
                    self._url,
                    enable_auto_commit=False,
                    auto_offset_reset="none",
                    max_partition_fetch_bytes=self._record_bytes,
                    fetch_max_bytes=max(_FETCH_BYTES, self._record_bytes),
                    metrics_enabled=False,
                )
                self._partitions = ()
            self._look_for_partitions(self._consumer)
            yield self._consumer

    def _look_for_partitions(self, consumer: KafkaConsumer) -> None:
        found = tuple(sorted(consumer.partitions_for_topic(self._url.topic)))
        if not found:
            raise LogError(f"{self._url}: the topic is not there", retryable=True)
        if found != self._partitions:
            self._partitions = found
            self._next.clear()
            self._fetched.clear()
            consumer.assign(self._all())

    def _all(self) -> list[TopicPartition]:
        return [self._topic_partition(one) for one in self._partitions]

    def _topic_partition(self, partition: int) -> TopicPartition:
        return TopicPartition(self._url.topic, partition)

    def _sound(self, partition: int, wanted: int, start: int, end: int) -> int:
        """Where to read: what is gone cannot be had, and repeats are dropped by event id."""
        if start <= wanted <= end:
            return wanted
        _logger.error(
            "%s: partition %d holds offsets %d to %d, %d was wanted (%s); reading goes on at %d",
            self._url,
            partition,
            start,
            end,
            wanted,
            "retention was faster than the reader" if wanted < start else "the topic lost records",
            start,
        )
        return start

    def _seek(self, consumer: KafkaConsumer, at: Mapping[int, int]) -> None:
        for partition, offset in at.items():
            if self._next.get(partition) != offset:
                self._fetched[partition].clear()
                consumer.seek(self._topic_partition(partition), offset)
                self._next[partition] = offset

    def _take(
        self, consumer: KafkaConsumer, at: dict[int, int], end: Mapping[int, int], max_bytes: int
    ) -> list[Record]:
        """Records up to `end`, an equal share of the bytes from each partition; moves `at` on."""
        records, held, share = list[Record](), 0, max(1, max_bytes // max(1, len(at)))
        taken = dict.fromkeys(at, 0)
        deadline = time.monotonic() + _SILENT_S
        while held < max_bytes:
            open_ = [one for one in self._in_turn() if at[one] < end[one]]
            hungry = [one for one in open_ if taken[one] < share] or open_
            if not hungry:
                break
            partition = next((one for one in hungry if self._fetched[one]), None)
            if partition is None:
                if self._fetch(consumer, hungry, at):
                    deadline = time.monotonic() + _SILENT_S
                elif time.monotonic() > deadline:
                    if records:
                        break
                    raise LogError(f"{self._url}: records do not come", retryable=True)
                continue
            found = self._fetched[partition].popleft()
            payload = found.value or b""
            records.append(Record(partition, found.offset, payload, found.offset + 1))
            at[partition] = self._next[partition] = found.offset + 1
            taken[partition] += len(payload) or 1
            held += len(payload)
        self._first += 1
        return records

    def _in_turn(self) -> list[int]:
        first = self._first % len(self._partitions)
        return [*self._partitions[first:], *self._partitions[:first]]

    def _fetch(self, consumer: KafkaConsumer, wanted: list[int], at: dict[int, int]) -> bool:
        """Wait a little for records of these partitions; whether anything came."""
        others = [self._topic_partition(one) for one in self._partitions if one not in wanted]
        consumer.pause(*others)  # what is fetched of them would only fill memory
        consumer.resume(*[self._topic_partition(one) for one in wanted])
        found = consumer.poll(timeout_ms=_POLL_MS)
        for topic_partition, records in found.items():
            self._fetched[topic_partition.partition].extend(records)
        moved = bool(found)
        for partition in wanted:
            if not self._fetched[partition]:  # offsets without records, as transactions leave them
                position = consumer.position(self._topic_partition(partition), timeout_ms=_POLL_MS)
                if position is not None and position > at[partition]:
                    at[partition] = self._next[partition] = position
                    moved = True
        return moved


def _plain(offsets: Mapping[TopicPartition, int]) -> dict[int, int]:
    return {at.partition: offset for at, offset in sorted(offsets.items())}
