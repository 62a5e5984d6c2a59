"""The event log in a Kafka topic. Committed offsets are ours first, Kafka's consumer group gets a copy."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from kafka import KafkaAdminClient

from clicktrail.errors import LogError
from store.log.base import Offsets, Record
from store.log.kafka_client import kafka_errors, opened
from store.log.kafka_group import commit_group, group_of, group_offsets
from store.log.kafka_reader import KafkaReader
from store.log.kafka_topic import Wish, ensured
from store.log.kafka_url import KafkaUrl
from store.log.kafka_writer import KafkaWriter
from store.log.readers import Readers

START_S = 5.0
"""A collector that starts waits this long for a broker that hangs; one that is away is noticed at once."""

_logger = logging.getLogger(__name__)


class KafkaLog:
    """Implements store.log.base.Log on a topic; the offsets of readers lie under `folder`.

    Connects when it is first needed. Raises LogError while the broker is away, ConfigError when the topic
    cannot take our records.
    """

    def __init__(self, url: KafkaUrl, folder: Path, wish: Wish, *, write: bool) -> None:
        self._url, self._folder, self._wish = url, folder, wish
        self._lock = threading.Lock()
        self._admin: KafkaAdminClient | None = None
        self._readers: Readers | None = None  # of this very topic, known when the broker has answered
        self._reader = KafkaReader(url, wish.record_bytes)
        self._writer = KafkaWriter(url, self._check) if write else None
        if self._writer is not None:
            self._begin_to_write(self._writer)

    def append(self, payloads: Sequence[bytes]) -> None:
        """Return when the broker and its copies have all payloads, in order, in one partition."""
        if self._writer is None:
            raise LogError(f"{self._url} is not open for appending")
        if payloads:
            self._writer.append(payloads)

    def start(self) -> Offsets:
        """The oldest offset of each partition."""
        self._check()
        return self._reader.start()

    def end(self) -> Offsets:
        """The offset after the newest record of each partition."""
        self._check()
        return self._reader.end()

    def read(self, begin: Offsets, max_bytes: int) -> tuple[list[Record], Offsets]:
        """Records from `begin` on, at least one if there is one, about max_bytes; and where to go on."""
        self._check()
        return self._reader.read(begin, max_bytes)

    def commit(self, reader: str, offsets: Offsets) -> None:
        """Durably note that `reader` needs nothing before `offsets`; then tell the consumer group."""
        self._own().commit(reader, offsets)
        try:
            with kafka_errors(self._url, "committing for the group"):
                commit_group(self._connected(), reader, self._url.topic, offsets)
        except LogError as error:
            _logger.warning("Kafka shows an old lag of %s: %s", group_of(reader), error)

    def committed(self, reader: str) -> Offsets | None:
        """What `reader` committed last by our own file, else by its consumer group; None for neither."""
        own = self._own().committed(reader)
        return self._committed_by_group(reader) if own is None else own

    @property
    def lag_unit(self) -> str:
        """What `lag` counts."""
        return "records"

    def lag(self, reader: str) -> int:
        """Records of the topic that `reader` has not committed."""
        start, end, done = self.start(), self.end(), self.committed(reader) or {}
        return sum(max(0, end[at] - max(start[at], done.get(at, 0))) for at in end)

    def retain(self, *, older_than_s: float, max_bytes: int) -> int:  # noqa: ARG002 - the topic's own settings
        """Nothing: the broker removes what is older or beyond the size that the topic was made with."""
        return 0

    def size(self) -> int:
        """0: no disk of this machine fills up, and the topic keeps its own bound."""
        return 0

    def close(self) -> None:
        """Close all connections; what was never acknowledged is given up."""
        if self._writer is not None:
            self._writer.close()
        self._reader.close()
        with self._lock:
            if self._admin is not None:
                self._admin.close()
            self._admin = None

    def _begin_to_write(self, writer: KafkaWriter) -> None:
        try:
            writer.connect(START_S)
        except LogError as error:
            if not error.retryable:
                raise
            _logger.error("requests are answered 503 until the log answers: %s", error)

    def _connected(self) -> KafkaAdminClient:
        with self._lock:
            if self._admin is None:
                self._admin = opened(KafkaAdminClient, self._url)
            return self._admin

    def _check(self) -> int:
        """Make sure, once, that the topic is there and takes our records; the largest of them."""
        if self._readers is None:
            topic_id = ensured(self._connected(), self._url, self._wish)
            # A topic that was deleted and made again has other records under the same offsets.
            self._readers = Readers(self._folder / f"{self._url.topic}-{topic_id}".rstrip("-") / "readers")
        return self._wish.record_bytes

    def _own(self) -> Readers:
        self._check()
        assert self._readers is not None
        return self._readers

    def _committed_by_group(self, reader: str) -> Offsets | None:
        partitions = self._reader.end()
        with kafka_errors(self._url, "asking for the offsets of the group"):
            return group_offsets(self._connected(), reader, self._url.topic, partitions)
