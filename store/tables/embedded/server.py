"""Accepts clients, one thread each, and stops cleanly."""

from __future__ import annotations

import logging
import selectors
import socket
import threading
import time

from store.tables.embedded.connection import ClientConnection, Shared

_STOP_WAIT_S = 1.5
_FIRST_CLIENT_WAIT_S = 15.0
log = logging.getLogger("clicktrail.store")


class Server:
    """The listening socket and its clients. `linger_s`: end so long after the last client, None: never."""

    def __init__(self, listener: socket.socket, shared: Shared, linger_s: float | None) -> None:
        self._listener = listener
        self._shared = shared
        self._linger_s = linger_s
        self._clients: dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._alone_since: float | None = None
        self._stopping = False

    def request_stop(self) -> None:
        """Make `serve` return; safe in a signal handler and from any thread."""
        self._stopping = True
        self._wake()

    def _wake(self) -> None:
        try:
            self._wake_writer.send(b"x")
        except OSError:
            log.debug("the server has stopped already")

    def serve(self) -> None:
        """Accept clients until stopped or, with linger, until nobody has needed the server for that long."""
        started = time.monotonic()
        self._shared.watcher.start()
        self._shared.merges.start()
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wake_reader, selectors.EVENT_READ)
            while not self._stopping:
                timeout = self._time_left(started)
                if timeout is not None and timeout <= 0:
                    break
                self._take(selector.select(timeout))
        self._stop()

    def _take(self, ready: list[tuple[selectors.SelectorKey, int]]) -> None:
        for key, _ in ready:
            if key.fileobj is self._listener:
                self._accept()
            else:
                self._wake_reader.recv(4096)

    def _time_left(self, started: float) -> float | None:
        """Seconds until the server may end; None while clients are here or it stays anyway."""
        with self._lock:
            if self._linger_s is None or self._clients:
                return None
            if self._alone_since is None:
                return started + max(self._linger_s, _FIRST_CLIENT_WAIT_S) - time.monotonic()
            return self._alone_since + self._linger_s - time.monotonic()

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError as error:
            log.warning("could not accept a client: %s", error)
            time.sleep(0.01)
            return
        client.setblocking(True)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        thread = threading.Thread(target=self._serve_client, args=(client,), daemon=True)
        with self._lock:
            self._clients[thread] = client
        thread.start()

    def _serve_client(self, client: socket.socket) -> None:
        try:
            ClientConnection(client, self._shared).serve()
        except Exception:
            log.exception("a connection failed")
        finally:
            with self._lock:
                self._clients.pop(threading.current_thread(), None)
                alone = not self._clients
                self._alone_since = time.monotonic() if alone else None
            if alone:
                self._wake()

    def _stop(self) -> None:
        self._listener.close()
        with self._lock:
            clients = dict(self._clients)
        for client in clients.values():
            _shut(client)
        self._shared.watcher.stop_all()
        deadline = time.monotonic() + _STOP_WAIT_S
        for thread in clients:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._shared.watcher.stop()
        self._shared.merges.stop()
        self._wake_reader.close()
        self._wake_writer.close()

    @property
    def busy(self) -> bool:
        """Whether clients' threads are still running (after `serve` only stuck ones are)."""
        with self._lock:
            return bool(self._clients)


def _shut(client: socket.socket) -> None:
    try:
        client.shutdown(socket.SHUT_RDWR)
    except OSError:
        log.debug("the client has left already")
