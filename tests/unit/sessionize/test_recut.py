"""However events arrive, the tables end up the same: those of one cut over all events."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from unittest import mock

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.arrow import schema
from schemas.event import Event
from schemas.session import Session
from sessionize.cache import OpenSessions
from sessionize.read_back import ReadBack, to_read_back
from sessionize.recut import STORED, Recut, recut
from sessionize.refunds import ORDER, orders_named
from sessionize.repeats import KEYS, SLIM, winner, winners
from sessionize.rule import cut
from tests.unit.sessionize.histories import NOON, RULES, event, frame, histories
from tests.unit.sessionize.memory import Memory

NO_STORED = pl.DataFrame(schema=schema(Session))


def expected(events: list[Event]) -> tuple[set[Event], set[Session]]:
    """What one cut by the row form over all events gives, repeats dropped by the row form."""
    copies: dict[tuple[str, str, str], list[Event]] = {}
    for each in events:
        copies.setdefault((each.site_id, each.visitor_id, each.event_id), []).append(each)
    standing = {winner(c) for c in copies.values()}
    owners = {(e.site_id, e.visitor_id) for e in standing}
    sessions = set[Session]()
    for site, visitor in owners:
        own = [e for e in standing if (e.site_id, e.visitor_id) == (site, visitor)]
        others = [e for e in standing if e.site_id == site and e.visitor_id != visitor]
        sessions.update(cut(own, RULES[site], others).sessions)
    return standing, sessions


def step(memory: Memory, new: list[Event]) -> Recut:
    """One block, with everything stored read back."""
    return recut(memory.read_events(), frame(new), memory.read_sessions(), RULES)


def copies_of(stored: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """All rows of stored copies of new events, and of orders that refunds among all these name."""
    copies = stored.join(new, on=KEYS, how="semi")
    money = pl.concat([copies.select(new.columns), new])
    return pl.concat([copies, of_orders(stored, orders_named(money, "refund"))])


def of_orders(stored: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """All rows of the events that name these orders."""
    return stored.join(stored.join(orders, on=ORDER, how="semi"), on=KEYS, how="semi")


def step_by_days(
    memory: Memory, new: pl.DataFrame, held: pl.DataFrame | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events and sessions of the store that a block needs, read as the pipeline reads: by visitor and day.

    And the refunds of the orders among these and the events `held`.
    """
    stored = memory.read_events().with_columns(day=pl.col("event_time").dt.date())
    reading = ReadBack(new, RULES)
    reading.add_copies(copies_of(stored, new.with_columns(day=pl.col("event_time").dt.date())))
    while (days := reading.wanted()).height:
        reading.add_days(days, stored.join(days, on=["site_id", "visitor_id", "day"], how="semi"))
    sessions = memory.read_sessions().join(reading.chains(), on=["site_id", "visitor_id"])
    overlap = sessions.filter(pl.col("start").is_between("first", "last"))
    around = [new.select(SLIM), reading.known.select(SLIM), *([] if held is None else [held.select(SLIM)])]
    refunds = of_orders(stored, orders_named(pl.concat(around), "order"))
    known = pl.concat([reading.known, refunds.select(STORED).cast(reading.known.schema)])
    return known, overlap.select(schema(Session).names())


def step_cached(memory: Memory, cache: OpenSessions, batch: list[Event]) -> Recut:
    """One block, with what the cache does not know read back."""
    new, stored = frame(batch), memory.read_events()
    for site in cache.unknown_sites(new):
        cache.complete(site, max(stored.filter(site_id=site)["event_time"], default=None))
    copies = copies_of(stored, new)
    held = cache.known(new, RULES, copies)
    events, sessions = step_by_days(memory, to_read_back(new, copies, held.missing), held.events)
    known = pl.concat([held.events, copies.select(STORED), events])
    return recut(known, new, pl.concat([held.sessions, sessions]), RULES)


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
@settings(max_examples=30, deadline=None)
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
@settings(max_examples=30, deadline=None)
def test_a_crash_between_the_two_inserts_is_made_good_by_the_retry(
    batches: list[list[Event]], data: st.DataObject
) -> None:
    memory = Memory()
    for batch in batches:
        if data.draw(st.booleans()):
            memory.write_events(step(memory, batch))
        apply(memory, batch)
    assert (memory.final_events(), memory.final_sessions()) == expected([e for b in batches for e in b])


