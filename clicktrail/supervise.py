"""Child processes that are restarted for ever, and that end with the process that started them."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType

log = logging.getLogger("clicktrail.supervise")
SUPERVISED = "CLICKTRAIL_SUPERVISED"
_STOP_S = 15.0
_STEADY_S = 10.0


@dataclass
class Child:
    """One part: `arguments` of the clicktrail command. `wave`: lower ones are stopped later."""

    name: str
    arguments: Sequence[str]
    wave: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    started: float = 0.0
    failures: int = 0


class Supervisor:
    """Runs children until a signal: restarts each that ends, with a pause that grows to one second."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = list(children)
        self._stopping = threading.Event()

    def run(self) -> None:
        """Start all, watch them until SIGINT or SIGTERM, stop all."""
        with stop_on_signals(self._stopping.set):
            try:
                while not self._stopping.is_set():
                    for child in self._children:
                        self._look_after(child)
                    self._stopping.wait(0.1)
            finally:
                self._stop()

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None and child.process.poll() is not None:
            log.warning("%s ended with %s; starting it again", child.name, child.process.returncode)
            close_stdin(child.process)
            child.failures = 0 if now - child.started > _STEADY_S else child.failures + 1
            child.process = None
        pause = min(1.0, 0.1 * 2**child.failures) if child.failures else 0.0
        if child.process is None and now - child.started >= pause:
            child.started = now
            child.process = start(child.arguments)

    def _stop(self) -> None:
        for wave in sorted({child.wave for child in self._children}, reverse=True):
            running = [c.process for c in self._children if c.wave == wave and c.process is not None]
            for process in running:
                process.terminate()
            deadline = time.monotonic() + _STOP_S
            for process in running:
                try:
                    process.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                close_stdin(process)


def start(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """A clicktrail command as a child that ends when this process does."""
    environment = {**os.environ, SUPERVISED: "1"}
    command = [sys.executable, "-m", "clicktrail", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)


def close_stdin(process: subprocess.Popen[bytes]) -> None:
    """Close the pipe that tells a child its parent lives."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def end_with_parent() -> None:
    """In a supervised child: end when the parent is gone, also when it was killed with -9.

    The parent holds the other end of our standard input and never writes: its end is our end.
    """
    if not os.environ.pop(SUPERVISED, ""):
        return

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_STOP_S)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


@contextlib.contextmanager
def stop_on_signals(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` on SIGINT and SIGTERM, also when SIGINT was ignored at the start."""

    def handle(_signal: int, _frame: FrameType | None) -> None:
        stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
