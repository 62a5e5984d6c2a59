"""The demo's own part: history once, then live traffic. Started by `clicktrail demo`."""

from __future__ import annotations

import threading
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from clicktrail.commands.score import score_sites
from clicktrail.commands.site import save
from clicktrail.demo.shop import write_history
from clicktrail.demo.traffic import run
from clicktrail.settings import Settings
from clicktrail.supervise import stop_on_signals
from clicktrail.tables import tables
from schemas.objects import Site
from store import objects

SITE = Site(id="demo", domain="shop.example", timezone="Europe/Berlin", currency="EUR")


@click.command(hidden=True)
@click.option("--days", type=int, default=90)
@click.option("--rate", type=float, default=3.0)
@click.pass_obj
def command(settings: Settings, days: int, rate: float) -> None:
    """Send the shop's history through the import and its live traffic through the collector."""
    stop = threading.Event()
    with stop_on_signals(stop.set):
        if _import_history(settings, days):
            score_sites(settings, SITE.id, {})
        run(settings, stop, rate)


def _import_history(settings: Settings, days: int) -> bool:
    """Once for a data folder; whether it was done now."""
    from pipelines.batch import import_files  # noqa: PLC0415 - loads Beam

    done = settings.data / "demo-history"
    with tables(settings) as store:
        if all(site.id != SITE.id for site in objects.sites(store)):
            save(store, settings, SITE)
    if done.exists():
        return False
    with TemporaryDirectory() as folder:
        path = Path(folder) / "history.ndjson"
        write_history(path, end=datetime.now(timezone.utc), days=days)
        result = import_files(settings, [path], SITE.id)
    click.echo(f"{result.events:,} events of {days} days in {result.seconds:.0f} s", err=True)
    done.touch()
    return True
