"""The tables, as numbered statements that only go forward."""

from __future__ import annotations

from importlib.resources import files


def migrations() -> list[tuple[str, list[str]]]:
    """(name, statements) of every migration, in order."""
    folder = files(__name__)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(name[:-4], _statements((folder / name).read_text(encoding="utf-8"))) for name in names]


def _statements(text: str) -> list[str]:
    lines = (line for line in text.splitlines() if not line.startswith("--"))
    return [statement.strip() for statement in "\n".join(lines).split(";\n") if statement.strip(" ;\n")]
