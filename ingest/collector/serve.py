"""Run the collector of a data folder until it is told to stop."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from types import FrameType

import uvicorn

from clicktrail.errors import ConfigError, LogError
from clicktrail.settings import Settings
from ingest.collector.app import create_app
from ingest.collector.connection import Connection
from ingest.collector.lag import LagWatch
from ingest.collector.sites_file import SitesFile
from store.log import open_log
from store.log.base import Log

_logger = logging.getLogger(__name__)
_BACKLOG = 2048
_KEEP_ALIVE_SECONDS = 65  # longer than the 60 s for which proxies keep idle connections
_DRAIN_SECONDS = 1
_RETENTION_SECONDS = 3600.0
_FULL_SECONDS = 5.0  # a full log is looked at this often
_ROOM = 0.75  # retention makes the log this full at most, so that it is not full again at once
_DAY_SECONDS = 86_400


def serve(settings: Settings) -> None:
    """Listen, append to the log and answer until SIGTERM or SIGINT; then answer what is here and return.

    ConfigError: the address is taken or not ours. LogError: another collector writes to this log.
    """
    listener = listen(settings.collect_host, settings.collect_port)
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        log = open_log(settings, write=True)
    except BaseException:
        listener.close()
        raise
    try:
        _serve(settings, listener, log)
    finally:
        log.close()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; ConfigError says which setting to change when the address cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise ConfigError(f"CLICKTRAIL_COLLECT_HOST={host}: no such address ({error.strerror})") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)  # at once: a bound socket alone does not keep a second one away
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"cannot listen on {host} port {port}: {error.strerror}; stop the other program "
            f"or set CLICKTRAIL_COLLECT_PORT (or CLICKTRAIL_COLLECT_HOST) to a free address"
        ) from None
    return listener


def _serve(settings: Settings, listener: socket.socket, log: Log) -> None:
    retention = Retention(log, settings.log_retention_days * _DAY_SECONDS, int(settings.log_bytes * _ROOM))
    sites = SitesFile(settings.data / "sites.json")
    app = create_app(log, sites, settings, by_secret=sites.by_secret, on_full=retention.look_now)
    server = _Server(
        uvicorn.Config(
            app,
            http=Connection,
            loop="uvloop" if sys.platform != "win32" else "asyncio",
            interface="asgi3",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,  # the guard decides whom to believe
            server_header=False,
            backlog=_BACKLOG,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
        )
    )
    with server.stopped_by_signals(), retention, LagWatch(log, app.registry):
        _logger.info("collector listens on %s port %s", *listener.getsockname()[:2])
        server.run(sockets=[listener])
        app.close()


class _Server(uvicorn.Server):
    """uvicorn, but a signal ends it with success, whatever was inherited for that signal."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @contextlib.contextmanager
    def stopped_by_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT stop the server, from before it runs; only in the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, self._stop) for one in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.should_exit = True


class Retention:
    """A thread that removes what every reader has committed: hourly, and when the log is full."""

    def __init__(self, log: Log, older_than_s: float, max_bytes: int) -> None:
        self._log, self._older_than_s, self._max_bytes = log, older_than_s, max_bytes
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def look_now(self) -> None:
        """Do not wait for the hour: the log is full."""
        self._wake.set()

    def __enter__(self) -> Retention:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                removed = self._log.retain(older_than_s=self._older_than_s, max_bytes=self._max_bytes)
                if removed:
                    _logger.info("retention removed %d bytes of the log", removed)
            except LogError as error:
                _logger.error("retention: %s", error)
            self._stopping.wait(_FULL_SECONDS)
            self._wake.wait(_RETENTION_SECONDS)
            self._wake.clear()
