"""The churn risk of single persons, with its history: for the page of a visitor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crm.fitted import Fitted
from dashboards.computed import Computed, read_sql
from dashboards.reports.churn.fit import Learnt, forecast
from dashboards.reports.churn.options import ChurnOptions, Moment, moment
from dashboards.reports.churn.people import persons
from dashboards.reports.churn.query import people_query
from dashboards.reports.churn.records import PastRisk, Person
from dashboards.reports.churn.scoring import parameters
from schemas.objects import Site
from store.tables.client import Store

MOST = 1_000
_PAST, _HASHES = (read_sql(__package__ or "", f"{name}.sql") for name in ("past_scores", "hashes"))


@dataclass(frozen=True)
class Risk:
    """What is said of one person now, and what was said before, oldest first."""

    person: Person
    history: tuple[PastRisk, ...]
    learnt: Learnt
    computed: Computed

    @property
    def fitted(self) -> Fitted:
        """The forecast."""
        return self.learnt.fitted


def risk_of(
    store: Store, site: Site, person_ids: Sequence[str], now: datetime, options: ChurnOptions | None = None
) -> dict[str, Risk]:
    """The risks of persons by id, as the churn page gives them.

    Who is not in play (silent for too long, known for one day only, or unknown) has none. ConfigError when a
    forecast must first be made by `clicktrail score`, ValueError for more than 1,000 ids.
    """
    if len(person_ids) > MOST:
        raise ValueError(f"at most {MOST} persons at once")
    if not person_ids:
        return {}
    options = options or ChurnOptions()
    at = moment(options.as_of, site.timezone, now)
    learnt = forecast(store, site, options, at)
    hashes = store.rows(_HASHES, names=list(person_ids))[0]["people"]
    asked = people_query(learnt.fitted, parameters(site, at, learnt.fitted), hashes)
    found = persons(store, site, learnt.fitted, at, asked.rows(store))
    past = _history(store, site, learnt.fitted, at, person_ids)
    return {
        person.person_id: Risk(person, past.get(person.person_id, ()), learnt, asked)
        for person in found
        if person.person_id in set(person_ids)
    }


def _history(
    store: Store, site: Site, fitted: Fitted, at: Moment, names: Sequence[str]
) -> dict[str, tuple[PastRisk, ...]]:
    rows = store.rows(
        _PAST,
        site_id=site.id,
        primary=fitted.primary,
        horizon_days=fitted.horizon.days,
        names=list(names),
        by=at.today.isoformat(),
    )
    found: dict[str, tuple[PastRisk, ...]] = {}
    for row in rows:
        one = PastRisk(row["as_of"], row["risk"])
        found[row["person_id"]] = (*found.get(row["person_id"], ()), one)
    return found
