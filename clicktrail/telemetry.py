"""Counters of one process, shown as Prometheus text. Values are added from any thread."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TypeVar

Labels = tuple[str, ...]
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of the buckets of a duration."""


class Counter:
    """A number that only grows, one for each combination of label values."""

    def __init__(self, name: str, help: str, labels: Labels = ()) -> None:
        self.name, self.help, self.labels = name, help, labels
        self._lock = threading.Lock()
        self._values: dict[Labels, float] = {} if labels else {(): 0}

    def add(self, amount: float = 1, *values: str) -> None:
        """Add to the counter of these label values (in the order of `labels`)."""
        with self._lock:
            self._values[values] = self._values.get(values, 0) + amount

    def value(self, *values: str) -> float:
        """What has been added so far; 0 for label values never seen."""
        return self._values.get(values, 0)

    def lines(self) -> list[str]:
        """The counter as lines of Prometheus text."""
        with self._lock:
            values = sorted(self._values.items())
        return [
            *_head(self.name, self.help, "counter"),
            *(_line(self.name, self.labels, v, n) for v, n in values),
        ]


class Gauge:
    """A number asked for when it is shown."""

    def __init__(self, name: str, help: str, read: Callable[[], float]) -> None:
        self.name, self.help, self._read = name, help, read

    def lines(self) -> list[str]:
        """The gauge as lines of Prometheus text."""
        return [*_head(self.name, self.help, "gauge"), _line(self.name, (), (), self._read())]


class Histogram:
    """How often a duration fell under each bound, their sum and number."""

    def __init__(self, name: str, help: str, bounds: Sequence[float] = SECONDS) -> None:
        self.name, self.help, self._bounds = name, help, tuple(bounds)
        self._lock = threading.Lock()
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        with self._lock:
            self._counts[bisect_left(self._bounds, value)] += 1
            self._sum += value

    def lines(self) -> list[str]:
        """The histogram as lines of Prometheus text, buckets cumulative."""
        with self._lock:
            counts, total = list(self._counts), self._sum
        shown = _head(self.name, self.help, "histogram")
        running = 0
        for bound, count in zip((*map(_number, self._bounds), "+Inf"), counts, strict=True):
            running += count
            shown.append(_line(f"{self.name}_bucket", ("le",), (bound,), running))
        return [
            *shown,
            _line(f"{self.name}_sum", (), (), total),
            _line(f"{self.name}_count", (), (), running),
        ]


_One = TypeVar("_One", Counter, Gauge, Histogram)


class Registry:
    """The counters of a process under `clicktrail_…` names, in the order they were made."""

    def __init__(self, prefix: str = "clicktrail_") -> None:
        self._prefix = prefix
        self._all: list[Counter | Gauge | Histogram] = []

    def counter(self, name: str, help: str, *labels: str) -> Counter:
        """A new counter; `name` ends in `_total`."""
        return self._add(Counter(self._prefix + name, help, labels))

    def gauge(self, name: str, help: str, read: Callable[[], float]) -> Gauge:
        """A new gauge; `read` is called each time it is shown."""
        return self._add(Gauge(self._prefix + name, help, read))

    def histogram(self, name: str, help: str, bounds: Sequence[float] = SECONDS) -> Histogram:
        """A new histogram; `name` says the unit."""
        return self._add(Histogram(self._prefix + name, help, bounds))

    def render(self) -> str:
        """All of them in the Prometheus text format 0.0.4."""
        return "".join(line + "\n" for one in self._all for line in one.lines())

    def _add(self, one: _One) -> _One:
        self._all.append(one)
        return one


def _head(name: str, help: str, kind: str) -> list[str]:
    return [f"# HELP {name} {help}", f"# TYPE {name} {kind}"]


def _line(name: str, labels: Sequence[str], values: Sequence[str], number: float) -> str:
    pairs = ",".join(f'{label}="{_escaped(value)}"' for label, value in zip(labels, values, strict=True))
    return f"{name}{{{pairs}}} {_number(number)}" if pairs else f"{name} {_number(number)}"


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
