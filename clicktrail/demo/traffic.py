"""Live traffic of the simulated shop, through the real collector over HTTP."""

from __future__ import annotations

import heapq
import http.client
import logging
import secrets
import threading
import time
from collections import deque
from itertools import count
from random import Random

from clicktrail.demo.people import Crowd, Person, Visit, newcomer_source, regular_source
from clicktrail.demo.shop import SEED, VISITORS_PER_DAY
from clicktrail.demo.visits import visit_events
from clicktrail.demo.walk import NativeEvent
from clicktrail.demo.wire import Outgoing, requests
from clicktrail.settings import Settings

_logger = logging.getLogger(__name__)
_EVENTS_A_VISIT = 7.5
_BEFORE_MS = 300_000  # people who came up to five minutes ago are still on the pages
_TICK_S = 0.2
_TIMEOUT_S = 10.0
_PAUSE_S = 0.5
_MAX_WAITING = 20_000
_ANY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (read, not bound)


def run(settings: Settings, stop: threading.Event, rate: float = 3.0, seed: int | None = None) -> None:
    """Send about `rate` events a second to the collector of these settings until `stop` is set.

    While the collector is away, requests wait and are sent when it is back.
    """
    host = _ANY_ADDRESS.get(settings.collect_host, settings.collect_host)
    rng = Random(secrets.randbits(64) if seed is None else seed)  # noqa: S311 (a simulation)
    shop = LiveShop(rng, rate, _now_ms())
    sender = Sender(host, settings.collect_port)
    try:
        while not stop.is_set():
            for visit, events in shop.due(_now_ms()):
                sender.add(requests(visit, events))
            reached = sender.send(stop)
            stop.wait(_TICK_S if reached else _PAUSE_S)
    finally:
        sender.close()


class LiveShop:
    """Visits that start at random and go on in real time; some by people whom the history knows."""

    def __init__(self, rng: Random, rate: float, now: int) -> None:
        self._rng = rng
        self._begin = now
        self._ms_between_visits = 1000 * _EVENTS_A_VISIT / rate
        self._next_visit = float(now - _BEFORE_MS)
        self._strangers = Crowd(rng, first_number=now // 1000)
        known = Crowd(Random(SEED)).residents(VISITORS_PER_DAY)  # noqa: S311 (a simulation)
        self._regulars = [person for person in known if person.kind == "regular"]
        self._wap = [person for person in known if person.kind == "wap"]
        self._turn = count()
        self._waiting: list[tuple[int, int, Visit, NativeEvent]] = []

    def due(self, now: int) -> list[tuple[Visit, list[NativeEvent]]]:
        """What happened until `now` (ms since 1970) and was not handed out yet, visit by visit."""
        while self._next_visit <= now:
            self._arrive(int(self._next_visit))
            self._next_visit += self._rng.expovariate(1 / self._ms_between_visits)
        happened: dict[int, tuple[Visit, list[NativeEvent]]] = {}
        while self._waiting and self._waiting[0][0] <= now:
            _, _, visit, event = heapq.heappop(self._waiting)
            happened.setdefault(id(visit), (visit, []))[1].append(event)
        return list(happened.values())

    def _arrive(self, at: int) -> None:
        person, source = self._somebody()
        visit = Visit(at, person, self._rng.randrange(len(person.devices)), source)
        for event in visit_events(visit, self._rng, self._order_id, leaks=True):
            if event["event_time"] >= self._begin:
                heapq.heappush(self._waiting, (event["event_time"], next(self._turn), visit, event))

    def _somebody(self) -> tuple[Person, str]:
        rng = self._rng
        kind = rng.choices(("newcomer", "paid", "daily", "regular", "wap", "crawler"), (40, 8, 8, 32, 9, 3))[
            0
        ]
        if kind == "regular":
            return rng.choice(self._regulars), regular_source(rng)
        if kind == "wap":
            return rng.choice(self._wap), "direct"
        if kind == "crawler":
            return self._strangers.crawler(), "direct"
        if kind == "paid":
            return self._strangers.person("newcomer"), "paid"
        return self._strangers.person(kind), newcomer_source(rng)

    def _order_id(self) -> str:
        return f"LB-{self._begin // 1000}-{next(self._turn)}"


class Sender:
    """Sends requests in order over one connection and keeps those that could not be delivered."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
        self._waiting: deque[Outgoing] = deque(maxlen=_MAX_WAITING)
        self._away = False
        self._refused: set[str] = set()

    def add(self, outgoing: list[Outgoing]) -> None:
        """Queue requests; the oldest give way when very many wait."""
        self._waiting.extend(outgoing)

    def send(self, stop: threading.Event) -> bool:
        """Send what waits; False when the collector is away or overloaded and the rest has to wait."""
        while self._waiting and not stop.is_set():
            if not self._deliver(self._waiting[0]):
                return False
            self._waiting.popleft()
        return True

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _deliver(self, outgoing: Outgoing) -> bool:
        """True when the request needs no further try."""
        sent = False
        try:
            if self._connection.sock is None:
                self._connection.connect()
            sent = True
            self._connection.request(
                outgoing.method, outgoing.target, outgoing.body(_now_ms()) or None, dict(outgoing.headers)
            )
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self._note_away(str(error))
            # an image that may have arrived is not fetched again: it would count twice
            return sent and not outgoing.events
        if answer.status >= 500:
            self._note_away(f"status {answer.status}")
            return False
        path = outgoing.target.partition("?")[0]
        if answer.status >= 400 and path not in self._refused:
            self._refused.add(path)
            _logger.warning("the collector refuses %s %s: %d", outgoing.method, path, answer.status)
        self._away = False
        return True

    def _note_away(self, why: str) -> None:
        if not self._away:
            _logger.info("the collector is away, requests wait: %s", why)
        self._away = True


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
