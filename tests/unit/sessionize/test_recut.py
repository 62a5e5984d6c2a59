"""However events arrive, the tables end up the same: those of one cut over all events."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.event import Event
from schemas.session import Session
from sessionize.recut import Recut, recut
from sessionize.repeats import winner, winners
from sessionize.rule import cut
from tests.unit.sessionize.histories import RULES, event, frame, histories
from tests.unit.sessionize.memory import Memory


def expected(events: list[Event]) -> tuple[set[Event], set[Session]]:
    """What one cut by the row form over all events gives, repeats dropped by the row form."""
    copies: dict[tuple[str, str, str], list[Event]] = {}
    for each in events:
        copies.setdefault((each.site_id, each.visitor_id, each.event_id), []).append(each)
    standing = {winner(c) for c in copies.values()}
    owners = {(e.site_id, e.visitor_id) for e in standing}
    sessions = (
        cut([e for e in standing if (e.site_id, e.visitor_id) == owner], RULES[owner[0]]) for owner in owners
    )
    return standing, {s for c in sessions for s in c.sessions}


def step(memory: Memory, new: list[Event]) -> Recut:
    """One block, with everything stored read back."""
    return recut(memory.read_events(), frame(new), memory.read_sessions(), RULES)


def apply(memory: Memory, new: list[Event]) -> Recut:
    done = step(memory, new)
    memory.write_events(done)
    memory.write_sessions(done)
    return done


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[Event]]:
    """A history with repeats (some with other times, some as old), in any order, in any batches."""
    events = draw(histories(12))
    for original in draw(st.lists(st.sampled_from(events), max_size=6)):
        late = timedelta(milliseconds=draw(st.sampled_from([0, 0, 1, 5000])))
        moved = timedelta(milliseconds=draw(st.sampled_from([-3_600_000, -1, 0, 0, 1, 1_800_001])))
        copy = replace(
            original, received_at=original.received_at + late, event_time=original.event_time + moved
        )
        events.append(replace(copy, path=draw(st.sampled_from([original.path, "/other"]))))
    events = draw(st.permutations(events))
    cuts = sorted(draw(st.lists(st.integers(0, len(events)), max_size=3)))
    batches = [events[a:b] for a, b in zip([0, *cuts], [*cuts, len(events)], strict=True)]
    return [b for b in batches if b]


@given(arrivals())
@settings(max_examples=60, deadline=None)
def test_any_order_repetition_and_batching_gives_the_same_tables(batches: list[list[Event]]) -> None:
    memory = Memory()
    for batch in batches:
        apply(memory, batch)
    assert (memory.final_events(), memory.final_sessions()) == expected([e for b in batches for e in b])
    for batch in batches:
        again = step(memory, batch)
        assert (again.insert.height, again.retract.height, again.sessions.height) == (0, 0, 0)
        assert again.duplicates == len(batch)


@given(arrivals(), st.data())
@settings(max_examples=40, deadline=None)
def test_a_crash_between_the_two_inserts_is_made_good_by_the_retry(
    batches: list[list[Event]], data: st.DataObject
) -> None:
    memory = Memory()
    for batch in batches:
        if data.draw(st.booleans()):
            memory.write_events(step(memory, batch))
        apply(memory, batch)
    assert (memory.final_events(), memory.final_sessions()) == expected([e for b in batches for e in b])
