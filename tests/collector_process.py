"""A real collector process for tests: started on a free port, stopped by its id."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clicktrail.settings import Settings
from schemas.envelope import Envelope, decode_block
from store.log import open_log

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 20.0
EVENT = b'{"site":"shop","sent_at":1795310017776,"events":[{"event_id":"%b","event_type":"page_view"}]}'


@dataclass
class Running:
    """A collector that answers."""

    process: subprocess.Popen[bytes]
    port: int
    data: Path
    output: Path

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def envelopes(self) -> list[Envelope]:
        return envelopes(self.data)

    def said(self) -> str:
        return self.output.read_text()

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        return self.process.wait(timeout=10)


def command() -> list[str]:
    return [sys.executable, "-m", "ingest.collector"]


def environment(data: Path, port: int = 0, settings: Mapping[str, object] | None = None) -> dict[str, str]:
    """The environment of a collector; `settings` by their names in Settings."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("CLICKTRAIL_")}
    given = {"data": data, "collect_port": port, **(settings or {})}
    return kept | {f"CLICKTRAIL_{name.upper()}": str(value) for name, value in given.items()}


@contextmanager
def collector(data: Path, before: Callable[[], None] | None = None, **settings: object) -> Iterator[Running]:
    """A collector of a data folder; `before` runs in the new process."""
    data.mkdir(parents=True, exist_ok=True)
    output = data / "collector.output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            command(),
            cwd=ROOT,
            env=environment(data, 0, settings),
            stdout=file,
            stderr=file,
            preexec_fn=before,  # noqa: PLW1509 - tests start no threads before
        )
    try:
        yield Running(process, _port(process, output), data, output)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=10)


def _port(process: subprocess.Popen[bytes], output: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if match := re.search(r"listens on \S+ port (\d+)", output.read_text()):
            return int(match[1])
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise AssertionError(f"the collector does not answer: {output.read_text()}")


def envelopes(data: Path) -> list[Envelope]:
    """Everything in the log of a data folder."""
    log = open_log(Settings(data=data), write=False)
    try:
        position = log.start()
        found: list[Envelope] = []
        while True:
            records, position = log.read(position, 64 << 20)
            if not records:
                return found
            found += [envelope for record in records for envelope in decode_block(record.payload)]
    finally:
        log.close()


def exchange(port: int, data: bytes, *, half_close: bool = False, seconds: float = 5.0) -> bytes:
    """Send raw bytes, return all that comes until the collector closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        answer = b""
        try:
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                answer += part
        except (ConnectionError, TimeoutError):
            pass
        return answer


def status(answer: bytes) -> int:
    """The status of the first answer in raw bytes; 0 for none."""
    match = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
    return int(match[1]) if match else 0


def ask(
    port: int, method: str, target: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """One plain request: status, headers by lower-case name, body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target, body, named)
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()
