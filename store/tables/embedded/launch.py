"""Find the store of a data folder, or start one. For clients: imports no chdb."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

from clicktrail.errors import StoreError
from store.tables.embedded.files import StoreAddress, StoreFiles, is_locked, read_address

_POLL_S = 0.05
_CONNECT_S = 1.0
_LINGER_S = 3.0
_SOURCE_ROOT = Path(__file__).resolve().parents[3]


def store_address(
    data: Path, *, wait_s: float = 30.0, start: bool = True, memory: int | None = None
) -> StoreAddress:
    """Where the store of a data folder listens, waiting up to `wait_s` seconds for it.

    Unless a supervisor holds the folder (then it starts the store) or `start` is False, a store that is not
    running is started; it ends some seconds after its last client. `memory`: its cap in bytes.
    Raises StoreError.
    """
    files = StoreFiles(data.resolve())
    deadline = time.monotonic() + wait_s
    child: int | None = None
    while True:
        if (found := _answering(files)) is not None:
            return found
        child = _still_running(files, child)
        if child is None and start and not is_locked(files.lock) and not is_locked(files.supervisor_lock):
            child = _start(files, memory)
        if time.monotonic() >= deadline:
            raise StoreError(_why_not(files, wait_s), retryable=True)
        time.sleep(_POLL_S)


def _answering(files: StoreFiles) -> StoreAddress | None:
    """The address on file if a process owns the tables and takes connections there."""
    if not is_locked(files.lock) or (address := read_address(files)) is None:
        return None
    try:
        socket.create_connection((address.host, address.port), timeout=_CONNECT_S).close()
    except OSError:
        return None
    return address


def _start(files: StoreFiles, memory: int | None) -> int:
    """Start a store in a session of its own; its process id."""
    files.folder.mkdir(parents=True, exist_ok=True)
    arguments = [sys.executable, "-m", "store.tables.embedded.process", "--data", str(files.data)]
    arguments += ["--linger", str(_LINGER_S)]
    if memory is not None:
        arguments += ["--memory", str(memory)]
    path = os.pathsep.join(part for part in (str(_SOURCE_ROOT), os.environ.get("PYTHONPATH", "")) if part)
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.posix_spawn(
        sys.executable,
        arguments,
        {**os.environ, "PYTHONPATH": path},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(files.log), append, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def _still_running(files: StoreFiles, child: int | None) -> int | None:
    """The child if it runs; None if it lost the race for the lock; StoreError if it failed."""
    if child is None:
        return None
    try:
        ended, status = os.waitpid(child, os.WNOHANG)
    except ChildProcessError:
        return None
    if not ended:
        return child
    if os.waitstatus_to_exitcode(status) in (0, 75):
        return None
    raise StoreError(f"the store could not be started: {_last_line(files)}")


def _last_line(files: StoreFiles) -> str:
    try:
        lines = files.log.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else f"see {files.log}"


def _why_not(files: StoreFiles, wait_s: float) -> str:
    if is_locked(files.supervisor_lock):
        return f"the supervised store in {files.folder} gave no address within {wait_s:g} s"
    return f"no store answered for {files.folder} within {wait_s:g} s"
