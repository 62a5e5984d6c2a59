"""What an import leaves in the tables: the same sessions whatever the order, the blocks and the repeats."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from clicktrail.errors import StoreError
from clicktrail.settings import Settings
from ingest.protocols import BY_NAME
from ingest.protocols.base import Decoded, Source
from pipelines.batch import ImportResult, import_files
from pipelines.worker import Counts, worker
from pipelines.writer import Writer
from schemas.envelope import Envelope
from schemas.objects import Site
from schemas.session import Session
from store import objects
from store.tables.client import Store
from tests.pipelines.again import assert_recomputable, sessions_again, stored_events, stored_sessions

NOON_MS = 1_772_366_400_000
STEPS_MS = (0, 1, 1000, 60_000, 1_799_999, 1_800_000, 1_800_001, 40_000_000, 86_400_000, 86_399_999)
KINDS = ("page_view", "page_view", "click", "ping", "order", "refund", "screen_view", "identify", "asset")


@pytest.fixture
def shop(store: Store) -> Store:
    """Empty tables and one site."""
    objects.put_site(store, Site("shop"))
    return store


def history(seed: int, most: int = 300) -> list[bytes]:
    """Lines of a few visitors; some stand twice, some of these with another time."""
    rnd = random.Random(seed)
    clocks = dict.fromkeys(("v1", "v2", "é", "v'4\\"), NOON_MS)
    lines = []
    for number in range(most):
        visitor = rnd.choice(list(clocks))
        clocks[visitor] += rnd.choice(STEPS_MS)
        event: dict[str, object] = {
            "event_id": f"{rnd.choice('aBé')}{number}",
            "event_type": rnd.choice(KINDS),
            "visitor_id": visitor,
            "event_time": clocks[visitor],
            "received_at": clocks[visitor] + rnd.randint(0, 3),
            "seq": rnd.randint(0, 2),
            "engaged_ms": rnd.choice([0, 4000, 10_001]),
            "channel": rnd.choice(["web", "web", "app", "server"]),
            "url": f"https://shop.example/{number % 7}",
            "user_id": rnd.choice(["", "u1", "u2"]),
            "order_id": rnd.choice(["", "o1", "o2"]),
            "revenue": rnd.choice(["9999999999.9999", "0.0001", "20"]),
        }
        lines.append(event)
        if rnd.random() < 0.15:
            lines.append(event)
        if rnd.random() < 0.1:
            shift = rnd.choice([-3_600_000, -1, 0, 1, 1_800_000])
            lines.append({**event, "event_time": clocks[visitor] + shift, "received_at": clocks[visitor] + 5})
    return [json.dumps(line, ensure_ascii=False).encode() for line in lines]


def load(settings: Settings, folder: Path, lines: Sequence[bytes], **changed: object) -> ImportResult:
    """Import the lines as one file."""
    path = folder / "events.ndjson"
    path.write_bytes(b"\n".join(lines))
    return import_files(replace(settings, **changed), [path], "shop")  # type: ignore[arg-type]


def sessions(store: Store) -> set[Session]:
    """The sessions that stand, once they are known to be those of the events that stand."""
    assert_recomputable(store)
    return stored_sessions(store)


def test_a_file_again_changes_nothing(shop: Store, store_settings: Settings, tmp_path: Path) -> None:
    lines = [*history(1), b"garbage", b"", b"   ", b'{"event_type": 5']
    first = load(store_settings, tmp_path, lines)
    events, before = stored_events(shop), sessions(shop)
    again = load(store_settings, tmp_path, lines)

    assert first.read == again.read == len([line for line in lines if line.strip()])
    assert first.events == len(events) == len({(e.visitor_id, e.event_id) for e in events})
    assert (first.failed, first.sessions) == (2, len(before))
    assert (again.events, again.duplicates, again.failed) == (0, first.events + first.duplicates, 2)
    assert again.sessions == 0
    assert stored_events(shop) == events
    assert sessions(shop) == before
    assert shop.rows("SELECT count() AS n FROM failed_events FINAL")[0]["n"] == 2


@pytest.mark.parametrize("block", [1, 20_000])
@pytest.mark.parametrize("seed", [2, 3])
def test_order_and_size_of_blocks_change_no_session(
    shop: Store,
    store_settings: Settings,
    tmp_path: Path,
    seed: int,
    block: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = history(seed, 120)
    load(store_settings, tmp_path, lines)
    expected = sessions(shop)
    for table in ("events", "sessions", "identity_edges", "persons"):
        shop.command(f"TRUNCATE TABLE {table}")
    monkeypatch.setattr("pipelines.files._PIECE", 6000)

    random.Random(seed).shuffle(lines)
    result = load(store_settings, tmp_path, lines, batch_bytes=block)

    assert result.events + result.duplicates + result.failed == result.read == len(lines)
    assert result.sessions == len(expected)
    assert sessions(shop) == expected


def test_what_memory_holds_may_be_lost_between_any_two_blocks(
    shop: Store, store_settings: Settings, tmp_path: Path
) -> None:
    lines = history(4, 150)
    random.Random(4).shuffle(lines)
    writer, done = Writer(store_settings), Counts()
    for number in range(0, len(lines), 12):
        if number % 24:
            worker(store_settings).forget()
        with writer.turn() as turn:
            done += writer.write(turn, f"part{number}", [source(lines[number : number + 12], number)])
        assert_recomputable(shop)
    assert done.events + done.duplicates == len(lines)
    assert done.sessions == len(stored_sessions(shop))


def test_two_writers_that_take_turns_do_not_work_on_stale_memory(
    shop: Store, store_settings: Settings, tmp_path: Path
) -> None:
    lines = history(5, 150)
    random.Random(5).shuffle(lines)
    writers = [Writer(store_settings), Writer(replace(store_settings, batch_bytes=7))]
    for number in range(0, len(lines), 12):
        writer = writers[number // 12 % 2]
        with writer.turn() as turn:
            writer.write(turn, f"part{number}", [source(lines[number : number + 12], number)])
    assert len(stored_events(shop)) == len({key(line) for line in lines})
    assert_recomputable(shop)


def test_a_batch_that_is_repeated_writes_nothing_twice(shop: Store, store_settings: Settings) -> None:
    lines = history(6, 60)
    block = [source(lines, 0)]
    writer = Writer(store_settings)
    with writer.turn() as turn:
        first = writer.write(turn, "log0:0-9", block)
        writer.settle()
        rows = shop.rows("SELECT count() AS n FROM events")[0]["n"]
        again = writer.write(turn, "log0:0-9", block)
    restarted = Writer(replace(store_settings, batch_bytes=8))
    with restarted.turn() as turn:
        third = restarted.write(turn, "log0:0-9", block)
    assert again.events == third.events == 0
    assert again.duplicates == third.duplicates == first.events + first.duplicates
    assert shop.rows("SELECT count() AS n FROM events")[0]["n"] == rows
    assert_recomputable(shop)


def test_a_batch_that_ended_after_its_events_is_completed(
    shop: Store, store_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store refuses the second table, as one that is killed between two inserts does."""
    block = [source(history(7, 60), 0)]
    writer = Writer(store_settings)
    shop.command("RENAME TABLE sessions TO sessions_away")
    try:
        with writer.turn() as turn:
            writer.write(turn, "log0:0-9", block)
            with pytest.raises(StoreError, match="sessions"):
                writer.settle()
    finally:
        shop.command("RENAME TABLE sessions_away TO sessions")
    assert not stored_sessions(shop)
    with writer.turn() as turn:
        writer.write(turn, "log0:0-9", block)
    assert stored_sessions(shop)
    assert_recomputable(shop)


