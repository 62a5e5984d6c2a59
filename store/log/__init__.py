"""The event log: what the collector appends to and the pipeline reads."""

from __future__ import annotations

from pathlib import Path

from clicktrail.errors import ConfigError
from clicktrail.settings import Settings, masked
from store.log.base import Log
from store.log.local import LocalLog

_DAY_S = 86_400


def open_log(settings: Settings, *, write: bool) -> Log:
    """The log of the settings. Raises LogError if another process writes it, ConfigError for a bad URL."""
    url = settings.log_url
    if url.startswith("kafka:"):
        return _kafka_log(settings, write=write)
    if url and not url.startswith("file:"):
        raise ConfigError(
            f"CLICKTRAIL_LOG_URL={masked(url)}: it looks like file:/path or kafka://host:9092/topic"
        )
    path = url.removeprefix("file:").removeprefix("//")
    return LocalLog(Path(path) if path else settings.data / "log", write=write)


def _kafka_log(settings: Settings, *, write: bool) -> Log:
    from store.log.kafka import KafkaLog  # noqa: PLC0415 - a local log does not load the client
    from store.log.kafka_topic import Wish  # noqa: PLC0415
    from store.log.kafka_url import KafkaUrl  # noqa: PLC0415

    wish = Wish(settings.log_retention_days * _DAY_S, settings.log_bytes, settings.body_bytes)
    return KafkaLog(KafkaUrl.parse(settings.log_url), settings.data / "kafka", wish, write=write)
