"""Memory of processes, as the kernel counts it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def peak_mb(pid: int | str = "self") -> float:
    """Largest resident size a process ever had, in MB; 0 when it is gone or the system does not tell."""
    return _size_mb(pid, "VmHWM:")


@contextmanager
def sampled_mb(pid: int, every_s: float) -> Iterator[list[float]]:
    """The resident sizes of a process in MB while the block runs, one each `every_s` seconds."""
    sizes: list[float] = []
    done = threading.Event()

    def sample() -> None:
        while not done.wait(every_s):
            sizes.append(round(_size_mb(pid, "VmRSS:")))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield sizes
    finally:
        done.set()
        thread.join()


def _size_mb(pid: int | str, name: str) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    sizes = [line.split()[1] for line in status.splitlines() if line.startswith(name)]
    return int(sizes[0]) / 1024 if sizes else 0.0
