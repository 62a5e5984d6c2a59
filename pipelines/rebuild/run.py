"""A site's whole history cut again under another rule, while live traffic goes on.

The new sessions are built in a shadow table, slice by slice of visitors, without holding the tables: what is
written meanwhile carries newer versions, and its visitors are cut again, in rounds, until little is left. The
rest and the swap take one turn. Whatever is built is made equal to what `events` say at that moment, so any
part of it may be done twice.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
import polars as pl

from clicktrail.errors import ConfigError
from clicktrail.output import Progress, silent
from clicktrail.settings import Settings
from clicktrail.tables import known_site
from pipelines.known import read_sql
from pipelines.lease import Turn
from pipelines.rebuild.figures import Figures, Tally, stored_figures
from pipelines.rebuild.history import Visitors, history_sessions, read_touched_sql, slice_of, slice_width
from pipelines.rebuild.journal import (
    Journal,
    Value,
    journal_file,
    read_journal,
    remove_journal,
    write_journal,
)
from pipelines.rebuild.swap import SHADOW, changed_site, drop_shadows, swap
from pipelines.turns import Turns
from schemas.arrow import complete
from schemas.session import Session
from sessionize.recut import session_changes
from sessionize.rule import Rule
from store.tables.client import Store
from store.tables.embedded.files import held_lock

SLICE_EVENTS = 300_000
"""Events of a slice, about: what lies in memory at once."""
LITTLE = 1000
"""Visitors that may be left for the turn of the swap."""
MAX_ROUNDS = 20

_EXTENT, _LAYOUT, _ERASED = (read_sql(f"rebuild_{name}") for name in ("extent", "layout", "erased"))
_SHADOW, _SLICES = (read_touched_sql(f"rebuild_{name}") for name in ("shadow", "slices"))
_FORGET_ERASED = read_sql("rebuild_forget_erased")

log = logging.getLogger("clicktrail.pipeline")


@dataclass(frozen=True)
class RuleChange:
    """Rule and figures before and after."""

    before: tuple[Rule, Figures]
    after: tuple[Rule, Figures]

    def to_json(self) -> dict[str, Any]:
        """{"rule": {"before", "after"}, "sessions": {"before", "after"}, …}."""
        sides = [{"rule": asdict(rule), **asdict(figures)} for rule, figures in (self.before, self.after)]
        return {name: {"before": sides[0][name], "after": sides[1][name]} for name in sides[0]}


def try_rule(
    store: Store,
    site_id: str,
    changes: Mapping[str, Value],
    *,
    progress: Progress = silent,
) -> RuleChange:
    """What a rebuild with these changes would make of the site's history; writes nothing.

    Raises ConfigError for an unknown site, StoreError.
    """
    site = known_site(store, site_id)
    changed, tally, slices = changed_site(site, changes), Tally(), _slices(store, site_id)
    for number in range(slices):
        progress(100 * number // slices, f"slice {number + 1} of {slices}")
        tally.add(history_sessions(store, changed, slice_of(site_id, number, slices)))
    return RuleChange((Rule.of(site), stored_figures(store, site_id)), (Rule.of(changed), tally.figures()))


def rebuild(  # noqa: PLR0913 - what the command line says
    settings: Settings,
    store: Store,
    site_id: str,
    changes: Mapping[str, Value],
    *,
    restart: bool = False,
    progress: Progress = silent,
) -> RuleChange:
    """Cut the site's history again with these fields of the site changed, and swap it in.

    One that was stopped goes on where it was, unless `restart`. Raises ConfigError for an unknown site or
    while another rebuild is under way, StoreError.
    """
    with alone(settings):
        return _Rebuild(settings, store, site_id, changes, progress).run(restart=restart)


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Only one rebuild works on a data folder; ConfigError for the second."""
    with held_lock(journal_file(settings.data).with_name("lock")) as mine:
        if not mine:
            raise ConfigError("another `clicktrail rebuild` works on this data folder; wait for its end")
        yield


