"""`clicktrail report`: any report of the dashboard, same query, same numbers."""

from __future__ import annotations

import click

from clicktrail.output import json_option, print_result
from clicktrail.settings import Settings


@click.command()
@click.argument("name")
@click.option("--site", "site_id", required=True, help="Id of the site.")
@click.option("--from", "first", help="First day in the site's zone, e.g. 2026-03-01.")
@click.option("--to", "last", help="Last day, inclusive.")
@click.option("--filter", "filters", multiple=True, metavar="CONDITION", help="e.g. country=DE")
@click.option(
    "--limit", help="Most rows of a list.", default=1000, show_default=True, type=click.IntRange(1, 1_000_000)
)
@click.option("--period", metavar="day|week|month", help="retention: width of a cohort (week).")
@click.option("--start", metavar="first|recurring", help="retention: first in all history, or any (first).")
@click.option(
    "--return", metavar="on|on_or_after", help="retention: back in a period, or then or later (on)."
)
@click.option("--start-condition", metavar="CONDITION", help="retention: the event that starts, not a visit.")
@click.option("--return-condition", metavar="CONDITION", help="retention: the event that is a return.")
@click.option("--breakdown", metavar="FIELD", help="retention: divide by the value at the start event.")
@json_option
@click.pass_obj
def command(  # noqa: PLR0913 - one parameter an option
    settings: Settings,
    /,
    name: str,
    site_id: str,
    first: str | None,
    last: str | None,
    filters: tuple[str, ...],
    limit: int,
    as_json: bool,
    **extra: str | None,
) -> None:
    """Print report NAME of a site; the last 30 days when no dates are given."""
    from clicktrail.reporting import run_report  # noqa: PLC0415 - loads the reports

    given = {option: value for option, value in extra.items() if value is not None}
    result = run_report(
        settings, name, site_id, first=first, last=last, filters=filters, limit=limit, extra=given
    )
    print_result(result, as_json)
