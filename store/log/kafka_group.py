"""The copy of a reader's offsets in Kafka: its consumer group, where Kafka's own tools look for the lag."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from kafka import KafkaAdminClient, OffsetAndMetadata, TopicPartition
from kafka import errors as kafka_error

from store.log.base import Offsets

_Answer = TypeVar("_Answer")
_PATIENCE_S = 10.0  # a new cluster makes the topic of the groups when the first one asks
_COMMIT_S = 1.0  # nobody depends on it
_PAUSE_S = 0.1


def group_of(reader: str) -> str:
    """Name of the consumer group of a reader."""
    return f"clicktrail-{reader}"


def commit_group(admin: KafkaAdminClient, reader: str, topic: str, offsets: Offsets) -> None:
    """Commit for the group, which never has members. Raises KafkaError."""
    wanted = {TopicPartition(topic, at): OffsetAndMetadata(to, "", -1) for at, to in offsets.items()}

    def commit() -> None:
        for error in admin.alter_group_offsets(group_of(reader), wanted).values():
            if error is not kafka_error.NoError:
                raise error

    _patiently(commit, _COMMIT_S)


def group_offsets(
    admin: KafkaAdminClient, reader: str, topic: str, partitions: Iterable[int]
) -> Offsets | None:
    """What the group committed last; None if it never did. Raises KafkaError."""
    wanted = {group_of(reader): [TopicPartition(topic, at) for at in partitions]}

    def ask() -> dict[TopicPartition, Any]:
        return dict(admin.list_group_offsets(wanted)[group_of(reader)])

    try:
        found = _patiently(ask, _PATIENCE_S)
    except kafka_error.GroupIdNotFoundError:
        return None
    return {at.partition: one.offset for at, one in found.items() if one.offset >= 0} or None


def _patiently(ask: Callable[[], _Answer], seconds: float) -> _Answer:
    """Ask again while the broker that looks after the group is being found."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except (
            kafka_error.CoordinatorNotAvailableError,
            kafka_error.CoordinatorLoadInProgressError,
            kafka_error.NotCoordinatorError,
        ):
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)
