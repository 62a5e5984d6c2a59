"""Users as they are made and recognised: names, passwords, roles. Without a store."""

from __future__ import annotations

import re
import secrets
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from clicktrail.errors import ConfigError
from schemas.objects import EVERY_SITE, ROLES, User

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
SHORTEST, LONGEST = 10, 256  # characters of a password
FAULTS = {
    "length": f"a password has {SHORTEST} to {LONGEST} characters",
    "control": "a password has no control characters",
    "easy": "this password is too easy to guess: take other words or more of them",
}
_HASHER = PasswordHasher(time_cost=3, memory_cost=64 << 10, parallelism=4)  # RFC 9106, for small memory
_TURNS = threading.BoundedSemaphore(2)  # each hash takes 64 MiB and a core: guesses must not take the machine


def user_name(text: str) -> str:
    """The name as it is kept, in lower case; ConfigError for one that cannot be."""
    name = text.strip().lower()
    if not NAME.fullmatch(name):
        raise ConfigError(
            f"user name {text.strip()[:80]!r}: 1 to 64 letters a to z, digits or . _ @ + -, "
            "a letter or digit first"
        )
    return name


def password_fault(password: str, name: str) -> str:
    """Why it cannot be the password of `name`, a key of FAULTS; "" if it can."""
    if not SHORTEST <= len(password) <= LONGEST:
        return "length"
    if not password.isprintable():
        return "control"
    letters_left = len(password.lower().replace(name, ""))
    return "easy" if len(set(password)) < 4 or letters_left < SHORTEST // 2 else ""


def with_password(user: User, password: str) -> User:
    """The user with another password: every log-in before it is over. ConfigError, which never holds it."""
    if fault := password_fault(password, user.name):
        raise ConfigError(FAULTS[fault])
    with _TURNS:
        hashed = _HASHER.hash(_normal(password))
    return replace(user, hash=hashed, stamp=secrets.token_urlsafe(12))


def right_password(user: User | None, password: str) -> bool:
    """Whether it is the user's; for nobody it takes as long to say no."""
    with _TURNS:
        try:
            return _HASHER.verify(user.hash if user else _nobody(), _normal(password)) and user is not None
        except (Argon2Error, InvalidHashError, UnicodeError):
            return False


def granted(role: str, sites: Sequence[str]) -> dict[str, str]:
    """Roles by site: `role` on each of `sites` (on every one when there is none), or that of SITE=ROLE."""
    roles = {}
    for text in sites:
        site, _, own = text.partition("=")
        roles[site] = own or role
    for one in (role, *roles.values()):
        if one not in ROLES:
            raise ConfigError(f"role {one!r}: one of {', '.join(ROLES)}")
    return roles or {EVERY_SITE: role}


def is_owner(user: User) -> bool:
    """Whether the user may do everything everywhere, also make users."""
    return user.roles.get(EVERY_SITE) == ROLES[-1]


def last_owner(users: Mapping[str, User], name: str) -> bool:
    """Whether without this user nobody could make users."""
    return name in users and is_owner(users[name]) and sum(map(is_owner, users.values())) == 1


@cache
def _nobody() -> str:
    return _HASHER.hash(secrets.token_urlsafe(24))


def _normal(password: str) -> str:
    """One spelling of what looks the same, whatever the keyboard sent."""
    return unicodedata.normalize("NFKC", password)