@given(arrivals())
@settings(max_examples=30, deadline=None)
def test_reading_by_visitor_and_day_is_enough(batches: list[list[Event]]) -> None:
    memory = Memory()
    for batch in batches:
        new = frame(batch)
        known, stored = step_by_days(memory, new)
        done = recut(known, new, stored, RULES)
        memory.write_events(done)
        memory.write_sessions(done)
    assert (memory.final_events(), memory.final_sessions()) == expected([e for b in batches for e in b])


@given(arrivals(), st.data())
@settings(max_examples=50, deadline=None)
def test_a_cache_that_evicts_and_is_lost_changes_nothing(
    batches: list[list[Event]], data: st.DataObject
) -> None:
    memory = Memory()
    bounds = (
        data.draw(st.sampled_from([1, 3000, 1 << 20])),
        data.draw(st.sampled_from([1_800_000, 90_000_000])),
    )
    cache = OpenSessions(*bounds, max_names=data.draw(st.sampled_from([1, 2, 1000])))
    with mock.patch("sessionize.cache.SLACK_ROWS", data.draw(st.sampled_from([0, 50_000]))):
        for batch in batches:
            if data.draw(st.integers(0, 4)) == 0:
                cache.drop()
            done = step_cached(memory, cache, batch)
            memory.write_events(done)
            memory.write_sessions(done)
            cache.put(done)
    assert (memory.final_events(), memory.final_sessions()) == expected([e for b in batches for e in b])


def test_a_growing_session_needs_no_look_up() -> None:
    memory, cache = Memory(), OpenSessions()
    cache.complete("plain", None)
    for number in range(4):
        new = frame([event(number, number * 1800.0)])
        held = cache.known(new, RULES)
        assert held.missing.is_empty()
        done = recut(held.events, new, held.sessions, RULES)
        memory.write_events(done)
        memory.write_sessions(done)
        cache.put(done)
    assert [s.events for s in memory.final_sessions()] == [4]


def test_an_event_before_the_kept_chain_is_looked_up() -> None:
    cache = OpenSessions()
    cache.complete("plain", None)
    cache.put(recut(frame([]), frame([event(1, 7200)]), NO_STORED, RULES))
    assert cache.known(frame([event(2, 7200)]), RULES).missing.is_empty()
    assert cache.known(frame([event(2, 7199)]), RULES).missing.height == 1


def test_only_what_lies_a_timeout_after_stored_events_needs_no_look_up() -> None:
    cache = OpenSessions()
    cache.complete("plain", NOON)
    assert cache.known(frame([event(1, 1800)]), RULES).missing.height == 1
    assert cache.known(frame([event(1, 1800.001)]), RULES).missing.is_empty()
    cache.drop()
    assert cache.unknown_sites(frame([event(1)])) == ["plain"]
    assert cache.known(frame([event(1, 9999)]), RULES).missing.height == 1


def test_letting_go_of_a_chain_makes_its_visitor_unknown_again_and_no_other() -> None:
    cache = OpenSessions(max_bytes=1)
    cache.complete("plain", None)
    cache.put(recut(frame([]), frame([event(1)]), NO_STORED, RULES))
    assert cache.known(frame([event(2, 1800)]), RULES).missing.height == 1
    assert cache.known(frame([event(2, 1800.001)]), RULES).missing.is_empty()
    assert cache.known(frame([event(2, 1, visitor_id="new")]), RULES).missing.is_empty()


