"""Who is meant: one person, several that fit, or nobody."""

from __future__ import annotations

from dataclasses import replace

from clicktrail.errors import ConfigError
from dashboards.computed import read_sql, sql_instant
from dashboards.conditions import PROPERTY, parse
from dashboards.expressions import fill
from dashboards.filters import event_condition
from dashboards.people import Selection
from dashboards.period import Period
from dashboards.reports.visitor.options import Options
from schemas.identity_edge import USER
from schemas.objects import Site
from store.tables.client import Store

_FOUND_SQL, _BEGINS_SQL, _BY_PROPERTY_SQL = (
    read_sql(__package__ or "", name) for name in ("found.sql", "begins.sql", "by_property.sql")
)
_THESE_SQL = "SELECT arrayJoin({people:Array(String)}) AS person_id"
_PROPERTIES = "properties."


def exact(store: Store, site: Site, asked: Options) -> list[str]:
    """The persons that have exactly this id; most often one, none for a property. Raises StoreError."""
    name = asked.id or asked.user
    if not name:
        return []
    user = name if name.startswith(USER) else USER + name
    names = [user] if asked.user else [name, user]
    return [row["person_id"] for row in store.rows(_FOUND_SQL, site_id=site.id, names=names)]


def alike(store: Store, site: Site, period: Period, asked: Options) -> Selection:
    """People of the period whose id begins so, or who have the property; ConfigError if that is none."""
    given: dict[str, object] = {
        "site_id": site.id,
        "since": sql_instant(period.begins),
        "until": sql_instant(period.ends),
    }
    if not asked.with_property:
        name = asked.id or f"{USER}{asked.user.removeprefix(USER)}"
        return Selection("", _BEGINS_SQL, {**given, "name": name})
    text = (
        asked.with_property
        if asked.with_property.startswith(_PROPERTIES)
        else _PROPERTIES + asked.with_property
    )
    if any(clause.kind != PROPERTY for clause in parse(text)):
        raise ConfigError(f"property={asked.with_property}: write it as key=value")
    condition = event_condition(store, text, "property")
    return Selection("", fill(_BY_PROPERTY_SQL, property=condition), {**given, **condition.parameters})


def these(found: Selection, people: list[str]) -> Selection:
    """The people of a list, in place of what `found` looks for."""
    return replace(found, sql=_THESE_SQL, parameters={**found.parameters, "people": people})
