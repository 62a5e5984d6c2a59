"""What people make, kept in the table `objects`; and the collector's copy of the sites in a file."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import msgspec
import polars as pl

from clicktrail.errors import InputError
from schemas.arrow import schema
from schemas.objects import Site, StoredObject, User
from store.durable import write_durably
from store.tables.client import Store

SITE, USER, LOGGED_OUT = "site", "user", "logged_out"
_OBJECTS = """
SELECT kind, id, document, version, is_deleted FROM objects FINAL
WHERE has({kinds:Array(String)}, kind) AND NOT is_deleted ORDER BY kind, id
"""


def put_object(store: Store, item: StoredObject) -> None:
    """Write one object, or with is_deleted remove it; version 0 becomes the time in ns. Raises StoreError."""
    version = item.version or time.time_ns()
    row = {**asdict(item), "version": version}
    store.insert("objects", pl.DataFrame([row], schema=schema(StoredObject)))


def objects(store: Store, *kinds: str) -> list[StoredObject]:
    """The newest version of each object of these kinds that is not deleted, by kind and id; StoreError."""
    found = store.query(_OBJECTS, kinds=list(kinds))
    return [StoredObject(**row) for row in found.iter_rows(named=True)]


def put_site(store: Store, site: Site) -> None:
    """Add a site or replace it. Raises StoreError."""
    put_object(store, StoredObject(SITE, site.id, site.to_json()))


def sites(store: Store) -> list[Site]:
    """All sites, by id. Raises StoreError."""
    return [Site.from_json(item.document) for item in objects(store, SITE)]


def put_user(store: Store, user: User) -> None:
    """Add a user or replace it. Raises StoreError."""
    put_object(store, StoredObject(USER, user.name, user.to_json()))


def remove_user(store: Store, name: str) -> None:
    """Take a user away; one that is not there is no error. Raises StoreError."""
    put_object(store, StoredObject(USER, name, "{}", is_deleted=True))


def users(store: Store) -> list[User]:
    """All users, by name. Raises StoreError."""
    return [User.from_json(item.document) for item in objects(store, USER)]


def log_out(store: Store, session: str, lifetime_s: float) -> None:
    """Remember that a log-in is over, so that a copy of its cookie opens nothing. Raises StoreError.

    lifetime_s: after so long cookies are worth nothing by themselves, and older ones are forgotten.
    """
    put_object(store, StoredObject(LOGGED_OUT, session, "{}"))
    oldest = time.time_ns() - int(lifetime_s * 1e9)
    for item in objects(store, LOGGED_OUT):
        if item.version < oldest:
            put_object(store, StoredObject(LOGGED_OUT, item.id, "{}", is_deleted=True))


def logins(store: Store) -> tuple[dict[str, User], frozenset[str]]:
    """(users by name, log-ins that are over), in one query. Raises StoreError."""
    found = objects(store, USER, LOGGED_OUT)
    known = [User.from_json(item.document) for item in found if item.kind == USER]
    over = frozenset(item.id for item in found if item.kind == LOGGED_OUT)
    return {user.name: user for user in known}, over


def write_sites_file(path: Path, sites: Iterable[Site]) -> None:
    """Replace the collector's copy; a reader sees the old sites or the new ones, also after a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, msgspec.json.format(msgspec.json.encode(list(sites)), indent=1))


def read_sites_file(path: Path) -> list[Site]:
    """The collector's copy of the sites. Raises FileNotFoundError, or InputError if it is unreadable."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Site])
    except msgspec.DecodeError as error:
        raise InputError(f"{path} holds no list of sites: {error}") from error
