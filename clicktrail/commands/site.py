"""`clicktrail site`: add and list sites, print the tag to paste."""

from __future__ import annotations

import secrets
import zoneinfo
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import click

from clicktrail.errors import ConfigError
from clicktrail.output import json_option, print_result
from clicktrail.settings import Settings
from clicktrail.tables import known_site, tables
from dashboards.reports.sites.form import ID, bare_domain
from dashboards.tags import collector_address, snippets
from schemas.event import PROTOCOLS
from schemas.objects import Site
from sessionize.rule import Rule
from store import objects
from store.tables.client import Store

RULE_OPTIONS = ("timeout_minutes", "currency", "timezone", "cut_on_campaign", "cut_at_midnight")
"""Options of `site add` by which sessions are cut."""


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
@click.option("--own-domain", "own_domains", multiple=True, help="Another domain that is never a source.")
@click.option("--secret", help="Trust who sends it: `Authorization: Bearer SECRET`; `new` makes one.")
@click.option("--timeout-minutes", type=click.IntRange(1, 480), help="Pause that ends a session (30).")
@click.option(
    "--cut-on-campaign/--no-cut-on-campaign", default=None, help="Another campaign, another session."
)
@click.option("--cut-at-midnight/--no-cut-at-midnight", default=None, help="Another day, another session.")
@json_option
@click.pass_obj
def add(settings: Settings, /, site_id: str, as_json: bool, **options: Any) -> None:
    """Add a site, or change what is given of one that is there."""
    with tables(settings) as store:
        before = {site.id: site for site in objects.sites(store)}
        site = changed(before.get(site_id) or Site(id=site_id), options)
        if site_id in before and Rule.of(site) != Rule.of(before[site_id]):
            raise ConfigError(_rebuild_instead(site_id, options))
        save(store, settings, site)
    made = {"secret": site.secret} if options["secret"] else {}
    print_result({"site": site.id, "added": site_id not in before, **_shown(site), **made}, as_json)


def _rebuild_instead(site_id: str, options: Mapping[str, Any]) -> str:
    """The remedy for who asks for another rule: sessions that stand must be cut again with it."""
    given = " ".join(_option(name, options[name]) for name in RULE_OPTIONS if options.get(name) is not None)
    return (
        f"site {site_id} is there, and its sessions are cut by another rule: "
        f"`clicktrail rebuild --site {site_id} {given}` cuts its history again"
    )


def _option(name: str, value: object) -> str:
    name = name.replace("_", "-")
    return f"--{'' if value else 'no-'}{name}" if isinstance(value, bool) else f"--{name} {value}"


def changed(site: Site, options: Mapping[str, Any]) -> Site:
    """The site with the options given; ConfigError for one that cannot be."""
    if not ID.fullmatch(site.id):
        raise ConfigError(f"site id {site.id!r}: 1 to 64 letters, digits, dots, dashes, underscores")
    given = {name: value for name, value in options.items() if value not in (None, "", ())}
    if given.get("timezone", "UTC") not in zoneinfo.available_timezones():
        raise ConfigError(f"--timezone {given['timezone']}: not a zone name such as Europe/Berlin")
    keys = dict.fromkeys([*site.keys, *(_key(text) for text in given.pop("keys", ()))])
    if minutes := given.pop("timeout_minutes", None):
        given["timeout_s"] = minutes * 60
    if given.get("secret") == "new":
        given["secret"] = secrets.token_urlsafe(24)
    if "domain" in given:
        given["domain"] = bare_domain(given["domain"])
    return replace(site, keys=tuple(keys), **given)


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
    with tables(settings) as store:
        found = objects.sites(store)
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
    with tables(settings) as store:
        known_site(store, site_id)
    print_result(snippets(collector_address(settings), site_id), as_json)
