"""Processes that a measurement starts, and their end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from store.tables.embedded.files import StoreFiles, is_locked

_END_S = 30.0


@contextmanager
def store_folder() -> Iterator[Path]:
    """A data folder; at the end the store that a client started in it is ended, and the folder removed."""
    with tempfile.TemporaryDirectory(prefix="clicktrail-bench-") as name:
        folder = Path(name).resolve()
        try:
            yield folder
        finally:
            _end_store(folder)


def _end_store(folder: Path) -> None:
    # The pipeline in this process keeps its connection, so that the store does not end by itself.
    if pid := store_pid(folder):
        store = psutil.Process(pid)
        store.terminate()
        store.wait(_END_S)
    deadline = time.monotonic() + _END_S
    while is_locked(StoreFiles(folder).lock) and time.monotonic() < deadline:
        time.sleep(0.1)


def store_pid(folder: Path) -> int:
    """The process that owns the tables of a data folder; 0 when there is none."""
    for process in psutil.process_iter(["pid", "cmdline"]):
        words = process.info["cmdline"] or []
        if "store.tables.embedded.process" in words and str(folder) in words:
            return int(process.info["pid"])
    return 0


@contextmanager
def command(arguments: list[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A clicktrail command as a process that is stopped at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "clicktrail", *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
