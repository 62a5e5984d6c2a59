"""The history of a simulated shop: months of native events with stories in them, one history a seed.

Stories to find: the rhythm of day and week · a newsletter that sells · a paid campaign that bounces · the
travel kettle's page that lost its phone buyers three weeks ago · searches for goods the shop does not sell ·
loyal customers who fell silent after late parcels · WAP visitors of two countries · refunds · people on two
devices.
"""

from __future__ import annotations

import gzip
import heapq
import io
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from random import Random

import msgspec

from clicktrail.demo.aftermath import after_order, letters
from clicktrail.demo.people import DAY_MS, Crowd, Population, Visit
from clicktrail.demo.visits import visit_events
from clicktrail.demo.walk import NativeEvent

DAYS = 90
VISITORS_PER_DAY = 140
SEED = 1
LEAK_DAYS = 21
FIRST_ORDER = 100_001


def history(
    end: datetime, days: int = DAYS, visitors_per_day: int = VISITORS_PER_DAY, seed: int = SEED
) -> Iterator[NativeEvent]:
    """Native events of `days` days before `end`, in the order of event_time; at the default about 235,000.

    `visitors_per_day` scales everything: newcomers a day, and with them regulars, WAP users and orders.
    """
    finish = int(end.timestamp() * 1000)
    begin = finish - days * DAY_MS
    crowd, rng = Crowd(Random(seed)), Random(seed + 1_000_000)  # noqa: S311 (a simulation)
    visits: list[Visit] = []
    streams: list[Iterator[NativeEvent]] = []
    for person, theirs in Population(crowd, rng, begin, finish, visitors_per_day).people():
        visits += theirs
        if person.subscribed:
            streams.append(iter(letters(person, theirs, begin, finish, rng)))
    visits = sorted((v for v in visits if begin <= v.at < finish), key=lambda v: (v.at, v.person.number))
    streams.append(_visits(visits, rng, finish - LEAK_DAYS * DAY_MS))
    for event in heapq.merge(*streams, key=_event_time):
        if event["event_time"] >= finish:
            return
        yield event


def write_history(
    path: Path,
    end: datetime,
    days: int = DAYS,
    visitors_per_day: int = VISITORS_PER_DAY,
    seed: int = SEED,
) -> int:
    """Write the history as NDJSON, zipped when the name ends in .gz; how many events."""
    encode = msgspec.json.Encoder().encode
    written = 0
    with _opened(path) as file:
        for event in history(end, days, visitors_per_day, seed):
            file.write(encode(event) + b"\n")
            written += 1
    return written


def _opened(path: Path) -> io.BufferedIOBase:
    # mtime=0: the same history is the same file
    return gzip.GzipFile(path, "wb", compresslevel=1, mtime=0) if path.suffix == ".gz" else path.open("wb")


def _visits(visits: list[Visit], rng: Random, leaks_from: int) -> Iterator[NativeEvent]:
    """Events of visits that overlap, in the order of time: what starts later waits until its turn."""
    waiting: list[tuple[int, int, NativeEvent]] = []
    turn = count()
    next_order = _order_ids()
    for visit in visits:
        while waiting and waiting[0][0] <= visit.at:
            yield heapq.heappop(waiting)[2]
        events = visit_events(visit, rng, next_order, visit.at >= leaks_from)
        orders = [event for event in events if event["event_type"] == "order"]
        events += [later for order in orders for later in after_order(order, visit.person, rng)]
        for event in events:
            heapq.heappush(waiting, (event["event_time"], next(turn), event))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _order_ids() -> Callable[[], str]:
    numbers = count(FIRST_ORDER)
    return lambda: f"LB-{next(numbers)}"


def _event_time(event: NativeEvent) -> int:
    return int(event["event_time"])
