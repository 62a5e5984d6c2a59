"""Sessions computed again from the stored events, row by row: what the tables are held to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

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
    visitors = defaultdict(list)
    for event in events:
        visitors[event.site_id, event.visitor_id].append(event)
    rules = rules or {}
    return {
        session
        for (site_id, _), members in visitors.items()
        for session in cut(members, rules.get(site_id, Rule())).sessions
    }


def assert_recomputable(store: Store) -> None:
    """The sessions that stand are those that the rules of the sites make of the events that stand."""
    rules = {site.id: Rule.of(site) for site in objects.sites(store)}
    assert stored_sessions(store) == sessions_again(stored_events(store), rules)
