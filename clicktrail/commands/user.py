"""`clicktrail user`: who may see the dashboard."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import click

from clicktrail.errors import ConfigError
from clicktrail.output import json_option, print_result
from clicktrail.settings import Settings
from clicktrail.tables import known_site, tables
from dashboards.accounts import LONGEST, granted, user_name, with_password
from schemas.objects import EVERY_SITE, ROLES, User
from store import objects
from store.tables.client import Store

_from_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it."
)


@click.group()
def command() -> None:
    """Users of the dashboard. With the first one it asks everybody to log in."""


@command.command()
@click.argument("name", metavar="NAME")
@click.option("--role", type=click.Choice(ROLES), help="What they may do (viewer; the first user: admin).")
@click.option(
    "--site", "sites", multiple=True, metavar="SITE[=ROLE]", help="Only this site, or another role there."
)
@_from_stdin
@json_option
@click.pass_obj
def add(settings: Settings, /, name: str, as_json: bool, **options: Any) -> None:
    """Add a user, or change the role and the sites of one that is there."""
    name = user_name(name)
    with tables(settings) as store:
        known = {user.name: user for user in objects.users(store)}
        roles = granted(options["role"] or (ROLES[0] if known else ROLES[-1]), options["sites"])
        for site in roles.keys() - {EVERY_SITE}:
            known_site(store, site)
        if name not in known:
            user = with_password(User(name, roles), _password(options["password_stdin"]))
        elif options["password_stdin"]:
            raise ConfigError(f"user {name} is there; `clicktrail user password {name}` sets a password")
        else:
            asked = options["role"] or options["sites"]
            user = replace(known[name], roles=roles if asked else known[name].roles)
        objects.put_user(store, user)
    print_result({"user": name, "added": name not in known, **_shown(user)}, as_json)


@command.command("list")
@json_option
@click.pass_obj
def list_(settings: Settings, as_json: bool) -> None:
    """All users with their roles by site; `*` is every site."""
    with tables(settings) as store:
        found = objects.users(store)
    print_result([{"user": user.name, **_shown(user)} for user in found], as_json)


def _shown(user: User) -> dict[str, object]:
    return {"roles": [f"{site}={role}" for site, role in sorted(user.roles.items())]}


@command.command()
@click.argument("name", metavar="NAME")
@json_option
@click.pass_obj
def remove(settings: Settings, name: str, as_json: bool) -> None:
    """Take a user away: their log-ins end at once. Without users nobody is asked to log in."""
    with tables(settings) as store:
        user = _known(store, name)
        objects.remove_user(store, user.name)
        left = len(objects.users(store))
    print_result({"removed": user.name, "users": left}, as_json)


@command.command()
@click.argument("name", metavar="NAME")
@_from_stdin
@json_option
@click.pass_obj
def password(settings: Settings, name: str, password_stdin: bool, as_json: bool) -> None:
    """Set another password: log-ins with the one before end at once."""
    with tables(settings) as store:
        user = with_password(_known(store, name), _password(password_stdin))
        objects.put_user(store, user)
    print_result({"user": user.name, "changed": True}, as_json)


def _known(store: Store, name: str) -> User:
    for user in objects.users(store):
        if user.name == name.strip().lower():
            return user
    raise ConfigError(f"no user {name}; `clicktrail user list` shows them")


def _password(from_stdin: bool) -> str:
    """From the first line of standard input, or asked for twice at the terminal."""
    if not from_stdin:
        if not sys.stdin.isatty():
            raise ConfigError("there is no terminal to ask for a password at: give --password-stdin")
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    line = sys.stdin.buffer.readline(4 * LONGEST + 2)
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ConfigError("the password on standard input is not UTF-8") from None
