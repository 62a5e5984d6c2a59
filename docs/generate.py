"""Write docs/reference from the code: `python -m docs.generate` (make docs)."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import click

from clicktrail.cli import COMMANDS
from clicktrail.settings import PREFIX, Settings
from dashboards.i18n import words
from docs.words import OPTIONS, REPORTS
from schemas.arrow import RECORDS
from schemas.failed_event import Reason
from schemas.json_schema import json_schema

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by `make docs`; change the code or docs/words.py instead. -->\n\n"


def pages() -> dict[str, str]:
    """Path below docs/reference → text."""
    schemas = {f"schemas/{table}.json": _json(json_schema(record)) for table, record in RECORDS.items()}
    return {
        "settings.md": settings_page(),
        "commands.md": commands_page(),
        "reasons.md": reasons_page(),
        "reports.md": reports_page(),
        **schemas,
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def settings_page() -> str:
    """Every setting: variable, default, meaning."""
    rows = [
        (f"`{PREFIX}{field.name.upper()}`", _default(field.default), str(field.metadata["help"]))
        for field in fields(Settings)
    ]
    return (
        f"{NOTE}# Settings\n\n"
        "Settings are environment variables, read once at the start of a command. An empty value means the "
        "default. An unknown `CLICKTRAIL_…` name is an error that suggests the nearest one.\n\n"
        f"{_table(('variable', 'default', 'meaning'), rows)}\n"
        "Sizes take K, M or G. Examples: [minimal.env](../../examples/minimal.env), "
        "[full.env](../../examples/full.env).\n"
    )


def _default(value: object) -> str:
    if isinstance(value, int) and value >= 1 << 20:
        return f"`{value >> 30}G`" if value % (1 << 30) == 0 else f"`{value >> 20}M`"
    return f"`{value}`" if str(value) else ""


def commands_page() -> str:
    """Every command with its arguments and options."""
    parts = [
        f"{NOTE}# Commands\n\n"
        "`clicktrail [-v] COMMAND`. With `--json` a command prints one JSON document on standard output and "
        "nothing else. It ends with 0 (done), 1 (one line says what is wrong), 2 (it was called wrongly) "
        "or 130 (interrupted).\n"
    ]
    for name in sorted(COMMANDS):
        parts += _command_parts(f"clicktrail {name}", load(name))
    return "\n".join(parts)


def load(name: str) -> click.Command:
    """The command of a name of COMMANDS."""
    module = "import_" if name == "import" else name.replace("-", "_")
    command: click.Command = importlib.import_module(f"clicktrail.commands.{module}").command
    return command


def _command_parts(path: str, command: click.Command) -> Iterator[str]:
    words = [_argument(one) for one in command.params if isinstance(one, click.Argument)]
    rows = [_option(one) for one in command.params if isinstance(one, click.Option) and not one.hidden]
    options = f"\n{_table(('option', 'default', 'meaning'), rows)}" if rows else ""
    yield f"## `{' '.join([path, *words])}`\n\n{(command.help or '').strip()}\n{options}"
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _command_parts(f"{path} {name}", command.commands[name])


def _argument(argument: click.Argument) -> str:
    name = argument.metavar or str(argument.name).upper()
    return f"{name}..." if argument.nargs < 0 and not name.endswith("...") else name


def _option(option: click.Option) -> tuple[str, str, str]:
    long = option.opts[-1]
    value = ""
    if isinstance(option.type, click.Choice):
        value = " " + " \\| ".join(str(choice) for choice in option.type.choices)
    elif not option.is_flag:
        value = " " + (option.metavar or option.type.name.partition(" ")[0].upper())
    times = ", may be repeated" if option.multiple else ""
    need = "required" if option.required else _shown_default(option)
    return f"`{long}{value}`{times}", need, option.help or OPTIONS.get(long, "")


def _shown_default(option: click.Option) -> str:
    is_plain = isinstance(option.default, (str, int, float)) and not isinstance(option.default, bool)
    return f"`{option.default}`" if is_plain and option.default != "" else ""


def reasons_page() -> str:
    """Every reason of a failed event."""
    said = words("en")
    rows = [
        (f"`{reason.value}`", *(said[f"reason.{reason.value}.{what}"] for what in ("words", "do")))
        for reason in Reason
    ]
    return (
        f"{NOTE}# Why an event failed\n\n"
        "An event that cannot be taken is kept whole in `failed_events`, with the stage at which it failed "
        "and one of these reasons. `clicktrail failed list` shows them.\n\n"
        f"{_table(('reason', 'meaning', 'what to do'), rows)}"
    )


def reports_page() -> str:
    """Every report and the keys of its JSON document."""
    parts = [
        f"{NOTE}# Reports\n\n"
        "`clicktrail report NAME --site ID --json` prints what the page of the dashboard shows: same query, "
        "same numbers. Days are those of the site's zone, both ends inclusive; rates are shares from 0 to 1, "
        "null when there is nothing to divide by. What depends on the moment of asking stands under `meta`.\n"
    ]
    for name, keys in REPORTS.items():
        rows = [(f"`{key}`", words) for key, words in keys.items()]
        parts.append(f"## {name}\n\n{_table(('key', 'what it is'), rows)}")
    return "\n".join(parts)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Write every page; what is no longer generated is removed."""
    wanted = pages()
    for name, text in wanted.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in FOLDER.rglob("*.*"):
        if str(path.relative_to(FOLDER)) not in wanted:
            path.unlink()


if __name__ == "__main__":
    main()
