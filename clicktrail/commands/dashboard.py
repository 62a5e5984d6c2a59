"""`clicktrail dashboard`: the pages."""

from __future__ import annotations

import click

from clicktrail.settings import Settings


@click.command()
@click.pass_obj
def command(settings: Settings) -> None:
    """Show the pages until a signal."""
    from dashboards.serve import serve  # noqa: PLC0415 - loads Dash

    serve(settings)
