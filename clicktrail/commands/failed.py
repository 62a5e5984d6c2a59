"""`clicktrail failed`: events that were refused."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files
from typing import Any

import click

from clicktrail.errors import ConfigError
from clicktrail.output import json_option, print_result
from clicktrail.settings import Settings
from clicktrail.tables import tables
from schemas.failed_event import Reason

_reason_option = click.option(
    "--reason",
    type=click.Choice([reason.value for reason in Reason]),
    callback=lambda _context, _option, value: value or "",
    help="Only this reason.",
)


@click.group()
def command() -> None:
    """Events that were refused, with the reason and their bytes; and trying them again."""


@command.command("list")
@click.option("--site", "site_id", default="", help="Only this site.")
@_reason_option
@click.option("--id", "failed_id", default="", help="Only this failed event.")
@click.option("--limit", help="Most rows.", default=100, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@click.pass_obj
def list_(settings: Settings, /, as_json: bool, **wanted: object) -> None:
    """The newest failed events."""
    print_result(_rows(settings, "failed_list", **wanted), as_json)


@command.command()
@click.argument("failed_id")
@json_option
@click.pass_obj
def show(settings: Settings, failed_id: str, as_json: bool) -> None:
    """One failed event with its original bytes."""
    rows = _rows(settings, "failed_show", failed_id=failed_id)
    if not rows:
        raise _unknown(failed_id)
    history = json.loads(str(rows[0]["history"]) or "[]")
    print_result({**rows[0], "history": history}, as_json)


@command.command()
@click.option("--site", "site_id", default="", help="Only this site: its id, its domain and its keys.")
@click.option("--unclaimed", is_flag=True, help="With --site: also what names no site that is known.")
@_reason_option
@click.option("--id", "failed_id", default="", help="Only this failed event.")
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would become of them.")
@json_option
@click.pass_obj
def replay(settings: Settings, /, dry_run: bool, as_json: bool, **wanted: Any) -> None:
    """Try failed events again, under the decoders and sites of today.

    What becomes an event is no failed event any more; what fails again counts one attempt more. Running it
    again changes nothing else.
    """
    from pipelines.failed_rows import Wanted  # noqa: PLC0415 - loads Beam
    from pipelines.replay import replay as run  # noqa: PLC0415

    result = run(settings, Wanted(**wanted), dry_run=dry_run)
    if wanted["failed_id"] and not result.read:
        raise _unknown(wanted["failed_id"])
    print_result(asdict(result), as_json)


def _unknown(failed_id: str) -> ConfigError:
    return ConfigError(f"no failed event {failed_id}; `clicktrail failed list` shows their ids")


def _rows(settings: Settings, name: str, **parameters: object) -> list[dict[str, object]]:
    sql = (files("clicktrail.commands") / f"{name}.sql").read_text(encoding="utf-8")
    with tables(settings) as store:
        return store.rows(sql, **parameters)
