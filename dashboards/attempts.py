"""How often somebody may try to log in: so many times by address and by name in a while."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from dashboards.hosts import network

PER_NAME, PER_ADDRESS, WHILE_S = 10, 30, 900.0
_KEPT = 20_000  # names and addresses; the longest unused go first


class Attempts:
    """Counts in memory; a restart forgets them. Whether a name exists makes no difference."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, address: str, name: str) -> float:
        """Count an attempt before it is looked at: 0, or the seconds to wait when there were too many."""
        now = self._clock()
        with self._lock:
            limits = zip(self._of(address, name, now), (PER_ADDRESS, PER_NAME), strict=True)
            full = [times[0] + WHILE_S - now for times, most in limits if len(times) >= most]
            if not full:
                for times in self._of(address, name, now):
                    times.append(now)
            return max(full, default=0.0)

    def succeeded(self, address: str, name: str) -> None:
        """The last attempt was right: the name starts anew, and it does not count against the address."""
        with self._lock:
            of_address, of_name = self._of(address, name, self._clock())
            of_name.clear()
            if of_address:
                of_address.pop()

    def _of(self, address: str, name: str, now: float) -> tuple[deque[float], deque[float]]:
        return self._recent(f"address {network(address)}", now), self._recent(f"name {name[:64]}", now)

    def _recent(self, key: str, now: float) -> deque[float]:
        times = self._times.setdefault(key, deque())
        self._times.move_to_end(key)
        while times and times[0] <= now - WHILE_S:
            times.popleft()
        while len(self._times) > _KEPT:
            self._times.popitem(last=False)
        return times
