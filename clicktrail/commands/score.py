"""`clicktrail score`: fit the forecast of churn, keep its coefficients and everybody's risk."""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime, timezone
from typing import Any

import click

from clicktrail.errors import ClicktrailError, ConfigError
from clicktrail.output import json_option, print_result
from clicktrail.settings import Settings
from clicktrail.supervise import stop_on_signals
from clicktrail.tables import known_site, tables
from store import objects

log = logging.getLogger("clicktrail.score")
RETRY_S = 60.0
"""Until the next try when a round failed."""

EMPTY_S = 600.0
"""When there was nobody to score yet: a new installation need not wait for tomorrow."""
_UNITS = {"h": 3600, "d": 86400}


@click.command()
@click.option("--site", "site_id", help="Id of the site; all sites without one.")
@click.option(
    "--as-of", default="", metavar="DATE", help="As known at the end of this day; yesterday if left out."
)
@click.option("--primary", metavar="EVENT", help="What coming back is: visit or order; both if left out.")
@click.option("--horizon", metavar="SPAN", help="1d to 366d; the site's own returns choose it if left out.")
@click.option("--every", metavar="SPAN", help="Go on for ever, once a span: 1h to 30d.")
@json_option
@click.pass_obj
def command(  # noqa: PLR0913 - one parameter an option
    settings: Settings,
    site_id: str | None,
    as_of: str,
    primary: str | None,
    horizon: str | None,
    every: str | None,
    as_json: bool,
) -> None:
    """Fit the forecast of churn on all visits and orders, and score every visitor with it."""
    given = {"as-of": as_of, "primary": primary or "", "horizon": horizon or ""}
    if every is None:
        print_result({"scored": score_sites(settings, site_id, given)}, as_json)
        return
    pause = _span(every)
    stop = threading.Event()
    with stop_on_signals(stop.set):
        while not stop.is_set():
            stop.wait(_tried(settings, site_id, given, pause))


def score_sites(settings: Settings, site_id: str | None, given: dict[str, str]) -> list[dict[str, Any]]:
    """Score one site, or all; one row for each site and primary event. `given`: options of the report."""
    # Loaded late: `--help`, and a process that waits for its next round, need no mathematics.
    from dashboards.reports.churn.options import PRIMARIES, parse  # noqa: PLC0415
    from dashboards.reports.churn.score import score  # noqa: PLC0415

    options = parse({name: value for name, value in given.items() if value})
    primaries = (options.primary,) if given.get("primary") else PRIMARIES
    now, rows = datetime.now(timezone.utc), []
    with tables(settings) as store:
        for site in [known_site(store, site_id)] if site_id else objects.sites(store):
            found = score(
                store, site, now=now, primaries=primaries, horizon=options.horizon, as_of=options.as_of
            )
            rows += [one.to_json() for one in found]
    return rows


def _tried(settings: Settings, site_id: str | None, given: dict[str, str], pause: float) -> float:
    """One round; seconds until the next one. What is asked wrongly ends the command."""
    began = time.monotonic()
    try:
        rows = score_sites(settings, site_id, given)
    except ConfigError:
        raise
    except ClicktrailError as error:
        log.warning("scoring failed and is tried again in %.0f s: %s", RETRY_S, error)
        return RETRY_S
    log.info("scored %d forecasts in %.1f s", len(rows), time.monotonic() - began)
    return pause if rows else min(pause, EMPTY_S)


def _span(text: str) -> float:
    """1d, 12h in seconds; ConfigError otherwise."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdigit() or not 3600 <= int(number) * _UNITS[unit] <= 30 * 86400:
        raise ConfigError(f"every={text}: give 1h to 30d, for example 1d")
    return float(int(number) * _UNITS[unit])
