"""Appends to a Kafka topic: an answer within about a second, whatever the broker does."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotDone
from typing import Any

from kafka import KafkaProducer
from kafka import errors as kafka_error

from clicktrail.errors import LogError
from store.log.kafka_client import kafka_errors, opened
from store.log.kafka_url import KafkaUrl

ACKNOWLEDGED_S = 1.0
"""An append waits this long for all copies; the collector answers within the double."""

_AWAY_S = 0.5  # while an earlier append still waits
_CLOSE_S = 1.0
_FOR_EVER_MS = 30 * 86_400_000
_FRAME = 64 << 10  # what a batch adds to its records, generously
_logger = logging.getLogger(__name__)


class KafkaWriter:
    """A producer that is made, and made again, as needed. `check` runs before, and says the largest record.

    Any number of threads append. An append that found no acknowledgement in time stays in the producer and is
    delivered when the broker is back; until then its partition gets nothing more, so that what waits in
    memory is at most one append a partition.
    """

    def __init__(self, url: KafkaUrl, check: Callable[[], int]) -> None:
        self._url, self._check = url, check
        self._lock = threading.Lock()
        self._producer: Future[KafkaProducer] | None = None
        self._turns = itertools.count()
        self._overdue: dict[int, Any] = {}  # partition → the newest record that waits for it

    def connect(self, seconds: float) -> KafkaProducer:
        """The producer, when it can be had within this time; LogError or ConfigError why it cannot."""
        with self._lock:
            producer = self._producer
            if producer is None or (producer.done() and producer.exception() is not None):
                producer = self._producer = Future()
                threading.Thread(target=self._make, args=(producer,), name="kafka", daemon=True).start()
        try:
            return producer.result(max(0.0, seconds))
        except NotDone:
            raise LogError(f"{self._url}: no Kafka broker answers", retryable=True) from None

    def append(self, payloads: Sequence[bytes]) -> None:
        """Return when all replicas in sync have all payloads, in order in one partition; LogError if not."""
        deadline = time.monotonic() + (_AWAY_S if self._waiting() else ACKNOWLEDGED_S)
        producer = self.connect(deadline - time.monotonic())
        with kafka_errors(self._url, "append"):
            partition = self._choose(producer, deadline)
            try:
                sent = [producer.send(self._url.topic, value=one, partition=partition) for one in payloads]
                self._overdue_unless_done(partition, sent, deadline)
            except kafka_error.MessageSizeTooLargeError as error:
                raise LogError(f"{self._url}: the topic does not take a record of this size") from error
            except kafka_error.KafkaTimeoutError:
                raise
            except kafka_error.KafkaError:
                self._drop(producer)  # it may be fenced: the next append gets a new one
                raise

    def close(self) -> None:
        """Give up what waits and end the producer."""
        with self._lock:
            producer, self._producer = self._producer, None
        if producer is not None and producer.done() and producer.exception() is None:
            _end(producer.result())

    def _make(self, made: Future[KafkaProducer]) -> None:
        try:
            record_bytes = self._check()
            producer = opened(
                KafkaProducer,
                self._url,
                enable_idempotence=True,
                acks="all",
                max_request_size=record_bytes - _FRAME,
                max_block_ms=int(_AWAY_S * 1000),
                delivery_timeout_ms=_FOR_EVER_MS,  # ours is shorter; a batch that expires would cost order
                retry_backoff_ms=50,
                metrics_enabled=False,
            )
            with kafka_errors(self._url, "looking for partitions"):
                producer.partitions_for(self._url.topic)
        except BaseException as error:
            made.set_exception(error)
        else:
            made.set_result(producer)

    def _waiting(self) -> dict[int, Any]:
        with self._lock:
            self._overdue = {at: sent for at, sent in self._overdue.items() if not sent.is_done}
            return dict(self._overdue)

    def _choose(self, producer: KafkaProducer, deadline: float) -> int:
        """The next partition in turn that nothing waits for."""
        partitions = sorted(producer.partitions_for(self._url.topic))
        while True:
            waiting = self._waiting()
            if free := [one for one in partitions if one not in waiting]:
                return free[next(self._turns) % len(free)]
            next(iter(waiting.values())).get(max(0.0, deadline - time.monotonic()))

    def _overdue_unless_done(self, partition: int, sent: Sequence[Any], deadline: float) -> None:
        try:
            for one in sent:
                one.get(max(0.0, deadline - time.monotonic()))
        except kafka_error.KafkaTimeoutError:
            with self._lock:
                self._overdue[partition] = sent[-1]
            raise

    def _drop(self, producer: KafkaProducer) -> None:
        with self._lock:
            if self._producer is None or not self._producer.done() or self._producer.result() is not producer:
                return
            self._producer, self._overdue = None, {}
        threading.Thread(target=_end, args=(producer,), daemon=True).start()


def _end(producer: KafkaProducer) -> None:
    try:
        producer.flush(0)
    except kafka_error.KafkaError:
        # What waits was answered as refused. The library has no public way to give it up.
        producer._sender.force_close()
    try:
        producer.close(timeout=_CLOSE_S)
    except kafka_error.KafkaError as error:
        _logger.warning("the Kafka producer did not end well: %s", error)
