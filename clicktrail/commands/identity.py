"""`clicktrail identity`: who is who and why; joins taken away and made by hand."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from clicktrail.output import json_option, print_result
from clicktrail.settings import Settings
from clicktrail.tables import known_site, tables

if TYPE_CHECKING:
    from pipelines.identity import Changed

site_option = click.option("--site", "site_id", required=True, help="Id of the site.")


@click.group()
def command() -> None:
    """Which ids are one person, and why. An ID is a visitor id, user:ID, or the bare id of a user."""


@command.command()
@click.argument("name", metavar="ID")
@site_option
@json_option
@click.pass_obj
def show(settings: Settings, name: str, site_id: str, as_json: bool) -> None:
    """The person of ID: all its ids, and every edge with its time, its source and whether it counts."""
    from pipelines.identity import show as show_person  # noqa: PLC0415 - loads the pipeline

    with tables(settings) as store:
        known_site(store, site_id)
        shown = show_person(store, site_id, name)
    print_result({"site": site_id, **asdict(shown)}, as_json)


@command.command()
@click.argument("name_a", metavar="ID_A")
@click.argument("name_b", metavar="ID_B")
@site_option
@json_option
@click.pass_obj
def unlink(settings: Settings, name_a: str, name_b: str, site_id: str, as_json: bool) -> None:
    """Take away the edge between two ids; only what is said of them later joins them again."""
    from pipelines.identity import unlink as unlink_ids  # noqa: PLC0415

    with tables(settings) as store:
        known_site(store, site_id)
        _print(site_id, unlink_ids(settings, store, site_id, name_a, name_b), as_json)


@command.command()
@click.argument("name_a", metavar="ID_A")
@click.argument("name_b", metavar="ID_B")
@site_option
@click.option("--force", is_flag=True, help="Join them also if both are known users.")
@json_option
@click.pass_obj
def link(settings: Settings, name_a: str, name_b: str, site_id: str, force: bool, as_json: bool) -> None:  # noqa: PLR0913
    """Say by hand that two ids are one person."""
    from pipelines.identity import link as link_ids  # noqa: PLC0415

    with tables(settings) as store:
        known_site(store, site_id)
        _print(site_id, link_ids(settings, store, site_id, name_a, name_b, force=force), as_json)


def _print(site_id: str, done: Changed, as_json: bool) -> None:
    print_result({"site": site_id, **asdict(done)}, as_json)