class _Rebuild:
    def __init__(
        self, settings: Settings, store: Store, site_id: str, changes: Mapping[str, Value], progress: Progress
    ) -> None:
        self._settings, self._store, self._progress = settings, store, progress
        self._site_id, self._changes = site_id, dict(changes)
        self._turns = Turns(settings, store)
        self._held = Turn(0, True)
        self._number = 0

    def run(self, *, restart: bool) -> RuleChange:
        under_way = read_journal(self._settings.data)
        with self._turn():
            site = known_site(self._store, self._site_id)
            if under_way and under_way.phase == "swap" and read_journal(self._settings.data) is None:
                found = (Rule.of(site), stored_figures(self._store, site.id))
                if self._is_ours(under_way):
                    return RuleChange(found, found)
            self._journal = self._begin(restart=restart)
        self._changed = changed_site(site, self._changes)
        self._build()
        self._catch_up()
        before = (Rule.of(site), stored_figures(self._store, site.id))
        self._progress(95, "swapping")
        with self._turn():
            self._refresh_touched(self._touched())
            self._leave_out_erased()
            swap(self._settings, self._store, self._journal)
        return RuleChange(before, (Rule.of(self._changed), stored_figures(self._store, site.id)))

    def _begin(self, *, restart: bool) -> Journal:
        """The journal of what was stopped, or a new one with an empty shadow."""
        journal, layout = read_journal(self._settings.data), self._layout("sessions")
        if journal is not None and not restart:
            if not self._is_ours(journal):
                raise ConfigError(_other_under_way(journal))
            if journal.layout == layout == self._layout(SHADOW):
                log.info("going on with the rebuild: %d of %d slices stand", journal.done, journal.slices)
                return journal
        remove_journal(self._settings.data)
        drop_shadows(self._store)
        self._store.command(f"CREATE TABLE {SHADOW} AS sessions")
        journal = Journal(
            id=secrets.token_hex(8),
            site_id=self._site_id,
            changes=self._changes,
            slices=_slices(self._store, self._site_id),
            since=self._newest(),
            layout=layout,
        )
        write_journal(self._settings.data, journal)
        return journal

    def _build(self) -> None:
        """Every slice that does not stand yet."""
        slices = self._journal.slices
        for number in range(self._journal.done, slices):
            self._progress(90 * number // slices, f"slice {number + 1} of {slices}")
            self._refresh(slice_of(self._site_id, number, slices))
            self._note(done=number + 1)

    def _catch_up(self) -> None:
        """Rounds over what was written meanwhile, until little is left or a round brings it no nearer."""
        left = None
        for round_ in range(MAX_ROUNDS):
            with self._turn():  # nobody is amid a batch: what is older than `newest` is there as a whole
                newest = self._newest()
            touched = self._touched()
            before, left = left, sum(touched.values())
            if left <= LITTLE or (before is not None and left >= before):
                return
            self._progress(90, f"round {round_ + 1}: {left} visitors came meanwhile")
            self._refresh_touched(touched)
            self._note(since=newest + 1 if newest == self._journal.since else newest)

    def _refresh_touched(self, touched: Mapping[int, int]) -> None:
        for number in touched:
            self._refresh(slice_of(self._site_id, number, self._journal.slices, self._journal.since))

    def _refresh(self, visitors: Visitors) -> None:
        """Make the shadow's rows of these visitors what their events say."""
        after = history_sessions(self._store, self._changed, visitors)
        before = complete(self._store.query(_SHADOW, **asdict(visitors)), Session)
        self._number += 1
        version = self._held.version(self._number)
        changes = session_changes(before, after).with_columns(version=pl.lit(version, pl.UInt64))
        self._store.insert(SHADOW, changes, token=f"{self._journal.id}/{version}")

    def _touched(self) -> dict[int, int]:
        """Slice → its visitors with rows of version `since` or newer.

        The last batch before the look is among them once: rows of an insert cut off in flight may come late.
        """
        everyone = asdict(Visitors(self._site_id, since=self._journal.since))
        rows = self._store.rows(_SLICES, width=slice_width(self._journal.slices), **everyone)
        return {int(row["slice"]): int(row["visitors"]) for row in rows}

    def _leave_out_erased(self) -> None:
        if self._store.rows(_ERASED, site_id=self._site_id)[0]["rows"]:
            self._store.command(_FORGET_ERASED, site_id=self._site_id)

    def _newest(self) -> int:
        return int(self._store.rows(_EXTENT, site_id=self._site_id)[0]["newest"])

    def _layout(self, table: str) -> str:
        return str(self._store.rows(_LAYOUT, table=table)[0]["columns"])

    def _is_ours(self, journal: Journal) -> bool:
        return (journal.site_id, journal.changes) == (self._site_id, self._changes)

    def _note(self, **changed: int) -> None:
        self._journal = msgspec.structs.replace(self._journal, **changed)
        write_journal(self._settings.data, self._journal)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._turns.turn() as turn:
            self._held = turn
            yield


def _other_under_way(journal: Journal) -> str:
    given = ", ".join(f"{name}={value}" for name, value in journal.changes.items()) or "its present rule"
    return (
        f"a rebuild of site {journal.site_id} with {given} was stopped after {journal.done} of "
        f"{journal.slices} slices: ask for the same again to go on, or add --restart to drop it"
    )


def _slices(store: Store, site_id: str) -> int:
    return 2 + int(store.rows(_EXTENT, site_id=site_id)[0]["events"]) // SLICE_EVENTS
