"""`clicktrail report`: any report of the dashboard, same query, same numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from clicktrail.output import json_option, print_result
from clicktrail.settings import Settings

_OWN = (
    click.option(
        "--step", multiple=True, metavar="CONDITION", help="funnel: one of 2 to 12 steps, in order."
    ),
    click.option(
        "--order", metavar="ORDER", help="funnel: ordered (anything may happen between), strict or any."
    ),
    click.option("--open", is_flag=True, help="funnel: count each step by itself."),
    click.option(
        "--window", metavar="SPAN", help="funnel: 1m to 3650d from the first step, 14d if left out."
    ),
    click.option("--unit", metavar="UNIT", help="funnel: who is counted: person, visitor or session."),
    click.option(
        "--exclude", multiple=True, metavar="I-J:CONDITION", help="funnel: ends an attempt between two steps."
    ),
    click.option("--optional", multiple=True, metavar="STEP", help="funnel: a step that does not block."),
    click.option("--hold", multiple=True, metavar="FIELD", help="funnel: keeps its value in an attempt."),
    click.option(
        "--breakdown-at",
        metavar="EVENT",
        help="funnel: whose value counts: first_touch (if left out), last_touch or the number of a step.",
    ),
    click.option(
        "--trend", metavar="UNIT", help="funnel: conversion by the day, week or month of the start."
    ),
    click.option("--next", is_flag=True, help="funnel: what those did next who left."),
    click.option(
        "--people",
        metavar="WHO",
        help="funnel: list entered, converted, reached-STEP, left-STEP or waiting-STEP (at most --limit).",
    ),
    click.option("--period", metavar="UNIT", help="retention, lifecycle: day, week (if left out) or month."),
    click.option(
        "--start", metavar="KIND", help="retention: first in all history (if left out) or recurring."
    ),
    click.option("--return", metavar="KIND", help="retention: on (if left out) or on_or_after a period."),
    click.option("--start-condition", metavar="CONDITION", help="retention: the event that starts."),
    click.option("--return-condition", metavar="CONDITION", help="retention: the event that is a return."),
    click.option(
        "--breakdown", metavar="FIELD", help="funnel, retention: by the value at the first step or start."
    ),
    click.option("--by", metavar="FIELD", help="campaigns: source (if left out), medium, campaign …"),
    click.option("--list", metavar="LIST", help="content: pages (if left out), entry, exit, search …"),
    click.option("--goal", metavar="ID", help="campaigns, content: what counts as conversion (orders)."),
    click.option("--q", metavar="TEXT", help="campaigns, content: rows that hold this text."),
    click.option(
        "--sort", metavar="COLUMN", help="campaigns, content, people: COLUMN:up has the smallest first."
    ),
    click.option("--page", metavar="N", help="campaigns, content: the Nth page of --limit rows."),
    click.option("--id", metavar="ID", help="visitor: a visitor id, a person or a user id."),
    click.option("--user", metavar="ID", help="visitor: a user id, as the site names its customers."),
    click.option("--property", metavar="KEY=VALUE", help="visitor: with an event in the period that has it."),
    click.option("--channel", metavar="CHANNEL", help="visitor: only this channel in the timeline."),
    click.option(
        "--primary", metavar="EVENT", help="churn: what coming back is, visit (if left out) or order."
    ),
    click.option(
        "--horizon", metavar="SPAN", help="churn: 1d to 366d; the site's own returns choose it if left out."
    ),
    click.option("--as-of", metavar="DATE", help="churn: as known at the end of a day, or at an instant."),
)
"""Options that only some reports take; a report names its own (`Report.takes`) and reads them."""


def _own_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OWN):
        command = option(command)
    return command


@click.command()
@click.argument("name")
@click.option("--site", "site_id", required=True, help="Id of the site.")
@click.option("--from", "first", help="First day in the site's zone, e.g. 2026-03-01.")
@click.option("--to", "last", help="Last day, inclusive.")
@click.option("--filter", "filters", multiple=True, metavar="CONDITION", help="e.g. country=DE")
@click.option(
    "--limit", help="Most rows of a list.", default=1000, show_default=True, type=click.IntRange(1, 1_000_000)
)
@_own_options
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
    **own: str | bool | tuple[str, ...] | None,
) -> None:
    """Print report NAME of a site; the last 30 days when no dates are given."""
    from clicktrail.reporting import run_report  # noqa: PLC0415 - loads the reports

    result = run_report(
        settings, name, site_id, first=first, last=last, filters=filters, limit=limit, own=_given(own)
    )
    print_result(result, as_json)


def _given(own: dict[str, str | bool | tuple[str, ...] | None]) -> dict[str, tuple[str, ...]]:
    """The options that were given: name as it is written → values; a flag is true."""
    return {
        name.replace("_", "-"): value
        if isinstance(value, tuple)
        else ("true" if value is True else str(value),)
        for name, value in own.items()
        if value not in (None, False, ())
    }
