"""`clicktrail verify`: do the tables say what follows from the events and the log?"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from clicktrail.errors import ClicktrailError, ConfigError
from clicktrail.output import json_option, print_result, progress
from clicktrail.settings import Settings
from clicktrail.tables import known_site, tables
from dashboards.period import DAY, iso_date, midnight
from schemas.objects import Site
from store import objects

SHOWN = 100


@click.command()
@click.option("--site", "site_id", default="", help="Id of the site; all sites when left out.")
@click.option("--from", "first", help="Only sessions that start on this day of the site's zone or later.")
@click.option("--to", "last", help="Only sessions that start on this day or earlier.")
@json_option
@click.pass_obj
def command(settings: Settings, site_id: str, first: str | None, last: str | None, as_json: bool) -> None:
    """Compute repeats and sessions again from the events, and events from the log; exit 1 if any differ."""
    with tables(settings) as store:
        sites = [known_site(store, site_id)] if site_id else objects.sites(store)
    with progress("verify", None) as show:
        results = [_verify(settings, site, first, last, show) for site in sites]
    different = sum(result["different"] for result in results)
    print_result({"ok": not different, "different": different, "sites": results}, as_json)
    if different:
        raise ClicktrailError(f"{different} differences: the tables are not what the events and the log say")


def _verify(settings: Settings, site: Site, first: str | None, last: str | None, show: Any) -> dict[str, Any]:
    from pipelines.verify import BEGIN, END, verify  # noqa: PLC0415 - loads Beam

    start: datetime = midnight(iso_date(first, "--from"), site.timezone) if first else BEGIN
    end: datetime = midnight(iso_date(last, "--to") + DAY, site.timezone) if last else END
    if end <= start:
        raise ConfigError(f"--from {first} lies after --to {last}")
    found = verify(settings, site, start, end, show)
    return {
        "site": site.id,
        "events": found.events,
        "visitors": found.visitors,
        "sessions": found.sessions,
        "log": asdict(found.log),
        "different": len(found.differences),
        "differences": [asdict(one) for one in found.differences[:SHOWN]],
    }
