"""Persons of a list from the rows of the engine: their names, reasons, and what would change their risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from crm.activity import day_number, day_of
from crm.fitted import Fitted
from crm.lifecycle import Stage
from crm.reasons import Reason, reasons
from crm.summary import Summary
from dashboards.computed import Computed, read_sql, sql_instant
from dashboards.reports.churn.options import Moment
from dashboards.reports.churn.records import Evidence, Known, Person
from schemas.objects import Site
from store.tables.client import Store

Rows = Sequence[dict[str, Any]]
_NAMES, _EVIDENCE = (read_sql(__package__ or "", f"{name}.sql") for name in ("names", "evidence"))
_ARRAYS = (
    "active_days", "first", "last", "last_gap", "recent_days", "season_days", "quarter_days",
    "previous_quarter_days",
)  # fmt: skip


def persons(store: Store, site: Site, fitted: Fitted, at: Moment, rows: Rows) -> tuple[Person, ...]:
    """The people of rows of facts, in their order."""
    if not rows:
        return ()
    people = summary(rows, fitted, at)
    why = _reasons(fitted, people)
    after = fitted.risk(people.after_visit_today())
    numbers = [row["person"] for row in rows]
    names = {row["person"]: row["person_id"] for row in store.rows(_NAMES, site_id=site.id, people=numbers)}
    found = evidence(store, site, at, numbers)
    has_risk = fitted.name is not None
    return tuple(
        Person(
            person_id=names[row["person"]],
            last=day_of(row["last"]),
            known=Known(**{name: row[name] for name in Known.__dataclass_fields__}),
            stage=Stage(row["stage"]),
            risk=row["risk"] if has_risk else None,
            reasons=why[number],
            after_today=float(after[number]) if has_risk and row["silence"] else None,
            spent=row["spent"],
            evidence=found.get(row["person"], ()),
            bounds=(row["risk_low"], row["risk_high"]) if fitted.has_bounds else None,
        )
        for number, row in enumerate(rows)
    )


def summary(rows: Rows, fitted: Fitted, at: Moment) -> Summary:
    """Rows of facts as the mathematics reads them."""
    whole = {name: np.array([row[name] for row in rows], np.int64) for name in _ARRAYS}
    return Summary(
        as_of=day_number(at.today),
        horizon=fitted.horizon.days,
        site_gap=fitted.site_gap,
        person=np.arange(len(rows)),
        mean_value=np.array([row["mean_value"] for row in rows], np.float64),
        **whole,
    )


def evidence(store: Store, site: Site, at: Moment, people: Sequence[int]) -> dict[int, tuple[Evidence, ...]]:
    """What happened to people in the last 60 days that no forecast uses: hash of the person → the kinds."""
    given = {
        "site_id": site.id,
        "zone": site.timezone,
        "until": sql_instant(at.until),
        "people": list(people),
    }
    found: dict[int, tuple[Evidence, ...]] = {}
    for row in Computed("evidence", "", _EVIDENCE, given).rows(store):
        one = Evidence(row["kind"], row["count"], row["last"])
        found[row["person"]] = (*found.get(row["person"], ()), one)
    return found


def _reasons(fitted: Fitted, people: Summary) -> list[tuple[Reason, ...]]:
    points = fitted.points(people)
    return [()] * len(people.person) if points is None else reasons(points, people, fitted.primary)
