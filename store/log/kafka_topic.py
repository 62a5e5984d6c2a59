"""The topic of the log: made when it is missing, checked when it is there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient
from kafka import errors as kafka_error
from kafka.admin import ConfigResource, ConfigResourceType

from clicktrail.errors import ConfigError, LogError
from store.log.base import GROUP_BYTES
from store.log.kafka_client import kafka_errors
from store.log.kafka_url import KafkaUrl

_ROOM = 2 << 20  # headers and queries of requests, and the record's frame
_DAY_S = 86_400
_COPIES = 3  # from so many on, a record is acknowledged when two have it
_NO_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Wish:
    """What a new topic gets, and what any must allow."""

    retention_s: float
    retention_bytes: int
    body_bytes: int

    @property
    def record_bytes(self) -> int:
        """Largest record: a group of requests, or one request alone."""
        return max(GROUP_BYTES, self.body_bytes) + _ROOM


def ensured(admin: KafkaAdminClient, url: KafkaUrl, wish: Wish) -> str:
    """Make the topic if it is missing, check that it takes our records; its id ('' if the broker has none).

    ConfigError: it does not. LogError: the broker does not answer, or refuses.
    """
    with kafka_errors(url, "looking for the topic"):
        found = _described(admin, url.topic)
        if found is None:
            _create(admin, url, wish)
            found = _described(admin, url.topic)
        if found is None:
            raise LogError(f"{url}: the topic is not there yet", retryable=True)
        _check_size(admin, url, wish)
    topic_id = str(found.get("topic_id") or _NO_ID)
    return "" if topic_id == _NO_ID else topic_id


def _described(admin: KafkaAdminClient, topic: str) -> dict[str, Any] | None:
    (found,) = admin.describe_topics([topic])
    error = kafka_error.for_code(found["error_code"])
    if error is kafka_error.UnknownTopicOrPartitionError:
        return None
    if error is not kafka_error.NoError:
        raise error(topic)
    return dict(found)


def _create(admin: KafkaAdminClient, url: KafkaUrl, wish: Wish) -> None:
    topic = {
        "num_partitions": url.partitions,
        "replication_factor": url.replication,
        "configs": topic_configs(url, wish),
    }
    try:
        admin.create_topics({url.topic: topic})
    except kafka_error.TopicAlreadyExistsError:
        pass  # another part of us was faster
    except (kafka_error.InvalidReplicationFactorError, kafka_error.PolicyViolationError) as error:
        raise ConfigError(
            f"CLICKTRAIL_LOG_URL={url}: the broker does not make this topic ({type(error).__name__}); "
            f"set replication= to at most the number of brokers, it is {url.replication}"
        ) from error
    admin.wait_for_topics([url.topic])


def topic_configs(url: KafkaUrl, wish: Wish) -> dict[str, str]:
    """Settings of a new topic. Whole segments are removed: one lasts a day at most, as in the local log."""
    seconds = wish.retention_s if url.retention_s is None else url.retention_s
    retention_ms = int(seconds * 1000) if math.isfinite(seconds) else -1
    segment_s = min(_DAY_S, seconds)
    configs = {
        "cleanup.policy": "delete",
        "max.message.bytes": str(wish.record_bytes),
        "retention.ms": str(retention_ms),
        "retention.bytes": str(max(1, wish.retention_bytes // url.partitions)),
        "segment.ms": str(int(segment_s * 1000)),
    }
    return configs | ({"min.insync.replicas": "2"} if url.replication >= _COPIES else {})


def _check_size(admin: KafkaAdminClient, url: KafkaUrl, wish: Wish) -> None:
    resource = ConfigResource(ConfigResourceType.TOPIC, url.topic)
    try:
        configs = admin.describe_configs([resource], config_filter="all")["topic"][url.topic]
    except kafka_error.AuthorizationError:
        return  # we may not look: a record that is too large is then refused when it comes
    allowed = int(configs["max.message.bytes"]["value"])
    if allowed < wish.record_bytes:
        raise ConfigError(
            f"CLICKTRAIL_LOG_URL={url}: the topic takes records of {allowed} bytes, "
            f"CLICKTRAIL_BODY_BYTES={wish.body_bytes} needs {wish.record_bytes}: lower that, or run "
            f"kafka-configs.sh --alter --entity-type topics --entity-name {url.topic} "
            f"--add-config max.message.bytes={wish.record_bytes}"
        )
