"""The process that owns the engine: open it, publish the address, serve, close."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Callable
from types import FrameType

from clicktrail.errors import StoreError
from store.tables.embedded.connection import Shared
from store.tables.embedded.engine import Engine, EngineError
from store.tables.embedded.files import StoreFiles, ensure_passwords, write_json
from store.tables.embedded.merges import Merges
from store.tables.embedded.roles import Roles
from store.tables.embedded.server import Server
from store.tables.embedded.session import Limits
from store.tables.embedded.watcher import Watcher

log = logging.getLogger("clicktrail.store")


def own_tables(
    files: StoreFiles, listener: socket.socket, memory: int, linger_s: float | None, reader_seconds: float
) -> None:
    """Serve the tables of a folder whose lock is held, until a signal or the end of the linger time."""
    passwords = ensure_passwords(files)
    try:
        engine = Engine(files.folder, memory)
    except EngineError as error:
        raise StoreError(f"the tables in {files.folder} cannot be opened: {error}") from error
    limits = Limits(reader_seconds, memory // 2)
    roles = Roles(engine.classify, engine.table_functions)
    shared = Shared(engine, roles, Watcher(engine.kill), Merges(engine), passwords, limits)
    server = Server(listener, shared, linger_s)
    _stop_on_signals(server.request_stop)
    host, port = listener.getsockname()[:2]
    write_json(files.address, {"host": host, "port": port, "pid": os.getpid()})
    log.info("listening on %s:%d", host, port)
    try:
        server.serve()
    finally:
        files.address.unlink(missing_ok=True)
        if server.busy:
            log.warning("queries did not stop in time")
            os._exit(0)  # the engine is crash-safe; closing it under a running query is not
        engine.close()


def _stop_on_signals(stop: Callable[[], None]) -> None:
    def handle(_signal: int, _frame: FrameType | None) -> None:
        stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
