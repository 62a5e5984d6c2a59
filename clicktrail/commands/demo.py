"""`clicktrail demo`: a simulated shop on the real path."""

from __future__ import annotations

import click

from clicktrail.commands.up import parts, supervise
from clicktrail.settings import Settings
from clicktrail.supervise import Child


@click.command()
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 400), help="Days of history.")
@click.option("--rate", default=3.0, show_default=True, help="Live events a second.")
@click.pass_obj
def command(settings: Settings, days: int, rate: float) -> None:
    """A simulated shop: history by import, then live traffic through the collector, until Ctrl-C."""
    address = f"http://{settings.dashboard_host}:{settings.dashboard_port}"
    click.echo(f"The shop opens at {address}/?site=demo; its history appears within a minute.", err=True)
    shop = Child("shop", ["demo-shop", "--days", str(days), "--rate", str(rate)], wave=3)
    supervise(settings, [*parts(settings), shop])
