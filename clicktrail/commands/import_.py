"""`clicktrail import`: history from files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from clicktrail.output import json_option, print_result, progress
from clicktrail.settings import Settings


@click.command("import")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--site", "site_id", required=True, help="Id of the site.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["auto", "native", "combined"]),
    default="auto",
    help="native: events, one JSON object a line; combined: an access log; auto looks at the first lines.",
)
@json_option
@click.pass_obj
def command(settings: Settings, paths: tuple[Path, ...], site_id: str, format_: str, as_json: bool) -> None:
    """Bring FILEs (NDJSON events, access logs; gzip too; - is standard input) into a site."""
    from pipelines.batch import import_files  # noqa: PLC0415 - loads Beam

    size = sum(path.stat().st_size for path in paths if path.is_file())
    with progress("import", size) as show:
        result = import_files(settings, paths, site_id, format_, show)
    print_result(asdict(result), as_json)
