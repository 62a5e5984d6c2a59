"""`clicktrail bench`: the benchmarks of a checkout."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import click

from clicktrail.errors import ConfigError


@click.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Measure beside rivals on data made here; ARGUMENTS go to `python -m bench`."""
    if importlib.util.find_spec("bench") is None:
        raise ConfigError("the benchmarks are not installed with the program: run this in a checkout")
    sys.exit(subprocess.run([sys.executable, "-m", "bench", *arguments], check=False).returncode)
