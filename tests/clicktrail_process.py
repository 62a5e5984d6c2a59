"""`python -m clicktrail …` for tests: run to its end, or in the background until the test stops it by id."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import psutil

from clicktrail import cli

ROOT = Path(__file__).resolve().parents[1]

COMMAND = (sys.executable, "-m", "clicktrail")
WAIT_S = 60.0


@dataclass(frozen=True)
class Ended:
    """What a command said and how it ended."""

    code: int
    stdout: str
    stderr: str

    def refused(self) -> str:
        """The one line of an error that is ours to explain."""
        assert self.code == 1, self
        assert "Traceback" not in self.stderr, self.stderr
        (line,) = [line for line in self.stderr.splitlines() if line.startswith("clicktrail: ")]
        assert len(line) < 500, line
        return line


def environment(data: Path, **settings: object) -> dict[str, str]:
    """This process's environment with only these settings of ours."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("CLICKTRAIL_")}
    given = {"data": data, **settings}
    return kept | {f"CLICKTRAIL_{name.upper()}": str(value) for name, value in given.items()}


def run(data: Path, *arguments: object, stdin: bytes = b"", **settings: object) -> Ended:
    """A command in a process of its own, to its end."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=ROOT,
        env=environment(data, **settings),
        input=stdin,
        capture_output=True,
        timeout=WAIT_S * 2,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def here(data: Path, *arguments: object, stdin: bytes = b"", **settings: object) -> Ended:
    """The same in this process, which saves the seconds a start takes; what is logged is not in `stderr`."""
    out, err = io.StringIO(), io.StringIO()
    reading = SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(stdin)), isatty=lambda: False)
    with (
        mock.patch.dict(os.environ, environment(data, **settings), clear=True),
        mock.patch.object(sys, "argv", ["clicktrail", *map(str, arguments)]),
        mock.patch.object(sys, "stdin", reading),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            cli.main()
        except SystemExit as ended:
            return Ended(int(ended.code or 0), out.getvalue(), err.getvalue())
    raise AssertionError("main returns no code")


@dataclass
class Running:
    """A command in the background."""

    process: subprocess.Popen[bytes]
    output: Path

    def said(self) -> str:
        """Both of its outputs so far."""
        return self.output.read_text(errors="replace")

    def tree(self) -> list[psutil.Process]:
        """It and what it started."""
        try:
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(with_signal)
        return self.process.wait(WAIT_S)


@contextmanager
def running(
    data: Path,
    *arguments: object,
    before: Callable[[], None] | None = None,
    command: Sequence[str] = COMMAND,
    **settings: object,
) -> Iterator[Running]:
    """A command in the background; it and what it started are killed at the end if they are still there."""
    data.mkdir(parents=True, exist_ok=True)
    output = data / f"{'-'.join(map(str, arguments)) or 'command'}.output"
    with output.open("ab") as file:
        process = subprocess.Popen(
            [*command, *map(str, arguments)],
            cwd=ROOT,
            env=environment(data, **settings),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            preexec_fn=before,  # noqa: PLW1509 - tests start no threads before
        )
    started = Running(process, output)
    try:
        yield started
    finally:
        for one in reversed(started.tree()):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        process.wait(WAIT_S)


def until(what: Callable[[], object], seconds: float = WAIT_S, why: Callable[[], object] = str) -> None:
    """Wait until something is true; AssertionError with `why` when it takes too long."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {why()}")
        time.sleep(0.05)


def gone(processes: Sequence[psutil.Process]) -> bool:
    """Whether none of them runs any more."""
    return not [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def answers(port: int) -> bool:
    """Whether something takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on right now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
