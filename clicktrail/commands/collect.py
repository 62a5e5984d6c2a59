"""`clicktrail collect`: the HTTP edge."""

from __future__ import annotations

import click

from clicktrail.settings import Settings


@click.command()
@click.pass_obj
def command(settings: Settings) -> None:
    """Take events over HTTP and append them to the log; answered only when they are on disk."""
    from ingest.collector.serve import serve  # noqa: PLC0415 - loads the HTTP server

    serve(settings)
