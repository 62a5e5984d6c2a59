"""What campaigns, content and goals must say of an invented history, counted row by row in Python."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from dashboards.period import Period
from schemas.event import VIEWS, Event
from schemas.session import Session
from tests.dashboards.history import History, Kept, invented

TYPES = (
    "page_view", "page_view", "screen_view", "ping", "search", "outlink", "download", "form", "error",
    "click", "product_view", "add_to_cart", "order",
)  # fmt: skip
SKUS = ("tea", "cup", 'it\'s & "it"')
Key = tuple[str, str]


def content_history(site_id: str, seed: int, visitors: int = 60) -> History:
    """The invented history with events that tell of content."""
    rng = random.Random(seed)
    history = invented(site_id, seed, visitors)
    return replace(history, events=[_told(rng, event) for event in history.events])


def _told(rng: random.Random, event: Event) -> Event:
    kind = rng.choice(TYPES)
    sku = rng.choice(SKUS)
    items = [
        {rng.choice(("sku", "id")): rng.choice(SKUS), "price": rng.choice((2, "3.5", 0.25)), "quantity": n}
        for n in range(1, rng.randint(1, 4))
    ]
    if items and rng.random() < 0.4:
        del items[0]["quantity"]
        items[0]["name"] = f"Fine {rng.randrange(3)}"
    properties = {
        "search": (
            "",
            '{"results":0}',
            '{"results":"7"}',
            '{"search_count":0}',
            '{"results":2,"search_count":0}',
        ),
        "error": ('{"status":404}', '{"status":500}', "{broken"),
        "product_view": ('{"name":"Old"}', ""),
    }
    return replace(
        event,
        event_type=kind,
        event_name=rng.choice(("", "payment_failed")) if kind in ("error", "form") else "",
        target=sku
        if kind in ("product_view", "add_to_cart")
        else rng.choice(("", "a", "https://b.example/x")),
        search_term=rng.choice(("tea", "Tea", "none & such")) if kind == "search" else "",
        properties=rng.choice(properties.get(kind, ("",))),
        items=json.dumps(items) if kind == "order" and rng.random() < 0.9 else "",
        order_id=rng.choice(("", "o1", "o2", "o3")) if kind == "order" else "",
        page_view_id=rng.choice(("", "p1", "p2", "p3")),
        engaged_ms=rng.choice((0, 0, 500, 3_000, 12_345)),
        scroll_pct=rng.choice((0, 0, 20, 55, 90)),
        referrer=rng.choice(("", "https://x.example/", "https://y.example/")),
    )


@dataclass(frozen=True)
class Asked:
    """What a reference counts in: the period, where the one before is cut, the filter and the goal."""

    history: History
    period: Period
    cut: datetime
    kept: Kept
    goal: Callable[[Event], bool] | None  # None: the session has an order

    def current(self, at: datetime) -> bool | None:
        """True in the period, False in the part of the one before that counts, else None."""
        if self.period.begins <= at < self.period.ends:
            return True
        return False if self.period.previous().begins <= at < self.cut else None

    def won(self, session: Session) -> bool:
        """Whether the session holds the goal."""
        if self.goal is None:
            return session.orders > 0
        return any(self.goal(event) for event in self.history.inside(session))

    def counted(self) -> list[tuple[Event, Session | None, bool]]:
        """(event, its kept session, whether it is of the period) of all human events of the two periods."""
        of: dict[int, Session] = {}
        for session in self.history.sessions:
            if self.kept.keeps(self.history, session):
                of |= {id(event): session for event in self.history.inside(session)}
        found: list[tuple[Event, Session | None, bool]] = []
        for event in self.history.events:
            now, inside = self.current(event.event_time), of.get(id(event))
            if now is not None and self._human(event, inside):
                found.append((event, inside, now))
        return found

    def _human(self, event: Event, session: Session | None) -> bool:
        if not self.kept.active:
            return not event.is_bot
        return session is not None and (self.kept.bots or not (event.is_bot or session.is_bot))


def groups(asked: Asked, by: Callable[[Session], str]) -> dict[str, dict[str, Any]]:
    """Value → the numbers of its sessions."""
    rows: dict[str, dict[str, Any]] = {}
    people: dict[str, set[str]] = defaultdict(set)
    for session in asked.history.sessions:
        now = asked.current(session.start)
        if now is None or not asked.kept.keeps(asked.history, session):
            continue
        if session.is_bot and not asked.kept.bots:
            continue
        row = rows.setdefault(by(session), Counter())
        end = "" if now else "_before"
        row[f"sessions{end}"] += 1
        row[f"engaged{end}"] += session.is_engaged
        row[f"converted{end}"] += asked.won(session)
        row[f"revenue{end}"] += session.revenue
        if now:
            row["bounces"] += session.is_bounce
            people[by(session)].add(asked.history.person(session.visitor_id))
    return {value: {**row, "visitors": len(people[value])} for value, row in rows.items()}


def pages(asked: Asked) -> dict[str, dict[str, Any]]:
    """Path → the numbers of its views."""
    views: dict[tuple[Any, ...], dict[str, Any]] = {}
    for event, session, now in asked.counted():
        is_view = event.event_type in VIEWS
        if not (is_view or event.engaged_ms or event.scroll_pct):
            continue
        view = event.page_view_id or event.event_id
        key = (now, event.path, event.visitor_id, session.session_id if session else "", view)
        row = views.setdefault(key, {"views": 0, "engaged_ms": 0, "scroll_pct": 0, "session": session})
        row["views"] += is_view
        row["engaged_ms"] = max(row["engaged_ms"], event.engaged_ms)
        row["scroll_pct"] = max(row["scroll_pct"], event.scroll_pct)
    found = {}
    for path in {key[1] for key in views}:
        seen = [(key, row) for key, row in views.items() if key[1] == path and row["views"]]
        now_rows = [(key, row) for key, row in seen if key[0]]
        sessions = {row["session"].session_id: row["session"] for _, row in now_rows if row["session"]}
        times = sorted(row["engaged_ms"] for _, row in now_rows if row["engaged_ms"])
        depths = sorted(row["scroll_pct"] for _, row in now_rows if row["scroll_pct"])
        if seen:
            found[path] = {
                "views": sum(row["views"] for _, row in now_rows),
                "views_before": sum(row["views"] for key, row in seen if not key[0]),
                "visitors": len({asked.history.person(key[2]) for key, _ in now_rows}),
                "sessions": len(sessions),
                "exits": sum(session.exit_path == path for session in sessions.values()),
                "converted": sum(asked.won(session) for session in sessions.values()),
                "engaged_s": times[len(times) // 2] / 1000 if times else None,
                "scroll_pct": depths[int(len(depths) * 0.75)] if depths else None,
            }
    return found


def acts(asked: Asked, kind: str) -> dict[Key, dict[str, Any]]:
    """(value, place) → the numbers of its events; kind: the event type."""
    rows: dict[Key, list[tuple[Event, Session | None, bool]]] = defaultdict(list)
    on_page: dict[str, set[str]] = defaultdict(set)
    for event, session, now in asked.counted():
        if event.event_type == kind:
            rows[_key(event)].append((event, session, now))
        if now and event.event_type in (kind, *VIEWS):
            on_page[event.path].add(asked.history.person(event.visitor_id))
    return {key: _act(asked, kind, key, of, on_page[key[1]]) for key, of in rows.items()}


def _key(event: Event) -> Key:
    if event.event_type == "search":
        return event.search_term, ""
    if event.event_type == "error":
        status = json.loads(event.properties).get("status") if "broken" not in event.properties else ""
        return event.path, event.event_name or str(status)
    if event.event_type == "form":
        return event.target or event.event_name, event.path
    return event.target, ""


def _act(
    asked: Asked, kind: str, key: Key, rows: list[tuple[Event, Session | None, bool]], on_page: set[str]
) -> dict[str, Any]:
    current = [(event, session) for event, session, now in rows if now]
    sessions = {session.session_id: session for _, session in current if session}
    results = [_results(event) for event, _ in current] if kind == "search" else []
    linked = Counter(event.referrer for event, _ in current if event.referrer and kind == "error")
    return {
        "events": len(current),
        "events_before": len(rows) - len(current),
        "visitors": len({asked.history.person(event.visitor_id) for event, _ in current}),
        "sessions": len(sessions),
        "converted": sum(asked.won(session) for session in sessions.values()),
        "nothing": results.count(0),
        "counted": sum(result is not None for result in results),
        "reached": len(on_page) if kind == "form" else 0,
        "referrer": min(linked, key=lambda name: (-linked[name], name)) if linked else "",
    }


def _results(event: Event) -> float | None:
    told = json.loads(event.properties or "{}")
    found = told.get("results", told.get("search_count"))
    return None if found is None else float(found)


def products(asked: Asked, currency: str) -> dict[str, dict[str, Any]]:
    """Sku → what happened to it."""
    rows: dict[str, dict[str, Any]] = defaultdict(Counter)
    who: dict[Key, set[str]] = defaultdict(set)
    names: dict[str, tuple[datetime, str, str]] = {}
    first = _first_orders(asked.history.events, asked)
    for event, _, now in asked.counted():
        person = asked.history.person(event.visitor_id)
        for sku, name, quantity, price in _products(event):
            if not sku or (event.event_type == "order" and id(event) not in first):
                continue
            row, end = rows[sku], "" if now else "_before"
            if name:
                names[sku] = max(
                    names.get(sku, (event.event_time, event.event_id, "")),
                    (event.event_time, event.event_id, name),
                )
            row[f"views{end}"] += event.event_type == "product_view"
            ours = event.currency in ("", currency)
            row[f"revenue{end}"] += quantity * price if ours else Decimal(0)
            if now:
                row["carts"] += event.event_type == "add_to_cart"
                row["quantity"] += float(quantity)
                who[sku, "people"].add(person)
                who[sku, event.event_type].add(person)
                if event.event_type == "order":
                    who[sku, "orders"].add(event.event_id + event.visitor_id)
    return {
        sku: {
            **row,
            "name": names.get(sku, (None, None, ""))[2],
            "visitors": len(who[sku, "product_view"]),
            "buyers": len(who[sku, "order"]),
            "orders": len(who[sku, "orders"]),
            "people": len(who[sku, "people"]),
        }
        for sku, row in rows.items()
    }


def _first_orders(events: Iterable[Event], asked: Asked) -> set[int]:
    """The first event of each order of a visitor in the two periods."""
    found: dict[Key, Event] = {}
    for event in sorted(events, key=lambda e: (e.event_time, e.seq, e.event_id)):
        if event.event_type == "order" and asked.current(event.event_time) is not None:
            found.setdefault((event.visitor_id, event.order_id or event.event_id), event)
    return {id(event) for event in found.values()}


def _products(event: Event) -> list[tuple[str, str, Decimal, Decimal]]:
    if event.event_type in ("product_view", "add_to_cart"):
        name = json.loads(event.properties).get("name", "") if event.properties else ""
        return [(event.target, name, Decimal(0), Decimal(0))]
    if event.event_type != "order" or not event.items:
        return []
    return [
        (
            item.get("sku", item.get("id", "")),
            item.get("name", ""),
            Decimal(str(item.get("quantity", 1))),
            Decimal(str(item["price"])),
        )
        for item in json.loads(event.items)
    ]
