"""The swap: one exchange of tables, and the site's new rule in the same turn.

Whoever has the next turn finishes a swap that was cut short: the comment of a table is the id of the rebuild
that made it, so it can be seen whether the exchange took place.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from clicktrail.settings import Settings
from pipelines.rebuild.journal import Journal, Value, read_journal, remove_journal, write_journal
from schemas.objects import Site
from store import objects
from store.tables.client import Store

SHADOW, NEXT = "sessions_rebuild", "sessions_next"
SETTLE_S = 0.5
_NEXT = (
    "DROP TABLE IF EXISTS sessions_next SYNC",
    "CREATE TABLE sessions_next CLONE AS sessions",
    "DELETE FROM sessions_next WHERE site_id = {site_id:String}",
    "ALTER TABLE sessions_next ATTACH PARTITION ALL FROM sessions_rebuild",
    "ALTER TABLE sessions_next MODIFY COMMENT {id:String}",
)
_EXCHANGE = "EXCHANGE TABLES sessions AND sessions_next"
_COMMENT = "SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = {table:String}"

log = logging.getLogger("clicktrail.pipeline")


def swap(settings: Settings, store: Store, journal: Journal) -> None:
    """Put the shadow in the place of the site's sessions; the caller has the turn. Raises StoreError."""
    for statement in _NEXT:
        store.command(_with_id(statement, journal.id), site_id=journal.site_id)
    write_journal(settings.data, msgspec.structs.replace(journal, phase="swap"))
    store.command(_EXCHANGE)
    _finish(settings, store, journal)


def finish_interrupted(settings: Settings, store: Store) -> None:
    """End a swap that was cut short: forwards where the new table is whole, else back to building.

    The caller has the turn. Raises StoreError.
    """
    journal = read_journal(settings.data)
    if journal is None or journal.phase != "swap":
        return
    time.sleep(SETTLE_S)  # what the killed program had sent may still be running
    if _comment(store, "sessions") != journal.id:
        if _comment(store, NEXT) != journal.id:
            log.warning("the table a rebuild was to put in place is gone; run the rebuild again")
            write_journal(settings.data, msgspec.structs.replace(journal, phase="build"))
            return
        store.command(_EXCHANGE)
    _finish(settings, store, journal)
    log.info("a rebuild of site %s that was cut short is finished", journal.site_id)


def drop_shadows(store: Store) -> None:
    """Remove what a rebuild works with. Raises StoreError."""
    for table in (SHADOW, NEXT):
        store.command(f"DROP TABLE IF EXISTS {table} SYNC")


def changed_site(site: Site, changes: Mapping[str, Value]) -> Site:
    """The site under the rule of the rebuild."""
    return replace(site, **changes)  # type: ignore[arg-type]


def _finish(settings: Settings, store: Store, journal: Journal) -> None:
    """The site's document says what the tables hold now; every step may be repeated."""
    for site in objects.sites(store):
        if site.id == journal.site_id:
            objects.put_site(store, changed_site(site, journal.changes))
    objects.write_sites_file(settings.data / "sites.json", objects.sites(store))
    drop_shadows(store)
    remove_journal(settings.data)


def _comment(store: Store, table: str) -> str:
    return "".join(str(row["comment"]) for row in store.rows(_COMMENT, table=table))


def _with_id(statement: str, id: str) -> str:
    """A comment takes no parameter; the id is hexadecimal digits of our own making."""
    return statement.replace("{id:String}", f"'{int(id, 16):016x}'")
