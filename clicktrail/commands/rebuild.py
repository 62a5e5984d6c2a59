"""`clicktrail rebuild`: a site's history cut again under another rule."""

from __future__ import annotations

import re
import time
import zoneinfo
from dataclasses import asdict
from typing import Any

import click

from clicktrail.errors import ConfigError
from clicktrail.output import json_option, print_result, progress
from clicktrail.settings import Settings
from clicktrail.tables import known_site, only_site, tables
from pipelines.rebuild.decode import decode_again
from pipelines.rebuild.run import rebuild, try_rule


@click.command()
@click.option("--site", "site_id", help="Id of the site; may be left out while there is one only.")
@click.option("--timeout-minutes", type=click.IntRange(1, 480), help="Pause that ends a session.")
@click.option("--currency", help="ISO 4217, e.g. EUR: revenue is counted in it.")
@click.option("--timezone", help="Zone in which days are cut, e.g. Europe/Berlin.")
@click.option(
    "--cut-on-campaign/--no-cut-on-campaign", default=None, help="Another campaign, another session."
)
@click.option("--cut-at-midnight/--no-cut-at-midnight", default=None, help="Another day, another session.")
@click.option("--dry-run", is_flag=True, help="Say what would change and write nothing.")
@click.option("--decode", is_flag=True, help="Decode and enrich again what the raw log still holds.")
@click.option("--restart", is_flag=True, help="Drop a rebuild that was stopped and start anew.")
@json_option
@click.pass_obj
def command(  # noqa: PLR0913 - its options
    settings: Settings,
    /,
    site_id: str | None,
    dry_run: bool,
    decode: bool,
    restart: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Cut a site's whole history again under another rule, beside live traffic, and swap it in at once.

    Stop it when you like: the same command goes on where it was.
    """
    changes, began = rule_changes(options), time.monotonic()
    if decode and (dry_run or changes):
        raise ConfigError("--decode stands alone: give a rule, or --dry-run, in a run of its own")
    with tables(settings) as store, progress("rebuild", 100) as show:
        site = known_site(store, site_id or only_site(store)).id
        if decode:
            done = asdict(decode_again(settings, site, restart=restart, progress=show))
        elif dry_run:
            done = try_rule(store, site, changes, progress=show).to_json()
        else:
            done = rebuild(settings, store, site, changes, restart=restart, progress=show).to_json()
        show(100, "")
    seconds = round(time.monotonic() - began, 3)
    print_result({"site": site, "dry_run": dry_run, **done, "seconds": seconds}, as_json)


def rule_changes(options: dict[str, Any]) -> dict[str, str | int | bool]:
    """Fields of the site that the options change; ConfigError for a value that cannot be."""
    given = {name: value for name, value in options.items() if value is not None}
    if (minutes := given.pop("timeout_minutes", None)) is not None:
        given["timeout_s"] = minutes * 60
    if "timezone" in given and given["timezone"] not in zoneinfo.available_timezones():
        raise ConfigError(f"--timezone {given['timezone']}: not a zone name such as Europe/Berlin")
    if "currency" in given and not re.fullmatch("[A-Z]{3}", given["currency"]):
        raise ConfigError(f"--currency {given['currency']}: three capital letters of ISO 4217, e.g. EUR")
    return given
