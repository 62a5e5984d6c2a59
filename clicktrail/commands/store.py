"""`clicktrail store`: the process that owns the tables."""

from __future__ import annotations

import click

from clicktrail.settings import Settings


@click.group()
def command() -> None:
    """The embedded store (with CLICKTRAIL_STORE_URL set, nobody needs it)."""


@command.command()
@click.pass_obj
def serve(settings: Settings) -> None:
    """Own the tables of the data folder and speak the ClickHouse native protocol until a signal."""
    from store.tables.embedded.process import serve as serve_store  # noqa: PLC0415 - only this process needs it

    serve_store(
        settings.data,
        port=settings.store_port or None,
        memory=settings.store_memory,
        reader_seconds=settings.query_seconds,
    )
