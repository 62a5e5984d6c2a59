"""A funnel made ready to be asked: its query in the exact and in the short form, and all parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import polars as pl

from dashboards.computed import Computed, read_sql, sql_instant
from dashboards.conditions import parse as parse_condition
from dashboards.expressions import Expression, fill
from dashboards.filters import SessionFilter, check_by_engine, session_filter
from dashboards.period import Period
from dashboards.reports.funnel.histories import packs
from dashboards.reports.funnel.options import FunnelOptions
from dashboards.reports.funnel.sql import packed_units, units
from dashboards.significance import LEAST
from schemas.objects import Site
from store.tables.client import Store

MOST_NEXT = 20
"""Most lines of what those did next who left after a step."""

MOST_TIED = 1000
"""Up to so many units that the short form cannot order are looked at apart; of more, all exactly."""

_MIXED_SQL = read_sql(__package__ or "", "mixed.sql")
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Packed:
    """The short form: of all units, and both forms of the units of the parameter `tied`."""

    units: Expression
    tied: Expression
    tied_exactly: Expression

    def mark(self, sql: str) -> str:
        """A text with the marks `/*packed*/ 1` and `/*exact*/ 1` for the tied units."""
        return fill(sql, packed=self.tied, exact=self.tied_exactly)

    @property
    def mixed(self) -> Expression:
        """All units, the tied ones exactly."""
        return Expression(fill(_MIXED_SQL, packed=self.units, exact=self.tied_exactly))


@dataclass(frozen=True)
class Question:
    """A funnel made ready to be asked: the query of how far each unit came, and all parameters."""

    options: FunnelOptions
    kept: SessionFilter
    units: Expression
    packed: Packed | None  # the same by the short form of the events
    given: Mapping[str, object]

    def computed(self, name: str, definition: str, sql: str, **marks: Expression) -> Computed:
        """A query over the units: a static text with the mark `/*units*/ 1`."""
        return self.kept.computed(name, definition, fill(sql, units=self.units, **marks), self.given)

    def tables(self, store: Store) -> dict[str, pl.DataFrame]:
        """What is sent along with each query."""
        return self.kept.tables(store, self.given)


def question(  # noqa: PLR0913 - what a report is asked with
    store: Store,
    site: Site,
    period: Period,
    options: FunnelOptions,
    filters: Sequence[str] = (),
    *,
    now: datetime,
) -> Question:
    """Make a funnel ready; ConfigError when a filter or a regular expression cannot be read."""
    _check(store, options)
    kept = session_filter(store, filters)
    return asked(site, period, options, kept, now)


def asked(site: Site, period: Period, options: FunnelOptions, kept: SessionFilter, now: datetime) -> Question:
    """The query of how far each unit came, and the values of all its parameters."""
    now = now.astimezone(timezone.utc)
    longest = timedelta() if options.open else timedelta(milliseconds=options.window_ms)
    until = min(period.ends + longest, now + _MS)
    span_ms = max(0, (until - period.begins) // _MS)
    core = units(options, span_ms)
    packed = _packed(options, span_ms) if packs(options, span_ms) else None
    given: dict[str, object] = {
        "site_id": site.id,
        "since": sql_instant(period.begins),
        "ends": sql_instant(period.ends),
        "until": sql_instant(until),
        "zone": period.zone,
        "window_ms": options.window_ms,
        "now_ms": (now - period.begins) // _MS,
        "last_step": options.required[-1],
        "least": LEAST,
        "most_next": MOST_NEXT,
        "most_tied": MOST_TIED,
        "broken_down": int(bool(options.breakdown)),
        "at_step": options.at_step,
        "trend": options.trend,
        "filtered": int(kept.active),
        "bots": int(kept.bots),
        **kept.parameters,
        **core.parameters,
        **(packed.units.parameters if packed else {}),
    }
    return Question(options, kept, core, packed, given)


def _packed(options: FunnelOptions, span_ms: int) -> Packed:
    return Packed(
        packed_units(options, span_ms),
        packed_units(options, span_ms, tied=True),
        units(options, span_ms, tied=True),
    )


def _check(store: Store, options: FunnelOptions) -> None:
    """Let the engine read every regular expression."""
    texts = (*options.steps, *(one.condition for one in options.exclusions))
    clauses = [clause for text in texts for clause in parse_condition(text)]
    check_by_engine(store, clauses)
