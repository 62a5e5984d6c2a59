"""One replay of failed events at a time, in a process of its own: the dashboard writes no events."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from clicktrail.settings import Settings
from dashboards.processes import PROGRAM, environment, run

COMMAND = (*PROGRAM, "failed", "replay", "--unclaimed", "--json")


@dataclass(frozen=True)
class Replay:
    """One run of the command, under way or ended."""

    site_id: str
    dry_run: bool
    counts: dict[str, Any] | None = None  # what it printed
    error: str = ""  # its one line, when it could not

    @property
    def running(self) -> bool:
        """Whether it is under way."""
        return self.counts is None and not self.error


class Replays:
    """Starts a replay and remembers the last one."""

    def __init__(self, settings: Settings, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._environment = environment(settings)
        self._lock = threading.Lock()
        self._last: Replay | None = None

    def last(self) -> Replay | None:
        """The one under way, else the one that ended last."""
        return self._last

    def start(self, site_id: str, *, dry_run: bool) -> bool:
        """Start one; False while another is under way."""
        with self._lock:
            if self._last is not None and self._last.running:
                return False
            self._last = Replay(site_id, dry_run)
        threading.Thread(target=self._run, args=(self._last,), name="replay", daemon=True).start()
        return True

    def _run(self, one: Replay) -> None:
        more = ["--site", one.site_id, *(["--dry-run"] if one.dry_run else [])]
        ended = run([*self._command, *more], self._environment)
        self._last = replace(one, counts=ended.document, error=ended.error)
