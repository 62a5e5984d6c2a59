"""`clicktrail up`: all parts together, watched and restarted."""

from __future__ import annotations

import click

from clicktrail.errors import ConfigError
from clicktrail.settings import Settings
from clicktrail.supervise import Child, Supervisor
from store.tables.embedded.files import StoreFiles, held_lock


def parts(settings: Settings) -> list[Child]:
    """The parts of a whole installation; the store is one of them unless a server is named."""
    children = [
        Child("collector", ["collect"], wave=2),
        Child("pipeline", ["run"], wave=1),
        Child("dashboard", ["dashboard"], wave=1),
        Child("scores", ["score", "--every", "1d"], wave=1),
    ]
    return children if settings.store_url else [Child("store", ["store", "serve"]), *children]


def supervise(settings: Settings, children: list[Child]) -> None:
    """Hold the data folder and run the children until a signal; ConfigError if another command holds it."""
    with held_lock(StoreFiles(settings.data.resolve()).supervisor_lock) as mine:
        if not mine:
            raise ConfigError(
                f"{settings.data.resolve()} is supervised by another `clicktrail up` or `demo`; "
                "stop it, or set CLICKTRAIL_DATA to another folder"
            )
        Supervisor(children).run()


@click.command()
@click.pass_obj
def command(settings: Settings) -> None:
    """Collector, live pipeline, store and dashboard in one process group, until Ctrl-C."""
    supervise(settings, parts(settings))
