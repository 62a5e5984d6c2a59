"""Live: collector, pipeline and store as processes; how long from a click until a SELECT sees its row.

`python -m bench.live [--rate 1000] [--seconds 60] [--batch 1] [--log file|kafka]` prints one JSON line. With
kafka the broker of the tests is started beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from bench.generate import SITE, agent_strings
from bench.memory import peak_mb, sampled_mb
from bench.processes import command, free_port, store_folder
from clicktrail.errors import StoreError
from clicktrail.settings import Settings
from schemas.objects import Site
from store.objects import put_site, write_sites_file
from store.tables.client import Store, open_store
from store.tables.embedded.launch import store_address

CONNECTIONS = 24
MARKERS_S = 20  # markers a second
VISITORS = 5_000  # at any moment
REQUESTS_A_VISIT = 4
_POLL_S = 0.02
_WAIT_S = 60.0
_SAMPLES = 10.5  # of the memory, over the whole time
_STEP_S = 0.005
_SEEN = """
SELECT event_id FROM events
WHERE site_id = {site:String} AND event_name = 'marker'
    AND event_time >= fromUnixTimestamp64Milli({since:Int64})
"""
_COUNT = "SELECT count() AS events, uniqExact(event_id) AS ids FROM events WHERE site_id = {site:String}"


def measure(rate: int, seconds: float, batch: int = 1, log: str = "file") -> dict[str, Any]:
    """Latencies in seconds at `rate` events a second, `batch` a request, and what was lost or doubled."""
    with store_folder() as folder, ExitStack() as running:
        port = free_port()
        log_url = running.enter_context(_kafka(folder / "broker")) if log == "kafka" else ""
        environment = {
            "CLICKTRAIL_DATA": str(folder),
            "CLICKTRAIL_COLLECT_PORT": str(port),
            "CLICKTRAIL_LOG_URL": log_url,
        }
        processes = {"store": running.enter_context(command(["store", "serve"], environment))}
        settings = Settings(data=folder, collect_port=port)
        store_address(folder, wait_s=_WAIT_S, start=False)  # ours, not one that the client would start
        store = open_store(settings, wait_s=_WAIT_S)
        store.migrate()
        put_site(store, Site(id=SITE))
        write_sites_file(folder / "sites.json", [Site(id=SITE)])
        processes["collector"] = running.enter_context(command(["collect"], environment))
        processes["pipeline"] = running.enter_context(command(["run"], environment))
        _wait_for_port(port)
        _warm_up(port, store)
        watcher = Watcher(store)
        load = Load(port, rate // batch, batch, watcher)
        watcher.start()
        with sampled_mb(processes["pipeline"].pid, seconds / _SAMPLES) as sizes:
            asyncio.run(load.run(seconds))
        watcher.finish()
        table = _settled(store, load.sent - load.bad + 1)
        peaks = {f"{name}_peak_rss_mb": round(peak_mb(p.pid), 1) for name, p in processes.items()}
        store.close()
    late = np.array(watcher.latencies)
    return {
        "log": log,
        "rate": rate,
        "seconds": seconds,
        "sent_per_s": round(load.sent / load.took_s, 1),
        "answered_badly": load.bad,
        "markers": len(late),
        "markers_missing": len(watcher.pending),
        "p50_s": round(float(np.percentile(late, 50)), 3) if len(late) else None,
        "p99_s": round(float(np.percentile(late, 99)), 3) if len(late) else None,
        "lost": load.sent - load.bad + 1 - int(table["ids"]),
        "doubled": int(table["events"]) - int(table["ids"]),
        "pipeline_rss_mb": sizes,
        **peaks,
    }


@contextmanager
def _kafka(folder: Path) -> Iterator[str]:
    """The log's URL on a broker of our own."""
    from tests.kafka_process import broker

    with broker(folder) as started:
        yield started.url("clicks", partitions=4)


