"""What somebody sent from the page of the users → a change, or what is wrong with it. Without a store."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from dashboards.accounts import LONGEST, NAME, SHORTEST, is_owner, last_owner, password_fault, with_password
from schemas.objects import EVERY_SITE, ROLES, User

FIELDS = ("name", "password", "roles")
SITE = "site:"
"""Before a site's id in the name of a field."""


@dataclass(frozen=True)
class Change:
    """What to do with a user, and the i18n key of what to say when it is done."""

    user: User
    said: str
    removed: bool = False


@dataclass(frozen=True)
class Fault:
    """One of FIELDS and the i18n key of what is wrong with it, with its values."""

    field: str
    key: str
    values: Mapping[str, object]

    @classmethod
    def of(cls, field: str, key: str, **values: object) -> Fault:
        """Short for the constructor."""
        return cls(field, f"users.{field}.{key}", values)


def read(fields: Mapping[str, object], users: Mapping[str, User], sites: Collection[str]) -> Change | Fault:
    """What is asked for by `what`: add, change or remove. sites: the ids a role can be given on."""
    name = str(fields.get("name") or "").strip().lower()
    password = str(fields.get("password") or "")
    what = fields.get("what")
    if what == "add":
        return _added(name, password, _roles(fields, sites), users)
    if name not in users:
        return Fault.of("name", "gone")
    if what == "remove":
        if last_owner(users, name):
            return Fault.of("roles", "last")
        return Change(users[name], "users.removed", removed=True)
    return _changed(users[name], password, _roles(fields, sites), users)


def _added(name: str, password: str, roles: dict[str, str], users: Mapping[str, User]) -> Change | Fault:
    if not NAME.fullmatch(name):
        return Fault.of("name", "odd")
    if name in users:
        return Fault.of("name", "taken")
    made = User(name, roles)
    if not users and not is_owner(made):
        return Fault.of("roles", "first")
    return _faults(made, password) or Change(with_password(made, password), "users.added")


def _changed(user: User, password: str, roles: dict[str, str], users: Mapping[str, User]) -> Change | Fault:
    made = replace(user, roles=roles)
    if last_owner(users, user.name) and not is_owner(made):
        return Fault.of("roles", "last")
    fault = _faults(made, password) if password else _role_fault(made)
    return fault or Change(with_password(made, password) if password else made, "users.changed")


def _faults(user: User, password: str) -> Fault | None:
    if fault := password_fault(password, user.name):
        return Fault.of("password", fault, shortest=SHORTEST, longest=LONGEST)
    return _role_fault(user)


def _role_fault(user: User) -> Fault | None:
    return None if user.roles else Fault.of("roles", "none")


def _roles(fields: Mapping[str, object], sites: Collection[str]) -> dict[str, str]:
    """Roles by site; what is no site or no role is left out."""
    named = {EVERY_SITE: fields.get("role"), **{site: fields.get(f"{SITE}{site}") for site in sites}}
    return {site: str(role) for site, role in named.items() if role in ROLES}