def test_a_request_that_breaks_its_decoder_is_kept_and_the_others_live(
    shop: Store, store_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(sources: Sequence[Source]) -> Decoded:
        raise ZeroDivisionError("poison")

    monkeypatch.setitem(BY_NAME, "poison", replace(BY_NAME["native"], name="poison", decode=refuse))
    good = [source(history(8, 20)[number : number + 5], number) for number in (0, 5, 10)]
    poison = Source(Envelope(NOON_MS, "poison", "shop", body=b"\0\xff", method="POST"), "log:0:7:1")
    writer = Writer(store_settings)
    with writer.turn() as turn:
        counts = writer.write(turn, "log0:0-9", [good[0], poison, *good[1:]])

    assert (counts.events + counts.duplicates, counts.failed) == (15, 1)
    (row,) = shop.rows("SELECT reason, stage, detail, raw, raw_ref, site_id FROM failed_events FINAL")
    assert (row["reason"], row["stage"], row["site_id"]) == ("internal", "decode", "shop")
    assert row["detail"] == "ZeroDivisionError: poison"
    assert row["raw_ref"].startswith("log:0:7:1")
    assert_recomputable(shop)


def test_a_visitor_whose_history_cannot_be_cut_is_kept_as_failed_and_the_others_live(
    shop: Store, store_settings: Settings, tmp_path: Path
) -> None:
    """An older program let amounts in whose sum is larger than a session can hold."""
    for number in range(2):
        shop.command(
            "INSERT INTO events (site_id, event_id, event_type, protocol, received_at, event_time,"
            " visitor_id, order_id, revenue, version) VALUES ('shop', {id:String}, 'order', 'native',"
            " {at:DateTime64(3)}, {at:DateTime64(3)}, 'v7', {id:String}, 99999999999999, 1)",
            id=f"old{number}",
            at="2026-03-01 12:00:00.000",
        )
    lines = [
        json.dumps(
            {"event_id": f"n{n}", "event_type": "order", "visitor_id": f"v{n}", "event_time": NOON_MS + n}
        ).encode()
        for n in range(20)
    ]
    result = load(store_settings, tmp_path, lines)
    assert (result.read, result.events, result.failed) == (20, 19, 1)
    (row,) = shop.rows("SELECT reason, stage, raw FROM failed_events FINAL")
    assert (row["reason"], row["stage"]) == ("internal", "load")
    assert json.loads(row["raw"])["event_id"] == "n7"
    assert {session.visitor_id for session in stored_sessions(shop)} == {f"v{n}" for n in range(20)} - {"v7"}


def test_amounts_and_times_at_the_bounds_do_not_stop_the_pipeline(
    shop: Store, store_settings: Settings, tmp_path: Path
) -> None:
    most = 5_662_223_999_999
    events: list[dict[str, Any]] = [
        *({"event_type": "order", "order_id": f"o{n}", "revenue": "9999999999.9999"} for n in range(30)),
        *({"event_type": "order", "order_id": f"x{n}", "revenue": "99999999999999"} for n in range(2)),
        *({"event_type": "ping", "page_view_id": f"p{n}", "engaged_ms": 1 << 53} for n in range(300)),
        {"event_type": "click", "engaged_ms": -(1 << 53), "scroll_pct": 1 << 53, "seq": -(1 << 53)},
        {"event_type": "click", "value": -1e308, "seq": 1 << 53},
    ]
    for number, event in enumerate(events):
        event |= {"event_id": f"a{number}", "visitor_id": "v", "event_time": NOON_MS + number}
    for moment in (0, 1, most - 1, most, most + 1, 1 << 53):
        events.append(
            {"event_type": "click", "event_id": f"t{moment}", "visitor_id": "w", "event_time": moment}
        )
    lines = [json.dumps(event).encode() for event in events]

    first = load(store_settings, tmp_path, lines)
    late = [json.dumps({**event, "event_id": f"late{event['event_time']}"}).encode() for event in events[-6:]]
    load(store_settings, tmp_path, late)
    worker(store_settings).forget()
    load(store_settings, tmp_path, lines[-6:])

    assert first.failed == 4, "two amounts and two times are refused"
    assert {s.visitor_id: s.events for s in sessions(shop) if s.visitor_id == "v"} == {"v": 332}
    assert sorted(s.events for s in stored_sessions(shop) if s.visitor_id == "w") == [4, 4]


def source(lines: Sequence[bytes], number: int) -> Source:
    """The lines as a block of an import."""
    body = b"\n".join(lines)
    envelope = Envelope(NOON_MS, "native", "shop", method="IMPORT", body=body, trusted=True)
    return Source(envelope, f"file:test:{number}")


def key(line: bytes) -> tuple[str, str]:
    event = msgspec.json.decode(line)
    return event["visitor_id"], event["event_id"]


def test_the_recomputation_is_not_blind(shop: Store, store_settings: Settings, tmp_path: Path) -> None:
    load(store_settings, tmp_path, history(9, 40))
    shop.command(
        "INSERT INTO sessions SELECT * REPLACE (events + 1 AS events, version + 1 AS version) "
        "FROM sessions FINAL LIMIT 1"
    )
    assert stored_sessions(shop) != sessions_again(stored_events(shop))
