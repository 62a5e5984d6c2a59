"""`clicktrail run`: the pipeline."""

from __future__ import annotations

import threading
from dataclasses import asdict

import click

from clicktrail.output import json_option, print_result
from clicktrail.settings import Settings
from clicktrail.supervise import stop_on_signals


@click.command()
@click.option(
    "--runner",
    type=click.Choice(["live", "batch"]),
    default="live",
    show_default=True,
    help="live: short runs again and again; batch: large ones.",
)
@click.option("--once", is_flag=True, help="Drain the log and stop.")
@json_option
@click.pass_obj
def command(settings: Settings, runner: str, once: bool, as_json: bool) -> None:
    """Log → events and sessions in the store; `batch` is `live --once` with large runs."""
    from pipelines.live import run_live  # noqa: PLC0415 - loads Beam

    stop = threading.Event()
    with stop_on_signals(stop.set):
        written = run_live(settings, once=once or runner == "batch", large=runner == "batch", stop=stop)
    if once or as_json:
        print_result(asdict(written), as_json)
