"""kafka://[user:password@]host:port[,host:port…]/topic?option=value…: what it says, or what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from clicktrail.errors import ConfigError
from clicktrail.settings import masked

FORM = "kafka://host:9092/topic"
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
SECURITY = ("plaintext", "ssl", "sasl_plaintext", "sasl_ssl")
_PORT = 9092
_TOPIC = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}")
_SERVER = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]+)(?::(?P<port>[^:]*))?")
_UNITS = {"m": 60.0, "h": 3600.0, "d": 86_400.0}


@dataclass(frozen=True)
class KafkaUrl:
    """One topic of one cluster and how to reach it. Its text never shows the password."""

    servers: tuple[tuple[str, int], ...]
    topic: str
    user: str = ""
    password: str = field(default="", repr=False)
    security: str = "plaintext"
    mechanism: str = MECHANISMS[0]
    cafile: str = ""
    certfile: str = ""
    keyfile: str = ""
    partitions: int = 4
    replication: int = -1  # the broker's default
    retention_s: float | None = None  # None: as the settings say

    @classmethod
    def parse(cls, text: str) -> KafkaUrl:
        """Read a URL; ConfigError names the setting, its value without secrets, and the remedy."""
        try:
            return _parsed(text)
        except ValueError as error:
            raise ConfigError(f"CLICKTRAIL_LOG_URL={masked(text)}: {error}") from None

    def __str__(self) -> str:
        user = f"{self.user}:***@" if self.user else ""
        return f"kafka://{user}{','.join(self.addresses())}/{self.topic}"

    def addresses(self) -> list[str]:
        """host:port of each server."""
        return [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.servers]

    def client_options(self) -> dict[str, Any]:
        """What every client of kafka-python takes: addresses, encryption, log-in."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.addresses(),
            "security_protocol": self.security.upper(),
        }
        files = {"ssl_cafile": self.cafile, "ssl_certfile": self.certfile, "ssl_keyfile": self.keyfile}
        options |= {name: file for name, file in files.items() if file}
        if self.user:
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return options


def _parsed(text: str) -> KafkaUrl:
    parts = urlsplit(text)
    identity, _, servers = parts.netloc.rpartition("@")
    if "@" in identity or ("@" not in parts.netloc and "@" in text.partition("?")[0] + parts.fragment):
        raise ValueError("write @ / ? # in a password as %40 %2F %3F %23")
    user, _, password = (unquote(word) for word in identity.partition(":"))
    topic = unquote(parts.path.strip("/"))
    if not topic:
        raise ValueError(f"no topic; it looks like {FORM}")
    if not _TOPIC.fullmatch(topic):
        raise ValueError("a topic has letters, digits, dot, underscore and minus, at most 249")
    options = _options(parts.query)
    url = KafkaUrl(
        servers=tuple(_server(server) for server in servers.split(",")),
        topic=topic,
        user=user,
        password=password,
        **{"security": "sasl_ssl" if user else "plaintext", **options},
    )
    _check(url)
    return url


def _server(text: str) -> tuple[str, int]:
    match = _SERVER.fullmatch(text)
    if not match:
        raise ValueError(f"no server {text!r}; it looks like {FORM}")
    port = match["port"] if match["port"] is not None else str(_PORT)
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError(f"port {port!r}: a port is 1 to 65535")
    return match["host"].strip("[]"), int(port)


def _options(query: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in _READ:
            raise ValueError(f"unknown option {name}; there are {', '.join(sorted(_READ))}")
        key = "retention_s" if name == "retention" else name
        if key in found:
            raise ValueError(f"{name} stands twice")
        found[key] = _READ[name](name, value)
    return found


def _count(name: str, text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise ValueError(f"{name}={text}: a number from 1 to 10000")
    return int(text)


def _duration(name: str, text: str) -> float:
    match = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if not match or not int(match[1]):
        raise ValueError(f"{name}={text}: it looks like 7d, 12h or 90m")
    return int(match[1]) * _UNITS[match[2]]


def _file(name: str, text: str) -> str:
    if not Path(text).is_file():
        raise ValueError(f"{name}={text}: there is no such file")
    return text


def _one_of(words: tuple[str, ...]) -> Callable[[str, str], str]:
    def read(name: str, text: str) -> str:
        for word in words:
            if word.lower() == text.lower():
                return word
        raise ValueError(f"{name}={text}: it is one of {', '.join(words)}")

    return read


_READ: Mapping[str, Callable[[str, str], Any]] = {
    "partitions": _count,
    "replication": _count,
    "retention": _duration,
    "security": _one_of(SECURITY),
    "mechanism": _one_of(MECHANISMS),
    "cafile": _file,
    "certfile": _file,
    "keyfile": _file,
}


def _check(url: KafkaUrl) -> None:
    with_login = url.security.startswith("sasl")
    if with_login and not (url.user and url.password):
        raise ValueError(f"security={url.security} needs kafka://user:password@…")
    if url.user and not with_login:
        raise ValueError(f"a user and security={url.security} do not go together: sasl_ssl sends the user")
    if not url.security.endswith("ssl") and (url.cafile or url.certfile or url.keyfile):
        raise ValueError(f"certificates are for security=ssl or sasl_ssl, not {url.security}")
    if url.keyfile and not url.certfile:
        raise ValueError("keyfile needs certfile")
