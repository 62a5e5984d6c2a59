"""What a command prints: one JSON document with --json, else a table people can read."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
Progress = Callable[[int, str], None]
"""Told (units done so far, remark)."""


def silent(_done: int, _remark: str) -> None:
    """Progress for nobody."""


def json_option(command: Command) -> Command:
    """Adds --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def print_result(value: Any, as_json: bool) -> None:
    """Print a mapping, or a list of mappings."""
    click.echo(to_json(value) if as_json else to_text(value))


def to_json(value: Any) -> str:
    """JSON with instants as ISO 8601 and money as text; what is no number (nan, inf) as null."""
    return json.dumps(_sound(value), default=_plain, ensure_ascii=False, allow_nan=False)


def _sound(value: Any) -> Any:
    """The value with what JSON cannot say replaced: odd floats and keys."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else str(key): _sound(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_sound(item) for item in value]
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value)


def to_text(value: Any, indent: str = "") -> str:
    """Scalars as `name  value`, lists of records as tables under their name."""
    if isinstance(value, Mapping):
        return "\n".join(_mapping_lines(value, indent))
    if isinstance(value, Sequence) and value and isinstance(value[0], Mapping):
        return _table(value, indent)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return indent + (", ".join(_cell(item) for item in value) or "none")
    return indent + _cell(value)


def _mapping_lines(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    width = max((len(str(key)) for key in value), default=0)
    for key, item in value.items():
        if isinstance(item, Mapping) or (isinstance(item, list | tuple) and item):
            yield f"{indent}{key}:"
            yield to_text(item, indent + "  ")
        else:
            yield f"{indent}{key!s:<{width}}  {_cell(item)}"


def _table(rows: Sequence[Mapping[str, Any]], indent: str) -> str:
    names = list(rows[0])
    cells = [names, *([_cell(row.get(name)) for name in names] for row in rows)]
    widths = [min(48, max(len(line[at]) for line in cells)) for at in range(len(names))]
    return "\n".join(
        indent
        + "  ".join(
            f"{_cut(text, width):<{width}}" for text, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in cells
    )


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _cell(value: Any) -> str:
    if value is None or value in ([], ()):
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, list | tuple) and not any(
        isinstance(item, Mapping | list | tuple) for item in value
    ):
        return ", ".join(_cell(item) for item in value)
    text = (
        value
        if isinstance(value, str)
        else to_json(value)
        if isinstance(value, dict | list)
        else str(value if not isinstance(value, bytes | datetime) else _plain(value))
    )
    return text.replace("\n", " ")


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Progress]:
    """A bar on standard error while a terminal looks on."""
    if not sys.stderr.isatty():
        yield silent
        return
    with click.progressbar(
        length=total or 0,
        label=label,
        file=sys.stderr,
        show_pos=False,
        item_show_func=lambda text: text or "",
    ) as bar:

        def show(done: int, remark: str) -> None:
            bar.update(max(0, done - bar.pos), remark)
            bar.render_progress()  # a new remark alone does not move the bar

        yield show
