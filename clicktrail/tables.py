"""The tables for the length of one command, whatever state the data folder is in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clicktrail.errors import ConfigError
from clicktrail.settings import Settings
from schemas.objects import Site
from store import objects
from store.tables.client import Role, Store, open_store


@contextmanager
def tables(settings: Settings, role: Role = "writer") -> Iterator[Store]:
    """An open store with all tables: those of a new data folder are made first."""
    store = open_store(settings)
    try:
        store.migrate()
        if role == "writer":
            yield store
            return
        reader = open_store(settings, role=role)
        try:
            yield reader
        finally:
            reader.close()
    finally:
        store.close()


def known_site(store: Store, site_id: str) -> Site:
    """The site of this id; ConfigError with the command that adds it."""
    for site in objects.sites(store):
        if site.id == site_id:
            return site
    raise ConfigError(f"no site {site_id}; add it with `clicktrail site add {site_id}`")


def only_site(store: Store) -> str:
    """The id of the one site there is; ConfigError if there are none or several."""
    ids = [site.id for site in objects.sites(store)]
    if len(ids) != 1:
        known = f"one of {', '.join(ids[:20])}" if ids else "add one with `clicktrail site add ID`"
        raise ConfigError(f"--site: which site? {known}")
    return ids[0]
