"""Run the dashboard until it is told to stop."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from types import FrameType

from waitress.server import create_server

from clicktrail.errors import ConfigError
from clicktrail.settings import Settings
from dashboards.app import create_app
from dashboards.hosts import is_local, no_users
from store.objects import users
from store.tables.client import Store, open_store

_logger = logging.getLogger(__name__)
_THREADS = 8
_FORWARDED = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
_PAGE_WAITS_S = 5.0  # for a store that is away: a restart takes less, a reader's patience hardly more


def serve(settings: Settings) -> None:
    """Answer until SIGTERM or SIGINT, then return.

    ConfigError: the address is taken or not ours, or other machines reach it and there is no user.
    StoreError: the store is not there at the start; later it may come and go.
    """
    with ExitStack() as opened:
        writer = _Writer(settings)
        opened.callback(writer.close)
        address = settings.dashboard_host, settings.dashboard_port
        listener = opened.enter_context(listen(*address, lambda: bool(users(writer()))))
        writer()  # a dashboard may be the first to see this store: the tables must stand
        reader = opened.enter_context(closing(open_store(settings, role="reader", wait_s=_PAGE_WAITS_S)))
        _run(listener, create_app(reader, writer, settings).server, settings.dashboard_proxy)


def listen(host: str, port: int, has_users: Callable[[], bool] = lambda: False) -> socket.socket:
    """A listening socket; ConfigError says what to change.

    has_users: whether somebody could log in, asked if other machines can reach the address.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ConfigError(f"CLICKTRAIL_DASHBOARD_HOST={host}: no such address ({error.strerror})") from None
    family, kind, protocol, _, address = found[0]
    if not is_local(str(address[0])) and not has_users():
        raise ConfigError(no_users(host))
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"cannot listen on {host} port {port}: {error.strerror}; stop the other program "
            "or set CLICKTRAIL_DASHBOARD_PORT to a free port"
        ) from None
    return listener


class _Writer:
    """The store that may write, with its tables, opened when first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._store: Store | None = None

    def __call__(self) -> Store:
        with self._lock:
            if self._store is None:
                self._store = open_store(self._settings, role="writer")
                self._store.migrate()
            return self._store

    def close(self) -> None:
        """Close it if it was opened."""
        if self._store is not None:
            self._store.close()


def _run(listener: socket.socket, app: Callable[..., object], proxy: str) -> None:
    believed = {"trusted_proxy": proxy, "trusted_proxy_headers": _FORWARDED} if proxy else {}
    server = create_server(
        app, sockets=[listener], threads=_THREADS, ident=None, clear_untrusted_proxy_headers=True, **believed
    )
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # one waiting request is no news
    _logger.info("dashboard on http://%s:%s", *listener.getsockname()[:2])
    with _stopped_by_signals():
        try:
            server.run()
        except _Stop:
            pass
        finally:
            server.task_dispatcher.shutdown(cancel_pending=True, timeout=1)
            server.close()


class _Stop(SystemExit):
    """A signal asked us to end."""


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """SIGTERM and SIGINT end the server, whatever was inherited for them; only in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.signal(one, _stop) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _Stop
