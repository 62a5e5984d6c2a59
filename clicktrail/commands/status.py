"""`clicktrail status`: how far the log, the pipeline and the store are."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from importlib.resources import files
from typing import Any

import click

from clicktrail.errors import ClicktrailError
from clicktrail.output import json_option, print_result
from clicktrail.settings import Settings, masked
from store.log import open_log
from store.log.base import PIPELINE, Log
from store.tables.client import open_store

_STORE_S = 10.0


@click.command()
@json_option
@click.pass_obj
def command(settings: Settings, as_json: bool) -> None:
    """What stands in the log, how much of it the pipeline has carried over, and what the store holds.

    A part that does not answer says so under `error`; the exit code is 0 all the same.
    """
    print_result(status(settings), as_json)


def status(settings: Settings) -> dict[str, Any]:
    """The three parts, each with what it knows or with its `error`."""
    return {**_log(settings), "store": {"reachable": False} | _answered(lambda: _store(settings))}


def _log(settings: Settings) -> dict[str, Any]:
    kind = "kafka" if settings.log_url.startswith("kafka:") else "file"
    known: dict[str, Any] = {"url": masked(settings.log_url) or f"file:{settings.data / 'log'}", "kind": kind}
    pipeline: dict[str, Any] = {"committed": None}

    def ask() -> dict[str, Any]:
        with closing(open_log(settings, write=False)) as log:
            pipeline["committed"] = log.committed(PIPELINE)
            return _reach(log)

    return {"log": known | _answered(ask), "pipeline": pipeline}


def _reach(log: Log) -> dict[str, Any]:
    return {"start": log.start(), "end": log.end(), "lag": log.lag(PIPELINE), "lag_unit": log.lag_unit}


def _store(settings: Settings) -> dict[str, Any]:
    sql = (files("clicktrail.commands") / "status.sql").read_text(encoding="utf-8")
    with closing(open_store(settings, wait_s=_STORE_S)) as store:
        store.migrate()
        return {"reachable": True, **store.rows(sql)[0]}


def _answered(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return ask()
    except ClicktrailError as error:
        return {"error": str(error)}
