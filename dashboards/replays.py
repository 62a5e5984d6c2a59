"""One replay of failed events at a time, in a process of its own: the dashboard writes no events."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from clicktrail.settings import PREFIX, Settings
from clicktrail.supervise import SUPERVISED

COMMAND = (sys.executable, "-m", "clicktrail", "failed", "replay", "--unclaimed", "--json")


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
        self._environment = _environment(settings)
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
        reading, writing = os.pipe()  # while its other end is open, the child knows that we live
        try:
            done = subprocess.run(
                [*self._command, *more],
                env=self._environment,
                stdin=reading,
                capture_output=True,
                text=True,
                check=False,
            )
            ended = _ended(one, done)
        except (OSError, ValueError) as error:
            ended = replace(one, error=str(error)[:500])
        finally:
            os.close(reading)
            os.close(writing)
        self._last = ended


def _ended(one: Replay, done: subprocess.CompletedProcess[str]) -> Replay:
    if done.returncode == 0:
        return replace(one, counts=json.loads(done.stdout))
    lines = done.stderr.strip().splitlines()
    return replace(one, error=lines[-1][:500] if lines else f"it ended with {done.returncode}")


def _environment(settings: Settings) -> dict[str, str]:
    """This process's environment with the settings of the dashboard."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
    given = {f"{PREFIX}{f.name.upper()}": str(getattr(settings, f.name)) for f in fields(settings)}
    return kept | given | {SUPERVISED: "1"}
