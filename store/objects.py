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
from schemas.objects import Site, StoredObject
from store.durable import write_durably
from store.tables.client import Store

SITE = "site"
_OBJECTS = """
SELECT kind, id, document, version, is_deleted FROM objects FINAL
WHERE kind = {kind:String} AND NOT is_deleted ORDER BY id
"""


def put_object(store: Store, item: StoredObject) -> None:
    """Write one object, or with is_deleted remove it; version 0 becomes the time in ns. Raises StoreError."""
    version = item.version or time.time_ns()
    row = {**asdict(item), "version": version}
    store.insert("objects", pl.DataFrame([row], schema=schema(StoredObject)))


def objects(store: Store, kind: str) -> list[StoredObject]:
    """The newest version of each object of a kind that is not deleted, by id. Raises StoreError."""
    return [StoredObject(**row) for row in store.query(_OBJECTS, kind=kind).iter_rows(named=True)]


def put_site(store: Store, site: Site) -> None:
    """Add a site or replace it. Raises StoreError."""
    put_object(store, StoredObject(SITE, site.id, site.to_json()))


def sites(store: Store) -> list[Site]:
    """All sites, by id. Raises StoreError."""
    return [Site.from_json(item.document) for item in objects(store, SITE)]


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
