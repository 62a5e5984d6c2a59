"""The files by which processes find the store of a data folder: lock, address, passwords."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StoreAddress:
    """Where the store listens and the passwords of its users `writer` and `reader`."""

    host: str
    port: int
    writer_password: str
    reader_password: str


@dataclass(frozen=True)
class StoreFiles:
    """Paths inside one data folder."""

    data: Path

    @property
    def folder(self) -> Path:
        """Everything of the store."""
        return self.data / "store"

    @property
    def lock(self) -> Path:
        """Held by the process that owns the tables."""
        return self.folder / "lock"

    @property
    def address(self) -> Path:
        """Host, port and process id, once the store listens."""
        return self.folder / "address.json"

    @property
    def credentials(self) -> Path:
        """Passwords of the two users."""
        return self.folder / "credentials.json"

    @property
    def log(self) -> Path:
        """Output of a store that was started in the background."""
        return self.folder / "store.log"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the command that supervises this data folder."""
        return self.data / "supervisor.lock"


@contextmanager
def held_lock(path: Path) -> Iterator[bool]:
    """Hold an exclusive lock for the block; yields False if another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _try_lock(descriptor)
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Whether another process holds this lock."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # A shared attempt: two askers at once must not see each other.
        return not _try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_json(path: Path, value: dict[str, object]) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_address(files: StoreFiles) -> StoreAddress | None:
    """The address on file; None if there is none (yet)."""
    try:
        address = json.loads(files.address.read_text())
        passwords = json.loads(files.credentials.read_text())
        return StoreAddress(
            str(address["host"]), int(address["port"]), str(passwords["writer"]), str(passwords["reader"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def ensure_passwords(files: StoreFiles) -> dict[str, str]:
    """The passwords by user; random ones are written on the first start."""
    try:
        found = json.loads(files.credentials.read_text())
        return {"writer": str(found["writer"]), "reader": str(found["reader"])}
    except (OSError, ValueError, KeyError, TypeError):
        made = {"writer": secrets.token_urlsafe(24), "reader": secrets.token_urlsafe(24)}
        write_json(files.credentials, dict(made))
        return made
