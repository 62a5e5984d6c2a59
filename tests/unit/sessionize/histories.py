"""Random click histories: few visitors and few distinct times, so that every boundary is met often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import strategies as st

from schemas.arrow import schema
from schemas.event import Event
from schemas.session import Session
from sessionize.rule import Rule

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
RULES = {
    "plain": Rule(),
    "capped": Rule(timeout_ms=1_800_000, max_length_ms=5_400_000, max_events=5, currency="USD"),
    "short": Rule(timeout_ms=60_000, max_length_ms=3_600_000, max_events=3, currency=""),
    "cutting": Rule(cut_on_campaign=True, midnight_zone="Asia/Kolkata"),
}
STEPS_MS = (0, 1, 60_000, 60_001, 600_000, 1_799_999, 1_800_000, 1_800_001, 5_400_000, 86_400_000)
TYPES = ("page_view", "page_view", "click", "ping", "ping", "order", "refund", "screen_view", "identify")


def event(number: int = 0, seconds: float = 0, **fields: Any) -> Event:
    """A page view of one visitor, so many seconds after noon; any field may be set."""
    when = NOON + timedelta(seconds=seconds)
    base = Event("plain", f"e{number:05}", "page_view", "native", when, when, "v1", host="shop.example")
    return replace(base, **fields)


def frame(events: Sequence[Event]) -> pl.DataFrame:
    """The events as columns."""
    return pl.DataFrame([vars(e) for e in events], schema=schema(Event))


def rows(sessions: pl.DataFrame) -> set[Session]:
    """Session rows as records, without their versions."""
    return {Session(**{**row, "version": 0}) for row in sessions.iter_rows(named=True)}


@st.composite
def histories(draw: st.DrawFn, most: int = 24) -> list[Event]:
    """Up to `most` events of a few visitors, in any order, each event once."""
    sites = draw(st.lists(st.sampled_from(sorted(RULES)), min_size=1, max_size=2, unique=True))
    visitors = [(site, visitor) for site in sites for visitor in ("v1", "v2", "é")]
    clock = dict.fromkeys(visitors, 0)
    events = []
    for number in range(draw(st.integers(1, most))):
        owner = draw(st.sampled_from(visitors))
        clock[owner] += draw(st.sampled_from(STEPS_MS))
        events.append(_event(draw, number, owner, clock[owner]))
    return draw(st.permutations(events))


def _event(draw: st.DrawFn, number: int, owner: tuple[str, str], time_ms: int) -> Event:
    kind = draw(st.sampled_from(TYPES))
    money = kind in ("order", "refund")
    when = NOON + timedelta(milliseconds=time_ms)
    return Event(
        owner[0],
        draw(st.sampled_from("aBzé")) + str(number),
        kind,
        "native",
        when + timedelta(milliseconds=draw(st.integers(0, 2))),
        when,
        owner[1],
        channel=draw(st.sampled_from(["web", "web", "web", "app", "server", "email"])),
        page_view_id=draw(st.sampled_from(["", "p1", "p2"])),
        seq=draw(st.integers(0, 2)),
        engaged_ms=draw(st.sampled_from([0, 0, 4_000, 10_000, 10_001])),
        host=draw(st.sampled_from(["a.example", "b.example"])),
        path=draw(st.sampled_from(["/", "/x", "/y"])),
        source=draw(st.sampled_from(["google", "direct"])),
        utm_campaign=draw(st.sampled_from(["", "", "spring"])),
        utm_source=draw(st.sampled_from(["", "", "mail"])),
        country=draw(st.sampled_from(["DE", "CN"])),
        is_bot=draw(st.integers(0, 9)) == 0,
        order_id=draw(st.sampled_from(["", "o1", "o2"])) if money else "",
        revenue=draw(st.sampled_from([Decimal("10"), Decimal("0.0001"), Decimal("99.99")]))
        if money
        else Decimal(0),
        currency=draw(st.sampled_from(["", "EUR", "USD"])) if money else "",
    )
