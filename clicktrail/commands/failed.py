"""`clicktrail failed`: events that were refused."""

from __future__ import annotations

from importlib.resources import files

import click

from clicktrail.errors import ConfigError
from clicktrail.output import json_option, print_result
from clicktrail.settings import Settings
from clicktrail.tables import tables


@click.group()
def command() -> None:
    """Events that were refused, with the reason and their bytes."""


@command.command("list")
@click.option("--site", "site_id", default="", help="Only this site.")
@click.option("--reason", default="", help="Only this reason.")
@click.option("--limit", help="Most rows.", default=100, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@click.pass_obj
def list_(settings: Settings, site_id: str, reason: str, limit: int, as_json: bool) -> None:
    """The newest failed events."""
    rows = _rows(settings, "failed_list", site_id=site_id, reason=reason, limit=limit)
    print_result(rows, as_json)


@command.command()
@click.argument("failed_id")
@json_option
@click.pass_obj
def show(settings: Settings, failed_id: str, as_json: bool) -> None:
    """One failed event with its original bytes."""
    rows = _rows(settings, "failed_show", failed_id=failed_id)
    if not rows:
        raise ConfigError(f"no failed event {failed_id}; `clicktrail failed list` shows their ids")
    print_result(rows[0], as_json)


def _rows(settings: Settings, name: str, **parameters: object) -> list[dict[str, object]]:
    sql = (files("clicktrail.commands") / f"{name}.sql").read_text(encoding="utf-8")
    with tables(settings) as store:
        return store.rows(sql, **parameters)
