"""How far a rebuild came, durably: what a killed one left is finished or gone on with from here."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from clicktrail.errors import InputError
from store.durable import write_durably

Value = str | int | bool
Phase = Literal["build", "swap"]
Kind = TypeVar("Kind", "Journal", "DecodeJournal")


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


class DecodeJournal(msgspec.Struct, frozen=True):
    """Decoding the log again, under way."""

    id: str
    site_id: str
    at: dict[int, int]  # by partition: where the next block starts
    number: int = 1  # of the pass
    changed: bool = False  # this pass changed an event


def journal_file(data: Path) -> Path:
    """Where the journal of a data folder lies."""
    return data.resolve() / "rebuild" / "journal.json"


def read_journal(data: Path) -> Journal | None:
    """The rebuild under way, None if there is none. Raises InputError for a damaged file."""
    return _read(journal_file(data), Journal)


def write_journal(data: Path, journal: Journal) -> None:
    """Make it durable."""
    _write(journal_file(data), journal)


def remove_journal(data: Path) -> None:
    """Nothing is under way any more."""
    journal_file(data).unlink(missing_ok=True)


def read_decode_journal(data: Path) -> DecodeJournal | None:
    """The same for decoding again."""
    return _read(_decode_file(data), DecodeJournal)


def write_decode_journal(data: Path, journal: DecodeJournal) -> None:
    """The same for decoding again."""
    _write(_decode_file(data), journal)


def remove_decode_journal(data: Path) -> None:
    """The same for decoding again."""
    _decode_file(data).unlink(missing_ok=True)


def _decode_file(data: Path) -> Path:
    return journal_file(data).with_name("decode.json")


def _read(path: Path, kind: type[Kind]) -> Kind | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise InputError(f"{path} holds no journal of a rebuild: {error}") from error


def _write(path: Path, journal: msgspec.Struct) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, msgspec.json.encode(journal))
