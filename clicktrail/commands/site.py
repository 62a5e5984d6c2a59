"""`clicktrail site`: add and list sites, print the tag to paste."""

from __future__ import annotations

import zoneinfo
from dataclasses import asdict, replace

import click

from clicktrail.errors import ConfigError
from clicktrail.output import json_option, print_result
from clicktrail.settings import Settings
from dashboards.reports.sites.form import ID
from dashboards.tags import collector_address, snippets
from schemas.event import PROTOCOLS
from schemas.objects import Site
from store import objects
from store.tables.client import Store, open_store


@click.group()
def command() -> None:
    """Sites: one for each web or WAP site."""


@command.command()
@click.argument("site_id", metavar="ID")
@click.option("--domain", help="The site's domain: a key in every protocol, never a source of visits.")
@click.option("--timezone", help="Zone in which days are cut, e.g. Europe/Berlin (UTC).")
@click.option("--currency", help="ISO 4217, e.g. EUR.")
@click.option("--key", "keys", multiple=True, metavar="PROTOCOL=KEY", help="A key of another tracker.")
@click.option("--origin", "origins", multiple=True, help="Accept browsers of this origin only.")
@json_option
@click.pass_obj
def add(settings: Settings, /, site_id: str, as_json: bool, **options: str | tuple[str, ...] | None) -> None:
    """Add a site, or change what is given of one that is there."""
    store = open_store(settings)
    try:
        store.migrate()
        before = {site.id: site for site in objects.sites(store)}
        site = changed(before.get(site_id) or Site(id=site_id), options)
        save(store, settings, site)
    finally:
        store.close()
    print_result({"site": site.id, "added": site_id not in before, **_shown(site)}, as_json)


def changed(site: Site, options: dict[str, str | tuple[str, ...] | None]) -> Site:
    """The site with the options given; ConfigError for one that cannot be."""
    if not ID.fullmatch(site.id):
        raise ConfigError(f"site id {site.id!r}: 1 to 64 letters, digits, dots, dashes, underscores")
    given = {name: value for name, value in options.items() if value and name != "keys"}
    if "timezone" in given and str(given["timezone"]) not in zoneinfo.available_timezones():
        raise ConfigError(f"--timezone {given['timezone']}: not a zone name such as Europe/Berlin")
    keys = dict.fromkeys([*site.keys, *(_key(text) for text in options.get("keys") or ())])
    return replace(site, **given, keys=tuple(keys))  # type: ignore[arg-type]


def _key(text: str) -> tuple[str, str]:
    protocol, _, key = text.partition("=")
    if protocol not in PROTOCOLS or not key:
        raise ConfigError(f"--key {text}: PROTOCOL=KEY with a protocol of {', '.join(PROTOCOLS)}")
    return protocol, key


def save(store: Store, settings: Settings, site: Site) -> None:
    """Write the site to the store and to the collector's copy."""
    objects.put_site(store, site)
    objects.write_sites_file(settings.data / "sites.json", objects.sites(store))


@command.command("list")
@json_option
@click.pass_obj
def list_(settings: Settings, as_json: bool) -> None:
    """All sites."""
    store = open_store(settings)
    try:
        store.migrate()
        found = objects.sites(store)
    finally:
        store.close()
    print_result([{"site": site.id, **_shown(site)} for site in found], as_json)


def _shown(site: Site) -> dict[str, object]:
    shown = {name: value for name, value in asdict(site).items() if name not in ("id", "secret", "options")}
    return {**shown, "keys": [f"{protocol}={key}" for protocol, key in site.keys]}


@command.command()
@click.argument("site_id", metavar="ID")
@json_option
@click.pass_obj
def snippet(settings: Settings, site_id: str, as_json: bool) -> None:
    """The tag, the pixel and the WAP image of a site, to paste."""
    store = open_store(settings)
    try:
        store.migrate()
        known = {site.id for site in objects.sites(store)}
    finally:
        store.close()
    if site_id not in known:
        raise ConfigError(f"no site {site_id}; add it with `clicktrail site add {site_id}`")
    print_result(snippets(collector_address(settings), site_id), as_json)
