"""Clients of a Kafka cluster: opened within a bounded time or not at all, their errors in our words."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from kafka import errors as kafka_error

from clicktrail.errors import LogError
from store.log.kafka_url import KafkaUrl

_Client = TypeVar("_Client")
_REACH_S = 0.5
_SILENT = (
    "{}: a server is there but does not talk to us; it may hang, or security={}, mechanism, user or password "
    "are wrong"
)
_OPTIONS = {
    "bootstrap_timeout_ms": 3_000,
    "request_timeout_ms": 5_000,
    "reconnect_backoff_max_ms": 500,  # a broker that is back is found at once
    "allow_auto_create_topics": False,
    "metadata_max_age_ms": 10_000,  # new partitions are seen after this time
}

if logging.getLogger("kafka").level == logging.NOTSET:
    # It repeats every attempt to reach a broker; we say once that it is away. `--verbose` sets a level.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)


def opened(kind: type[_Client], url: KafkaUrl, **options: Any) -> _Client:
    """A connected client of this kind; LogError if no broker answers."""
    reach(url)
    defaults: dict[str, Any] = kind.DEFAULT_CONFIG  # type: ignore[attr-defined]
    made: list[Any] = []

    def client(**configs: Any) -> Any:
        made.append(defaults["kafka_client"](**configs))
        return made[-1]

    common = {name: value for name, value in _OPTIONS.items() if name in defaults}
    with kafka_errors(url, "connecting"):
        try:
            return kind(**{**common, **url.client_options(), "kafka_client": client, **options})
        except BaseException as error:
            for one in made:  # kafka-python leaves its thread and sockets behind
                one.close()
            if isinstance(error, kafka_error.KafkaTimeoutError):  # it does not tell what went wrong
                raise LogError(_SILENT.format(url, url.security), retryable=True) from None
            raise


def reach(url: KafkaUrl) -> None:
    """LogError unless one of the servers takes a connection."""
    faults = []
    for address in url.servers:
        try:
            _shake_hands(url, address)
        except OSError as error:
            faults.append(_fault(error))
        else:
            return
    raise LogError(f"{url}: no Kafka broker answers ({'; '.join(sorted(set(faults)))})", retryable=True)


def _shake_hands(url: KafkaUrl, address: tuple[str, int]) -> None:
    """Connect, with TLS where that is asked for: kafka-python does not tell why a certificate is no good."""
    with socket.create_connection(address, timeout=_REACH_S) as connection:
        if url.security.endswith("ssl"):
            context = ssl.create_default_context(cafile=url.cafile or None)
            if url.certfile:
                context.load_cert_chain(url.certfile, url.keyfile or None)
            context.wrap_socket(connection, server_hostname=address[0]).close()


def _fault(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return getattr(error, "verify_message", "") or error.reason or str(error)
    return error.strerror or str(error)


@contextmanager
def kafka_errors(url: KafkaUrl, what: str) -> Iterator[None]:
    """Turn what kafka-python raises into a LogError that says what was tried."""
    try:
        yield
    except (
        kafka_error.AuthorizationError,
        kafka_error.SaslAuthenticationFailedError,
        kafka_error.UnsupportedSaslMechanismError,
    ) as error:
        raise LogError(
            f"CLICKTRAIL_LOG_URL={url}: {what}: the broker refuses this user ({_said(error)}); "
            "check user, password, mechanism and the rights on the topic"
        ) from error
    except (kafka_error.KafkaError, OSError, ValueError) as error:
        raise LogError(f"{url}: {what}: {_said(error)}", retryable=True) from error


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]
