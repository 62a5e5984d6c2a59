"""The sessions of visitors' whole histories under a rule, read from `events`."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import polars as pl

from pipelines.known import read_sql
from schemas.arrow import schema
from schemas.event import Event
from schemas.objects import Site
from sessionize.columns import COLUMNS, sessions
from sessionize.refunds import orders_named
from sessionize.rule import Rule
from store.tables.client import Store

HASHES = 1 << 64
_TOUCHED = read_sql("rebuild_touched")
_SCHEMA = pl.Schema({name: schema(Event)[name] for name in COLUMNS})


def read_touched_sql(name: str) -> str:
    """A query of this package that reads the touched visitors of a slice."""
    return read_sql(name).replace("{touched}", _TOUCHED)


_EVENTS = read_touched_sql("rebuild_events").replace("{rule_columns}", ", ".join(COLUMNS))

_REFUNDS = read_sql("standing_refunds").replace("{rule_columns}", ", ".join(COLUMNS))


@dataclass(frozen=True)
class Visitors:
    """Visitors of a site by their hash vh, both ends included, that are touched since a version."""

    site_id: str
    first: int = 0
    last: int = HASHES - 1
    since: int = 0


def slice_of(site_id: str, number: int, slices: int, since: int = 0) -> Visitors:
    """One of the slices of a site's visitors; there are at least two."""
    width = slice_width(slices)
    return Visitors(site_id, number * width, min((number + 1) * width, HASHES) - 1, since)


def slice_width(slices: int) -> int:
    """Hashes in a slice: hash // width is the number of its slice."""
    return -(-HASHES // slices)


def history_sessions(store: Store, site: Site, visitors: Visitors) -> pl.DataFrame:
    """Sessions of all that these visitors ever did, under the rule of `site`; schema(Session), version 0.

    Raises StoreError.
    """
    events = store.query(_EVENTS, **asdict(visitors)).cast(_SCHEMA)
    orders = orders_named(events, "order")
    refunds = events.clear()
    if orders.height:
        refunds = store.query(_REFUNDS, tables={"orders": orders}, site_id=site.id).cast(_SCHEMA)
    return sessions(events, {site.id: Rule.of(site)}, refunds)
