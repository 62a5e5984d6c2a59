"""`clicktrail verify`: do the tables say what follows from the events and the log?"""

from __future__ import annotations

from collections.abc import Iterator
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
    document = {"ok": not different, "different": different, "sites": results}
    print_result(document if as_json else _readable(document), as_json)
    if different:
        raise ClicktrailError(f"{different} differences: the tables are not what the events and the log say")


def _readable(document: dict[str, Any]) -> dict[str, Any]:
    """The same as two tables: the sites, and a line for each field that differs."""
    lines = [line for site in document["sites"] for one in site["differences"] for line in _lines(site, one)]
    sites = [
        {name: value for name, value in site.items() if name != "differences"} for site in document["sites"]
    ]
    return {**document, "sites": sites, **({"differences": lines} if lines else {})}


def _lines(site: dict[str, Any], difference: dict[str, Any]) -> Iterator[dict[str, object]]:
    whose = {"site": site["site"], **{name: difference[name] for name in ("what", "visitor_id", "id")}}
    stored, expected = (_fields(difference[name]) for name in ("stored", "expected"))
    for field in {**stored, **expected}:
        yield {**whose, "field": field, "stored": stored.get(field), "expected": expected.get(field)}


def _fields(side: object) -> dict[str, object]:
    """What one side says: of several fields, of none, or of the thing itself."""
    return side if isinstance(side, dict) else {} if side is None else {"": side}


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
