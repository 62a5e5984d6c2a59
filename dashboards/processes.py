"""Commands of this program, each in a process of its own: the dashboard writes no events, no edges."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from clicktrail.settings import PREFIX, Settings
from clicktrail.supervise import SUPERVISED

PROGRAM = (sys.executable, "-m", "clicktrail")


@dataclass(frozen=True)
class Ended:
    """What a command printed with --json, or its one line when it could not."""

    document: dict[str, Any] | None = None
    error: str = ""


def run(command: Sequence[str], given: Mapping[str, str], timeout_s: float | None = None) -> Ended:
    """Run it to its end; one that takes longer than `timeout_s` is ended and says so."""
    reading, writing = os.pipe()  # while its other end is open, the child knows that we live
    try:
        done = subprocess.run(
            list(command),
            env=dict(given),
            stdin=reading,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )
        return _ended(done)
    except subprocess.TimeoutExpired:
        return Ended(error=f"it took longer than {timeout_s:.0f} s and was stopped")
    except (OSError, ValueError) as error:
        return Ended(error=str(error)[:500])
    finally:
        os.close(reading)
        os.close(writing)


def _ended(done: subprocess.CompletedProcess[str]) -> Ended:
    if done.returncode == 0:
        return Ended(json.loads(done.stdout))
    lines = done.stderr.strip().splitlines()
    return Ended(error=lines[-1][:500] if lines else f"it ended with {done.returncode}")


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment with the settings of the dashboard."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
    given = {f"{PREFIX}{f.name.upper()}": str(getattr(settings, f.name)) for f in fields(settings)}
    return kept | given | {SUPERVISED: "1"}
