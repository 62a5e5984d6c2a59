"""`clicktrail bench`: the benchmarks of a checkout."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import click

from clicktrail.errors import ConfigError


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Measure beside rivals on data made here; ARGUMENTS as `python -m bench --help` lists them."""
    if importlib.util.find_spec("bench") is None:
        raise ConfigError("the benchmarks are not installed with the program: run this in a checkout")
    sys.exit(subprocess.run([sys.executable, "-m", "bench", *arguments], check=False).returncode)