class Watcher:
    """Polls the store for marker events and notes how long each took to be seen."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = threading.Thread(target=self._watch)
        self._done = threading.Event()
        self._deadline = float("inf")
        self.pending: dict[str, float] = {}
        self.latencies: list[float] = []

    def start(self) -> None:
        """Begin to poll."""
        self._thread.start()

    def finish(self) -> None:
        """Wait until every marker was seen, at most a minute."""
        self._deadline = time.time() + _WAIT_S
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not (self._done.is_set() and not self.pending) and time.time() < self._deadline:
            waiting = list(self.pending.items())
            if waiting:
                since = int(min(at for _, at in waiting) * 1000) - 2_000
                seen = self._store.query(_SEEN, site=SITE, since=since)["event_id"]
                now = time.time()
                for marker in set(seen).intersection(name for name, _ in waiting):
                    self.latencies.append(now - self.pending.pop(marker))
            time.sleep(_POLL_S)


class Load:
    """Sends at a steady rate, whether or not answers come; latency counts from when a request was due."""

    def __init__(self, port: int, rate: int, batch: int, watcher: Watcher) -> None:
        self._port = port
        self._rate, self._batch = rate, batch  # requests a second, events a request
        self._watcher = watcher
        self._queue: asyncio.Queue[tuple[str, bytes, float] | None] = asyncio.Queue()
        self.sent = 0
        self.bad = 0
        self.took_s = 0.0

    async def run(self, seconds: float) -> None:
        """Send for `seconds`, and return when all is answered."""
        began = time.time()
        senders = [asyncio.create_task(self._send()) for _ in range(CONNECTIONS)]
        events = _requests(max(1, self._rate // MARKERS_S), self._batch)
        due = 0
        while (passed := time.time() - began) < seconds:
            while due < passed * self._rate:
                marker, request = next(events)
                self._queue.put_nowait((marker, request, began + due / self._rate))
                due += 1
            await asyncio.sleep(_STEP_S)
        for _ in senders:
            self._queue.put_nowait(None)
        await asyncio.gather(*senders)
        self.took_s = time.time() - began

    async def _send(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while (item := await self._queue.get()) is not None:
            marker, request, due = item
            if marker:
                self._watcher.pending[marker] = due
            writer.write(request)
            self.sent += self._batch
            if not await _answered(reader):
                self.bad += self._batch
                self._watcher.pending.pop(marker, None)
        writer.close()


async def _answered(reader: asyncio.StreamReader) -> bool:
    """Read one answer; whether it was a success."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length or 0))
    return head.split(b" ", 2)[1].startswith(b"2")


def _requests(marker_every: int, batch: int) -> Iterator[tuple[str, bytes]]:
    """Requests like the tag's, some events each; now and then one with a marker, with its id in front."""
    agents = agent_strings()
    for number in count():
        marker = f"marker-{number}" if number % marker_every == 0 else ""
        yield marker, _request(number, marker, agents[number % VISITORS % len(agents)], batch)


def _request(number: int, marker: str, agent: str, batch: int = 1) -> bytes:
    now = time.time_ns() // 1_000_000
    events = [_event(f"e-{number}-{part}", number, now) for part in range(batch)]
    if marker:
        events[0] |= {"event_id": marker, "event_type": "custom", "event_name": "marker"}
    body = json.dumps({"site": SITE, "sent_at": now, "events": events}).encode()
    head = (
        "POST /e HTTP/1.1\r\nHost: collect.example\r\nContent-Type: text/plain;charset=UTF-8\r\n"
        f"User-Agent: {agent}\r\nOrigin: https://shop.example\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _event(event_id: str, number: int, now: int) -> dict[str, object]:
    return {
        "event_id": event_id,
        "event_type": "page_view",
        "device_time": now,
        "visitor_id": f"visitor-{number // (VISITORS * REQUESTS_A_VISIT)}-{number % VISITORS}",
        "page_view_id": f"p{event_id}",
        "url": f"https://shop.example/hats/{number % 400}",
        "title": "Hat",
        "screen": "390x844",
        "language": "en-GB",
    }


def _warm_up(port: int, store: Store) -> None:
    """Send one event and wait for its row: from then on every part runs."""

    async def send() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            _request(-1, "", "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0")
        )
        assert await _answered(reader)
        writer.close()

    asyncio.run(send())
    deadline = time.monotonic() + _WAIT_S
    while not store.rows(_COUNT, site=SITE)[0]["events"]:
        if time.monotonic() > deadline:
            raise StoreError("the first event never arrived in the tables")
        time.sleep(0.05)


def _settled(store: Store, expected: int) -> dict[str, Any]:
    """What the table holds, given time: the last requests came after the last marker."""
    deadline = time.monotonic() + _WAIT_S
    while True:
        table = store.rows(_COUNT, site=SITE)[0]
        if int(table["ids"]) >= expected or time.monotonic() > deadline:
            return table
        time.sleep(_POLL_S)


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + _WAIT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=1_000, help="events a second")
    parser.add_argument("--batch", type=int, default=1, help="events of a request")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--log", choices=["file", "kafka"], default="file")
    options = parser.parse_args()
    print(json.dumps(measure(options.rate, options.seconds, options.batch, options.log)))


if __name__ == "__main__":
    main()
