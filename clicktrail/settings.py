"""Every setting in one frozen record, read once from the environment."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from clicktrail.errors import ConfigError

PREFIX = "CLICKTRAIL_"


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError("a port is 0 to 65535")
    return port


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d+)\s*([kmgKMG]?)i?[bB]?", text.strip())
    if not match:
        raise ValueError("a size looks like 512M or 2G")
    return int(match[1]) << {"": 0, "k": 10, "m": 20, "g": 30}[match[2].lower()]


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e9:
        raise ValueError("seconds are above 0")
    return value


def _address(text: str) -> str:
    return str(ip_address(text.strip()))


def _setting(default: Any, read: Callable[[str], Any], help: str) -> Any:
    return field(default=default, metadata={"read": read, "help": help})


@dataclass(frozen=True)
class Settings:
    """The settings of one process; functions receive the value they need, never this record's whole."""

    data: Path = _setting(Path("./data"), Path, "Folder of everything local: log, store, sites, leases.")
    log_url: str = _setting(
        "",
        str,
        "Event log: file:/path (default: the folder `log` of the data folder) or "
        "kafka://user:password@host:9092,host:9092/topic?partitions=4&replication=3&retention=7d"
        "&security=sasl_ssl&mechanism=SCRAM-SHA-512&cafile=/path (docs/kafka.md).",
    )
    store_url: str = _setting(
        "", str, "ClickHouse: clickhouse://user:password@host:9000/database (default: the embedded store)."
    )
    collect_host: str = _setting("127.0.0.1", str, "Address the collector listens on.")
    collect_port: int = _setting(8080, _port, "Port of the collector.")
    collect_url: str = _setting(
        "", str, "Address of the collector as browsers see it, for the tag: https://clicks.shop.example."
    )
    dashboard_host: str = _setting("127.0.0.1", str, "Address the dashboard listens on.")
    dashboard_port: int = _setting(8050, _port, "Port of the dashboard.")
    dashboard_proxy: str = _setting(
        "",
        _address,
        "Address of the reverse proxy before the dashboard whose X-Forwarded-For, -Proto and -Host are "
        "believed, e.g. 127.0.0.1 (default: nobody's are).",
    )
    store_port: int = _setting(0, _port, "Port of the embedded store (0: 9000 if free, else any).")
    store_memory: int = _setting(4 << 30, _size, "Memory the embedded store may use, e.g. 4G.")
    query_seconds: float = _setting(30.0, _seconds, "Longest run of one query of a reader, in seconds.")
    live_tick: float = _setting(
        0.25, _seconds, "Shortest time between two runs of the live pipeline, in seconds."
    )
    batch_bytes: int = _setting(64 << 20, _size, "Input of one bounded run of the batch pipeline, e.g. 64M.")
    log_retention_days: float = _setting(
        7.0, float, "Days after which committed log segments are removed; retention of a new Kafka topic."
    )
    log_bytes: int = _setting(
        8 << 30, _size, "Size of the local log at which the collector answers 503; of a new Kafka topic."
    )
    body_bytes: int = _setting(4 << 20, _size, "Largest request body the collector takes.")
    waiting_bytes: int = _setting(32 << 20, _size, "Bytes of requests that may wait for the disk before 503.")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read `CLICKTRAIL_*`; an unknown name or an unreadable value is a ConfigError."""
        known = {PREFIX + f.name.upper(): f for f in fields(cls)}
        given = {name: text for name, text in environ.items() if name.startswith(PREFIX)}
        for name in given.keys() - known.keys():
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(f"unknown setting {name}{hint}")
        values = {known[n].name: _read(n, t, known[n].metadata["read"]) for n, t in given.items() if t != ""}
        return cls(**values)

    def __repr__(self) -> str:
        shown = ", ".join(f"{f.name}={masked(getattr(self, f.name))!r}" for f in fields(self))
        return f"Settings({shown})"


def _read(name: str, text: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(text)
    except ValueError as error:
        raise ConfigError(f"{name}={masked(text)}: {error}") from None


def masked(value: object) -> object:
    """A setting as it may be shown: URLs without their passwords."""
    if not isinstance(value, str):
        return value
    return re.sub(r"((?:password|secret)=)[^&]*", r"\1***", re.sub(r"(://[^:/@]*:).+@", r"\1***@", value))
