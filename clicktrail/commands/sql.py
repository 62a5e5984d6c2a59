"""`clicktrail sql`: a read-only query."""

from __future__ import annotations

import click

from clicktrail.output import json_option, print_result
from clicktrail.settings import Settings
from clicktrail.tables import tables


@click.command()
@click.argument("query")
@json_option
@click.pass_obj
def command(settings: Settings, query: str, as_json: bool) -> None:
    """Run QUERY as a reader: no writes, files or addresses."""
    with tables(settings, "reader") as store:
        rows = store.rows(query)
    print_result(rows, as_json)
