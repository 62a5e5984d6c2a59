"""How far a rebuild came, durably: what a killed one left is finished or gone on with from here."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from clicktrail.errors import InputError
from store.durable import write_durably

Value = str | int | bool
Phase = Literal["build", "swap"]


class Journal(msgspec.Struct, frozen=True):
    """One rebuild under way. `build`: tables are as before; `swap`: the tables are being exchanged."""

    id: str  # also the comment of the table that takes the place of `sessions`
    site_id: str
    changes: dict[str, Value]  # fields of the site that will be other
    slices: int
    since: int  # the shadow lacks nothing older than this version of events
    layout: str  # columns of the tables the shadow was made for
    done: int = 0  # slices built
    phase: Phase = "build"


def journal_file(data: Path) -> Path:
    """Where the journal of a data folder lies."""
    return data.resolve() / "rebuild" / "journal.json"


def read_journal(data: Path) -> Journal | None:
    """The rebuild under way, None if there is none. Raises InputError for a damaged file."""
    path = journal_file(data)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Journal)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise InputError(f"{path} holds no journal of a rebuild: {error}") from error


def write_journal(data: Path, journal: Journal) -> None:
    """Make it durable."""
    path = journal_file(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, msgspec.json.encode(journal))


def remove_journal(data: Path) -> None:
    """Nothing is under way any more."""
    journal_file(data).unlink(missing_ok=True)
