"""Funnels that were given a name: objects of the site, seen by everybody who sees the site."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import msgspec

from clicktrail.errors import ConfigError
from dashboards.reports.funnel.options import ASKED
from schemas.objects import StoredObject
from store.objects import objects, put_object
from store.tables.client import Store

KIND = "funnel"
LONGEST = 80
KEPT = (*ASKED, "trend")
"""The parameters that make a saved funnel; the period and the filters stay those of the reader."""


@dataclass(frozen=True)
class SavedFunnel:
    """A name for the parameters of a funnel."""

    site: str
    name: str
    query: dict[str, tuple[str, ...]]
    id: str = ""


def saved(store: Store, site: str) -> tuple[SavedFunnel, ...]:
    """The saved funnels of a site by name. Raises StoreError."""
    found = [msgspec.json.decode(item.document, type=SavedFunnel) for item in objects(store, KIND)]
    return tuple(sorted((one for one in found if one.site == site), key=lambda one: (one.name, one.id)))


def save(store: Store, site: str, name: str, own: Mapping[str, tuple[str, ...]]) -> SavedFunnel:
    """Keep a funnel; one of the same name is replaced. Raises ConfigError for a name that cannot be."""
    said = _named(name)
    query = {one: own[one] for one in KEPT if own.get(one)}
    same = next((one.id for one in saved(store, site) if one.name == said), "")
    return _put(store, SavedFunnel(site, said, query, same or f"{site}/{time.time_ns():x}"))


def rename(store: Store, site: str, id: str, name: str) -> SavedFunnel | None:
    """Give it another name; None when it is not there any more. Raises ConfigError for a bad name."""
    said = _named(name)
    found = next((one for one in saved(store, site) if one.id == id), None)
    return _put(store, replace(found, name=said)) if found else None


def remove(store: Store, site: str, id: str) -> None:
    """Take it away; one that is not there is no error."""
    if any(one.id == id for one in saved(store, site)):
        put_object(store, StoredObject(KIND, id, "{}", is_deleted=True))


def _put(store: Store, made: SavedFunnel) -> SavedFunnel:
    put_object(store, StoredObject(KIND, made.id, msgspec.json.encode(asdict(made)).decode()))
    return made


def _named(name: str) -> str:
    said = " ".join(name.split())
    if not 1 <= len(said) <= LONGEST:
        raise ConfigError(f"a name has 1 to {LONGEST} characters")
    return said
