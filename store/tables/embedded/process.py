"""What a store process runs: take the lock, open the engine, listen, and end cleanly on a signal."""

from __future__ import annotations

import argparse
import ipaddress
import logging
import os
import socket
import sys
import time
from pathlib import Path

from clicktrail.errors import StoreError
from store.tables.embedded.files import StoreFiles, held_lock

DEFAULT_PORT = 9000
DEFAULT_MEMORY = 4 << 30
DEFAULT_LINGER_S = 3.0
DEFAULT_READER_SECONDS = 30.0
EXIT_LOCKED = 75

log = logging.getLogger("clicktrail.store")


def serve(  # noqa: PLR0913 - the options of the command
    data: Path,
    *,
    port: int | None = None,
    memory: int = DEFAULT_MEMORY,
    linger_s: float | None = None,
    host: str = "127.0.0.1",
    reader_seconds: float = DEFAULT_READER_SECONDS,
) -> None:
    """Own the tables of a data folder and answer until SIGTERM or SIGINT.

    `port` None: 9000 if it is free, else any; `memory`: cap in bytes; `linger_s`: end so many seconds after
    the last client, None: stay. Raises StoreError if the folder is owned or the address cannot be used.
    """
    if not _is_loopback(host):
        raise StoreError(f"the embedded store listens on loopback addresses only, not on {host}")
    files = StoreFiles(data.resolve())
    with held_lock(files.lock) as mine:
        if not mine:
            raise StoreError(f"another process owns the tables in {files.folder}", retryable=True)
        files.address.unlink(missing_ok=True)
        with _listen(host, port) as listener:
            # Before the engine is loaded: times without a zone mean UTC, whatever the machine is set to.
            os.environ["TZ"] = "UTC"
            time.tzset()
            from store.tables.embedded.owner import own_tables  # noqa: PLC0415 - loads the engine

            own_tables(files, listener, memory, linger_s, reader_seconds)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int | None) -> socket.socket:
    """A listening socket; a port that was asked for must be free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in (DEFAULT_PORT, 0) if port is None else (port,):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(128)
        except OSError as error:
            listener.close()
            failure = error
        else:
            return listener
    raise StoreError(f"the store cannot listen on {host}:{port}: {failure.strerror}") from failure


def main(arguments: list[str] | None = None) -> int:
    """Entry of a store started in the background by another command."""
    parser = argparse.ArgumentParser(prog="clicktrail-store")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int)
    parser.add_argument("--memory", type=int, default=DEFAULT_MEMORY)
    parser.add_argument("--linger", type=float)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        serve(options.data, port=options.port, memory=options.memory, linger_s=options.linger)
    except StoreError as error:
        log.error("%s", error)
        return EXIT_LOCKED if error.retryable else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
