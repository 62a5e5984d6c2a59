"""`clicktrail identity`: who is who and why; joins taken away and made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from clicktrail.output import json_option, print_result
from clicktrail.settings import Settings
from clicktrail.tables import known_site, tables

if TYPE_CHECKING:
    from pipelines.identity import SiteIdentity

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
    with _identity(settings, site_id) as identity:
        shown = identity.show(name)
    print_result({"site": site_id, **asdict(shown)}, as_json)


@command.command()
@click.argument("name_a", metavar="ID_A")
@click.argument("name_b", metavar="ID_B")
@site_option
@json_option
@click.pass_obj
def unlink(settings: Settings, name_a: str, name_b: str, site_id: str, as_json: bool) -> None:
    """Take away the edge between two ids; only what is said of them later joins them again."""
    with _identity(settings, site_id) as identity:
        done = identity.unlink(name_a, name_b)
    print_result({"site": site_id, **asdict(done)}, as_json)


@command.command()
@click.argument("name_a", metavar="ID_A")
@click.argument("name_b", metavar="ID_B")
@site_option
@click.option("--force", is_flag=True, help="Join them also if both are known users.")
@json_option
@click.pass_obj
def link(  # noqa: PLR0913 - one parameter an option
    settings: Settings, name_a: str, name_b: str, site_id: str, force: bool, as_json: bool
) -> None:
    """Say by hand that two ids are one person."""
    with _identity(settings, site_id) as identity:
        done = identity.link(name_a, name_b, force=force)
    print_result({"site": site_id, **asdict(done)}, as_json)


@contextmanager
def _identity(settings: Settings, site_id: str) -> Iterator[SiteIdentity]:
    from pipelines.identity import SiteIdentity  # noqa: PLC0415 - `--help` need not load the pipeline

    with tables(settings) as store:
        yield SiteIdentity(settings, store, known_site(store, site_id).id)