@given(st.lists(st.sampled_from(["", "/a", "/b"]), min_size=2, max_size=5), st.data())
@settings(max_examples=30, deadline=None)
def test_the_same_copy_stands_in_both_forms(titles: list[str], data: st.DataObject) -> None:
    moments = st.sampled_from([0, 0, 0, 1])
    copies = [
        event(
            1,
            data.draw(moments),
            received_at=NOON + timedelta(seconds=data.draw(moments)),
            title=title,
            path=data.draw(st.sampled_from(["", "/", "/x"])),
            revenue=Decimal(data.draw(moments)),
            raw_ref=str(number),
        )
        for number, title in enumerate(titles)
    ]
    other = event(1, visitor_id="v2")
    wins = winners(frame([*copies, other]))
    assert replace(copies[wins.tolist().index(True)], raw_ref="") == replace(winner(copies), raw_ref="")
    assert (wins.sum(), wins[-1]) == (2, True)


def test_a_copy_received_earlier_replaces_the_stored_one() -> None:
    memory = Memory()
    late = event(1, 5, received_at=NOON + timedelta(seconds=60))
    early = event(1, 4, received_at=NOON + timedelta(seconds=50))
    apply(memory, [late])
    done = apply(memory, [early])
    assert done.retract["event_time"].to_list() == [late.event_time]
    assert memory.final_events() == {early}
    assert [s.start for s in memory.final_sessions()] == [early.event_time]
    assert done.sessions["is_deleted"].to_list() == [False, True]


def test_strays_and_duplicates_are_counted() -> None:
    memory = Memory()
    first = apply(memory, [event(1), event(1), event(2, 9999, event_type="ping")])
    again = apply(memory, [event(2, 9999, event_type="ping"), event(3, 9999.5, event_type="ping")])
    assert (first.duplicates, first.strays) == (1, 1)
    assert (again.duplicates, again.strays) == (1, 1)


def test_a_chain_over_midnight_wants_both_days() -> None:
    reading = ReadBack(frame([event(1, 12 * 3600 + 1799)]), RULES)
    assert sorted(d.day for d in reading.wanted()["day"]) == [1, 2]
    reading.add_days(reading.wanted(), frame([event(2, 12 * 3600 + 1)]))
    assert reading.wanted().is_empty()


def test_a_chain_that_may_not_be_the_last_is_not_kept() -> None:
    cache, hour = OpenSessions(), timedelta(hours=1)
    cache.complete("plain", NOON + 10 * hour)
    cache.put(recut(frame([]), frame([event(1)]), NO_STORED, RULES))
    assert cache.known(frame([event(2, 5 * 3600)]), RULES).missing.height == 1


def steady(block: int, visitors: int = 120) -> list[Event]:
    """Two hours of a site at a steady rate: new visitors, and some of the day before who come back."""
    first, before = block * visitors, max(0, block - 12) * visitors
    return [
        event(
            first * 2 + number,
            (block + number / (visitors * 2)) * 7200,
            visitor_id=f"v{(before if number % 10 < 2 else first) + number // 2}",
        )
        for number in range(visitors * 2)
    ]


def sizes(cache: OpenSessions) -> tuple[int, int, int, int]:
    """Bytes and rows of all that the cache holds."""
    return cache._bytes(), cache._events.height, cache._chains.height, cache._named.height


def test_memory_is_flat_over_a_week_at_a_steady_rate() -> None:
    cache, held = OpenSessions(), list[tuple[int, ...]]()
    cache.complete("plain", None)
    with mock.patch("sessionize.cache.SLACK_ROWS", 200):
        for block in range(7 * 12):
            new = frame(steady(block))
            known = cache.known(new, RULES)
            cache.put(recut(known.events, new, known.sessions, RULES))
            held.append(sizes(cache))
    days = [[max(column) for column in zip(*held[at : at + 12], strict=True)] for at in range(0, 84, 12)]
    assert min(days[1]) > 50, "it holds what is open"
    for day in days[2:]:
        assert all(now <= before * 1.1 for now, before in zip(day, days[1], strict=True)), days


def test_the_cache_never_holds_more_bytes_than_it_may() -> None:
    cache, most = OpenSessions(max_bytes=100_000), list[int]()
    cache.complete("plain", None)
    for block in range(12):
        new = frame(
            [event(n, block + n / 1000, visitor_id=f"v{n}") for n in range(block * 300, block * 300 + 300)]
        )
        cache.put(recut(frame([]), new, NO_STORED, RULES))
        most.append(cache._bytes())
    assert 25_000 < max(most) <= 100_000
