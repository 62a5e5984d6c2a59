"""Sessions and persons computed again from what is stored, row by row: what the tables are held to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from ingest.persons import PERSON, persons_again
from schemas.event import Event
from schemas.session import Session
from sessionize.rule import Rule, cut
from store import objects
from store.tables.client import Store


def stored_events(store: Store) -> list[Event]:
    """The events that stand."""
    return [Event(**row) for row in store.query("SELECT * FROM events FINAL").iter_rows(named=True)]


def stored_sessions(store: Store) -> set[Session]:
    """The sessions that stand, without their versions."""
    rows = store.query("SELECT * FROM sessions FINAL").iter_rows(named=True)
    return {replace(Session(**row), version=0) for row in rows}


def sessions_again(events: list[Event], rules: Mapping[str, Rule] | None = None) -> set[Session]:
    """What the rules of their sites make of these events, without what the tables say of sessions."""
    visitors, refunds = defaultdict(list), defaultdict(list)
    for event in events:
        visitors[event.site_id, event.visitor_id].append(event)
        if event.event_type == "refund":
            refunds[event.site_id].append(event)
    rules = rules or {}
    return {
        session
        for (site, _), members in visitors.items()
        for session in cut(members, rules.get(site, Rule()), refunds[site]).sessions
    }


def stored_persons(store: Store) -> dict[tuple[str, str], str]:
    """(site_id, visitor_id) → person_id, of the rows that stand."""
    rows = store.query("SELECT * FROM persons FINAL").select(PERSON).iter_rows()
    return {(site, visitor): person for site, visitor, person in rows}


def persons_of_edges(store: Store) -> dict[tuple[str, str], str]:
    """The same, from the edges that stand."""
    rows = persons_again(store.query("SELECT * FROM identity_edges FINAL")).iter_rows()
    return {(site, visitor): person for site, visitor, person in rows}


def assert_recomputable(store: Store) -> None:
    """Sessions and persons that stand are those that rules, events and edges that stand make."""
    rules = {site.id: Rule.of(site) for site in objects.sites(store)}
    assert stored_sessions(store) == sessions_again(stored_events(store), rules)
    assert stored_persons(store) == persons_of_edges(store)
