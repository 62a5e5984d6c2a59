"""The event log: what the collector appends to and the pipeline reads."""

from __future__ import annotations

from pathlib import Path

from clicktrail.errors import ConfigError
from clicktrail.settings import Settings
from store.log.base import Log
from store.log.local import LocalLog


def open_log(settings: Settings, *, write: bool) -> Log:
    """The log of the settings. Raises LogError if another process writes it, ConfigError for a bad URL."""
    url = settings.log_url
    if url.startswith("kafka:"):
        raise ConfigError("CLICKTRAIL_LOG_URL: kafka:// is not available yet; leave it out for a local log")
    if url and not url.startswith("file:"):
        raise ConfigError(f"CLICKTRAIL_LOG_URL={url}: it looks like file:/path")
    path = url.removeprefix("file:").removeprefix("//")
    return LocalLog(Path(path) if path else settings.data / "log", write=write)
