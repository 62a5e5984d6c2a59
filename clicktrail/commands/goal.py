"""`clicktrail goal`: what a site wants people to do. Orders are a goal of every site by themselves."""

from __future__ import annotations

from typing import Any

import click

from clicktrail.output import json_option, print_result
from clicktrail.settings import Settings
from clicktrail.tables import known_site, tables
from dashboards.computed import money
from dashboards.goals import Goal, goals, put_goal, read_goal, remove_goal

_SITE = click.option("--site", "site_id", required=True, help="Id of the site.")


@click.group()
def command() -> None:
    """Goals: what a site wants people to do."""


@command.command()
@click.argument("name")
@_SITE
@click.option(
    "--condition", required=True, metavar="CONDITION", help='e.g. "event_type=form & path=/contact"'
)
@click.option("--value", default="", metavar="AMOUNT", help="What a session with it is worth, e.g. 12.50.")
@click.option("--id", "goal_id", default="", metavar="ID", help="Its id; made of the name if left out.")
@json_option
@click.pass_obj
def add(  # noqa: PLR0913 - one parameter an option
    settings: Settings, /, name: str, site_id: str, condition: str, value: str, goal_id: str, as_json: bool
) -> None:
    """Add the goal NAME to a site; one of the same id is replaced."""
    with tables(settings) as store:
        site = known_site(store, site_id)
        goal = read_goal(store, name, condition, value, goal_id)
        added = goal.id not in {one.id for one in goals(store, site.id)}
        put_goal(store, site.id, goal)
    print_result({**_shown(goal), "site": site_id, "added": added}, as_json)


@command.command("list")
@_SITE
@json_option
@click.pass_obj
def list_(settings: Settings, site_id: str, as_json: bool) -> None:
    """The goals of a site."""
    with tables(settings, "reader") as store:
        known = goals(store, known_site(store, site_id).id)
    print_result([_shown(goal) for goal in known], as_json)


@command.command()
@click.argument("goal_id", metavar="ID")
@_SITE
@json_option
@click.pass_obj
def remove(settings: Settings, goal_id: str, site_id: str, as_json: bool) -> None:
    """Take a goal of a site away; events and sessions stay as they are."""
    with tables(settings) as store:
        remove_goal(store, known_site(store, site_id).id, goal_id)
    print_result({"goal": goal_id, "site": site_id, "removed": True}, as_json)


def _shown(goal: Goal) -> dict[str, Any]:
    value = None if goal.value is None else money(goal.value)
    return {"goal": goal.id, "name": goal.name, "condition": goal.condition, "value": value}
