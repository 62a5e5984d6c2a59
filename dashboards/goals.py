"""Goals: what a site wants people to do. A goal is any condition on an event; orders are one anyway."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation

import msgspec
from dash import html

from clicktrail.errors import ConfigError
from dashboards.computed import read_sql
from dashboards.expressions import Expression, any_and_every, fill
from dashboards.filters import event_condition
from dashboards.page import Node, View
from dashboards.parts import icon, link, menu
from schemas.objects import StoredObject
from store.objects import objects, put_object
from store.tables.client import Store

KIND = "goal"
LONGEST_NAME, LONGEST_CONDITION, MOST = 80, 1_000, 50
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_MATCHED = read_sql("dashboards", "matched.sql")


@dataclass(frozen=True)
class Goal:
    """One goal of a site. `value`: what a session with it is worth, in its currency; None: not said."""

    id: str
    name: str
    condition: str
    value: Decimal | None = None


ORDERS = Goal("orders", "Orders", "event_type=order")
"""The goal every site has. Its value is the revenue of the session."""


@dataclass(frozen=True)
class _Kept:
    """The document in the table `objects`."""

    site: str
    goal: Goal


def goals(store: Store, site: str) -> tuple[Goal, ...]:
    """The goals of a site: orders first, then its own by name. Raises StoreError."""
    found = [msgspec.json.decode(item.document, type=_Kept) for item in objects(store, KIND)]
    own = [kept.goal for kept in found if kept.site == site]
    return (ORDERS, *sorted(own, key=lambda goal: (goal.name.lower(), goal.id)))


def goal_of(store: Store, site: str, id: str) -> Goal:
    """The goal of this id; ConfigError with the ids there are."""
    known = goals(store, site)
    for goal in known:
        if goal.id == id:
            return goal
    raise ConfigError(f"site {site} has no goal {id!r}; there are {', '.join(goal.id for goal in known)}")


def read_goal(store: Store, name: str, condition: str, value: str = "", id: str = "") -> Goal:
    """What somebody wrote → a goal; without an id it is made of the name. ConfigError says what is wrong.

    The engine checks the regular expressions of the condition.
    """
    name, condition = " ".join(name.split()), condition.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise ConfigError(f"the name of a goal has 1 to {LONGEST_NAME} characters")
    if not 1 <= len(condition) <= LONGEST_CONDITION:
        raise ConfigError(f"the condition of a goal has 1 to {LONGEST_CONDITION} characters")
    event_condition(store, condition, "g")
    made = id.strip() or slug(name)
    if not _ID.fullmatch(made) or made == ORDERS.id:
        raise ConfigError(
            f"goal id {made!r}: 1 to 40 small letters, digits, dashes or underscores, and not {ORDERS.id!r}"
        )
    return Goal(made, name, condition, read_value(value))


def slug(name: str) -> str:
    """An id made of a name; a name without Latin letters or digits gives one made of its code points."""
    made = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].rstrip("-")
    if made == ORDERS.id:
        return f"{made}-2"
    return made or "goal-" + "-".join(f"{ord(letter):x}" for letter in name[:6])


def read_value(text: str) -> Decimal | None:
    """An amount with at most two decimals, or nothing; ConfigError for anything else."""
    if not text.strip():
        return None
    try:
        value = Decimal(text.strip())
        fits = value.is_finite() and 0 <= value < 10**9 and value == round(value, 2)
    except InvalidOperation:
        fits = False
    if not fits:
        raise ConfigError(f"value {text.strip()[:40]!r}: write an amount such as 25 or 12.50")
    return value


def put_goal(store: Store, site: str, goal: Goal) -> None:
    """Add a goal to a site, or replace the one of this id. ConfigError when there are too many."""
    others = [one for one in goals(store, site) if one.id != goal.id]
    if len(others) > MOST:
        raise ConfigError(f"a site has at most {MOST} goals; remove one first")
    document = msgspec.json.encode(asdict(_Kept(site, goal))).decode()
    put_object(store, StoredObject(KIND, f"{site}/{goal.id}", document))


def remove_goal(store: Store, site: str, id: str) -> None:
    """Take a goal of a site away; ConfigError if there is none, or if it is the one every site has."""
    if id == ORDERS.id:
        raise ConfigError("orders are a goal of every site and cannot be removed")
    goal_of(store, site, id)
    put_object(store, StoredObject(KIND, f"{site}/{id}", "{}", is_deleted=True))


def converts(store: Store, goal: Goal, prefix: str = "goal") -> Expression:
    """Whether a session of alias s holds the goal; it also needs site_id, since and until.

    Orders: the session has one. Any other: an event that meets the condition lies in its time.
    """
    if goal == ORDERS:
        return Expression("s.orders > 0")
    fits, every = any_and_every([event_condition(store, goal.condition, prefix)])
    return Expression(
        f"(s.vh, s.start) IN ({_plain(fill(_MATCHED, any=fits, every=every))})", fits.parameters
    )


def _plain(sql: str) -> str:
    """The query without the remarks at its head, so that it can stand in brackets."""
    return "\n".join(line for line in sql.splitlines() if not line.startswith("--"))


def chosen(view: View) -> Goal:
    """The goal that the address names (own parameter `goal`), else orders; ConfigError if unknown."""
    if view.site is None:
        return ORDERS
    return goal_of(view.desk.store, view.site.id, view.state.one("goal", ORDERS.id))


def named(view: View, goal: Goal) -> str:
    """Its name; that of orders in the language of the page."""
    return view.text("goal.orders") if goal == ORDERS else goal.name


def picker(view: View, goal: Goal) -> Node:
    """The menu that sets which goal counts as conversion, and the way to the editor."""
    assert view.site is not None
    text = view.text
    options: list[Node] = [
        link(
            [
                html.Span(named(view, one), className="grow ell"),
                icon("check", 14, "" if one == goal else "hide"),
            ],
            view.state.href(own={"goal": () if one == ORDERS else (one.id,), "page": ()}),
            "opt",
            **({"aria-current": "true"} if one == goal else {}),
        )
        for one in goals(view.desk.store, view.site.id)
    ]
    options.append(link([icon("pencil", 14), text("goal.edit")], view.state.href("/goals"), "opt sep"))
    label = [
        icon("target"),
        html.Span(f"{text('goal')}: ", className="muted"),
        html.Span(named(view, goal), className="ell"),
        icon("chevron-down", 14),
    ]
    return menu(label, options, "btn", "right")
