"""A replay leaves what would stand had nothing been refused; what fails again keeps its row and its past."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from msgspec.structs import replace as changed

from clicktrail.errors import StoreError
from clicktrail.settings import Settings
from ingest.protocols import BY_NAME
from ingest.protocols.access_log_columns import read_lines
from ingest.protocols.access_log_row import LogLine, Unreadable
from ingest.protocols.base import Decoded, Source
from pipelines import failed_rows
from pipelines.batch import import_files
from pipelines.failed_rows import Wanted
from pipelines.live import run_live
from pipelines.replay import ReplayResult, replay
from pipelines.worker import Counts, worker
from pipelines.writer import Writer
from schemas.envelope import Envelope, encode_block
from schemas.objects import Site
from store import objects
from store.log import open_log
from store.tables.client import Store
from tests.pipelines.again import assert_recomputable, stored_events

NOON_MS = 1_772_366_400_000
LINE = b'%d.0.0.1 - - [01/Mar/2026:12:00:%02d +0000] "GET /%s HTTP/1.1" 200 5 "-" "Mozilla/5.0"'
TABLES = ("events", "sessions", "failed_events", "identity_edges", "persons")


@pytest.fixture(autouse=True)
def _sites_are_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.worker.SITES_FRESH_S", -1.0)


def event(number: int, **more: object) -> dict[str, object]:
    return {
        "event_type": "page_view",
        "visitor_id": f"v{number % 3}",
        "url": f"https://late.example/{number}",
        "device_time": NOON_MS + number * 1000,
        **more,
    }


def posted(body: bytes, **fields: Any) -> Envelope:
    headers = (("user-agent", "Mozilla/5.0"), ("accept-language", "de"))
    return Envelope(NOON_MS + 60_000, "native", body=body, headers=headers, client_hash="h1", **fields)


def batch(*events: object, site: str = "late") -> bytes:
    return json.dumps({"site": site, "sent_at": NOON_MS + 59_000, "events": events}).encode()


GOOD = [event(1), event(2, event_id="mine"), event(3, user_id="u1", event_type="identify")]
BAD = [event(4, seq="first"), {"visitor_id": "v"}]
LINES = b"\n".join(
    [
        b"",
        json.dumps(event(1, site="late")).encode(),
        b"7",
        b'{"site":"late","events":[{}],"visitor_id":"v"}',
        json.dumps(event(2, site="late.example", events=[1])).encode(),
        b'{"cut',
    ]
)
LOG = b"\n".join(
    [LINE % (1, 1, b"a"), LINE % (1, 1, b"a"), b"nonsense", LINE % (2, 2, b"b"), b"", LINE % (1, 1, b"a")]
)
REQUESTS = {
    "a batch": posted(batch(*GOOD, *BAD)),
    "a batch of a domain, packed": posted(gzip.compress(batch(*GOOD, site="www.late.example"))),
    "one event": posted(json.dumps(event(1, site="late")).encode()),
    "an event a line": posted(LINES),
    "a trusted batch": posted(batch(event(1, event_time=NOON_MS), BAD[1]), site_key="late", trusted=True),
    "a body that is none": posted(b'{"site":"late","events":[{'),
    "a pixel": Envelope(
        NOON_MS, "pixel", "late", "GET", "/p.gif", b"site=late&url=/a&v=v1&e=sale", client_hash="h"
    ),
    "a phone": Envelope(
        NOON_MS, "wap", "late", "GET", "/w/late.wbmp", b"p=/a&t=A", subscriber="s", client_hash="h"
    ),
    "lines of events": Envelope(
        NOON_MS,
        "native",
        "late",
        "IMPORT",
        body=b"\n".join(json.dumps(one).encode() for one in (*GOOD, *BAD)) + b"\n{",
        trusted=True,
    ),
    "an access log": Envelope(
        NOON_MS, "access_log", "late", "IMPORT", body=LOG, headers=(("repeats", "0:2,1:2,5:2"),), trusted=True
    ),
}


def carry(settings: Settings, *envelopes: Envelope) -> Counts:
    """The requests through the pipeline, as one batch of the live driver."""
    sources = [
        Source(one, f"log:0:7:{at}" if one.method != "IMPORT" else f"file:x:{at + 1}")
        for at, one in enumerate(envelopes)
    ]
    writer = Writer(settings)
    with writer.turn() as turn:
        return writer.write(turn, f"log{turn.epoch}", sources)


def elsewhere(settings: Settings, folder: Path) -> Settings:
    """The same tables with a log and offsets of their own."""
    (folder / "store").symlink_to(settings.data / "store")
    return replace(settings, data=folder)


def rows(store: Store, table: str, *left_out: str) -> list[str]:
    """What stands in a table, but for some columns, in any order."""
    found = store.rows(
        f"SELECT * EXCEPT (version{''.join(f', {name}' for name in left_out)}) FROM {table} FINAL"
    )
    return sorted(repr(sorted(row.items())) for row in found)


def standing(store: Store, *, copies: bool = False) -> dict[str, list[str]]:
    """What stands. `copies`: without what says which of several like copies came first."""
    left_out: dict[str, tuple[str, ...]] = {"failed_events": ("attempts", "history")}
    if copies:
        left_out |= {"events": ("raw_ref",), "identity_edges": ("since",)}
    return {table: rows(store, table, *left_out.get(table, ())) for table in TABLES}


def empty(store: Store) -> None:
    for table in TABLES:
        store.command(f"TRUNCATE TABLE {table}")


def add_late(store: Store) -> None:
    objects.put_site(store, Site("late", domain="late.example"))


def both(settings: Settings, wanted: Wanted = Wanted()) -> ReplayResult:  # noqa: B008 - frozen
    """A replay that does what its dry run says."""
    said = replay(settings, wanted, dry_run=True)
    done = replay(settings, wanted)
    assert said == done
    return done


@pytest.mark.parametrize("name", REQUESTS)
def test_a_replay_leaves_what_would_stand_had_the_site_been_there(
    store: Store, store_settings: Settings, name: str
) -> None:
    first = carry(store_settings, REQUESTS[name])
    assert first.events == 0
    before = store.rows("SELECT count() AS n FROM failed_events FINAL")[0]["n"]
    assert first.failed == before > 0
    add_late(store)
    done = both(store_settings)
    found, attempts = standing(store), store.rows("SELECT attempts FROM failed_events FINAL")

    assert done.read == before == done.events + done.duplicates + done.failed
    assert {row["attempts"] for row in attempts} <= {2}
    assert_recomputable(store)
    empty(store)
    counts = carry(store_settings, REQUESTS[name])
    assert found == standing(store)
    assert (done.events, done.duplicates, done.failed) == (counts.events, counts.duplicates, counts.failed)


def test_all_requests_together_and_in_small_chunks(
    store: Store, store_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failed_rows, "ROWS_AT_ONCE", 3)
    first = carry(store_settings, *REQUESTS.values())
    add_late(store)
    done = both(store_settings)
    found = standing(store, copies=True)
    assert done.read == first.failed == done.events + done.duplicates + done.failed
    assert done.duplicates > 0, "the same events stand in several requests"
    empty(store)
    carry(store_settings, *REQUESTS.values())
    assert found == standing(store, copies=True)


def test_a_replay_again_changes_only_the_attempts(store: Store, store_settings: Settings) -> None:
    carry(store_settings, *REQUESTS.values())
    add_late(store)
    first = replay(store_settings, Wanted())
    before, history = standing(store), rows(store, "failed_events", "attempts")
    second = both(store_settings)

    assert (second.read, second.events, second.duplicates) == (first.failed, 0, 0)
    assert second.by_reason == first.by_reason
    assert standing(store) == before
    assert rows(store, "failed_events", "attempts") == history
    assert {row["attempts"] for row in store.rows("SELECT attempts FROM failed_events FINAL")} == {3}


def test_what_fails_for_another_reason_keeps_its_row_and_the_earlier_ones(
    store: Store, store_settings: Settings
) -> None:
    carry(store_settings, posted(batch(BAD[1], site="late.example")))
    (before,) = store.rows("SELECT * FROM failed_events FINAL")
    assert (before["reason"], before["site_id"]) == ("unknown_site", "late.example")
    objects.put_site(store, Site("late", domain="late.example", origins=("https://late.example",)))
    assert both(store_settings).by_reason[0].reason == "no_type"
    (after,) = store.rows("SELECT * FROM failed_events FINAL")

    assert {name: after[name] for name in ("failed_id", "received_at", "raw", "raw_ref", "attempts")} == {
        **{name: before[name] for name in ("failed_id", "received_at", "raw", "raw_ref")},
        "attempts": 2,
    }
    assert (after["site_id"], after["reason"]) == ("late", "no_type")
    (earlier,) = json.loads(after["history"])
    assert (earlier["reason"], earlier["detail"]) == ("unknown_site", before["detail"])
    assert earlier["rule_version"] == before["rule_version"]
    assert earlier["at"].endswith("Z")


def test_a_reason_a_site_and_an_id_restrict(store: Store, store_settings: Settings) -> None:
    carry(store_settings, posted(batch(*GOOD, *BAD)), posted(batch(event(9), site="other")), posted(b"{"))
    add_late(store)
    names = {row["site_id"]: row["failed_id"] for row in store.rows("SELECT * FROM failed_events FINAL")}
    assert names.keys() == {"late", "other", ""}

    def ask(**wanted: Any) -> int:
        return replay(store_settings, Wanted(**wanted), dry_run=True).read

    assert ask() == 7
    assert ask(reason="unknown_site") == 5
    assert ask(reason="wrong_type") == 1
    assert ask(site_id="late") == 5
    assert ask(site_id="late", unclaimed=True) == 7
    assert ask(site_id="other") == 1
    assert ask(failed_id=names["other"]) == 1
    assert ask(failed_id="nothing") == 0
    done = both(store_settings, Wanted(reason="unknown_site", site_id="late"))
    assert (done.events, done.failed) == (3, 1)


def test_what_is_an_event_meanwhile_is_a_duplicate_and_no_failed_event(
    store: Store, store_settings: Settings
) -> None:
    request = posted(batch(event(1, event_id="once")))
    carry(store_settings, request)
    add_late(store)
    carry(store_settings, changed(request, received_at=request.received_at - 1000))
    before = stored_events(store)
    done = both(store_settings)
    assert asdict(done) == {"read": 1, "events": 0, "duplicates": 1, "failed": 0, "by_reason": ()}
    assert stored_events(store) == before
    assert not store.rows("SELECT 1 FROM failed_events FINAL")


@pytest.mark.parametrize("table", ["identity_edges", "sessions", "failed_events"])
def test_a_replay_cut_short_is_completed_by_the_next(
    store: Store, store_settings: Settings, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store refuses one table, as one that is killed between two inserts does."""
    monkeypatch.setattr(failed_rows, "ROWS_AT_ONCE", 4)
    carry(store_settings, *REQUESTS.values())
    add_late(store)
    store.command(f"RENAME TABLE {table} TO away")
    try:
        with pytest.raises(StoreError, match=table):
            replay_with_rows_of(store, store_settings, table)
    finally:
        store.command(f"RENAME TABLE away TO {table}")
    replay(store_settings, Wanted())
    found = standing(store, copies=True)
    assert_recomputable(store)
    empty(store)
    carry(store_settings, *REQUESTS.values())
    assert found == standing(store, copies=True)


def replay_with_rows_of(store: Store, settings: Settings, table: str) -> None:
    """Replay while a table is away; the failed rows themselves must be read first."""
    if table != "failed_events":
        replay(settings, Wanted())
        return
    store.command("RENAME TABLE away TO failed_events")
    chunks = list(failed_rows.FailedRows(settings, store, Wanted()).chunks())
    writer = Writer(settings)
    store.command("RENAME TABLE failed_events TO away")
    with writer.turn() as turn:
        writer.write(turn, "replay", chunks[0].sources)


def test_a_decoder_that_was_mended_takes_what_it_broke_on(
    store: Store, store_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects.put_site(store, Site("late"))
    mended = replace(BY_NAME["native"], name="brittle")

    def brittle(sources: Sequence[Source]) -> Decoded:
        if any(b"poison" in source.envelope.body for source in sources):
            raise ZeroDivisionError("poison")
        return mended.decode(sources)

    monkeypatch.setitem(BY_NAME, "brittle", replace(mended, decode=brittle))
    bodies = [batch(event(1)), batch(event(2, title="poison"), event(3), BAD[1])]
    requests = [changed(posted(body), protocol="brittle") for body in bodies]
    assert carry(store_settings, *requests).failed == 1
    again = both(store_settings)
    assert (again.read, again.failed, again.by_reason[0].reason) == (1, 1, "internal")

    monkeypatch.setitem(BY_NAME, "brittle", mended)
    done = both(store_settings)
    assert (done.read, done.events, done.failed) == (1, 2, 1), "the whole request is tried: three events"
    assert done.by_reason[0].reason == "no_type"
    found = standing(store)
    empty(store)
    carry(store_settings, *requests)
    assert found == standing(store)


def test_what_could_not_be_cut_is_taken_when_it_can(
    store: Store, store_settings: Settings, tmp_path: Path
) -> None:
    """Amounts an older program let in, whose sum no session holds, are erased meanwhile."""
    objects.put_site(store, Site("late"))
    for number in range(2):
        store.command(
            "INSERT INTO events (site_id, event_id, event_type, protocol, received_at, event_time,"
            " visitor_id, order_id, revenue, version) VALUES ('late', {id:String}, 'order', 'native',"
            " {at:DateTime64(3)}, {at:DateTime64(3)}, 'v1', {id:String}, 99999999999999, 1)",
            id=f"old{number}",
            at="2026-03-01 12:00:00.000",
        )
    path = tmp_path / "x.ndjson"
    lines = [json.dumps(event(n, event_type="order", event_time=NOON_MS + n)) for n in range(3)]
    path.write_text("\n".join(lines))
    assert import_files(store_settings, [path], "late").failed == 1
    assert import_files(store_settings, [path], "late").failed == 1
    assert both(store_settings).failed == 1
    (row,) = store.rows("SELECT * FROM failed_events FINAL")
    assert (row["stage"], row["reason"], row["attempts"]) == ("load", "internal", 2)

    store.command("TRUNCATE TABLE events")
    store.command("TRUNCATE TABLE sessions")
    worker(store_settings).forget()
    done = both(store_settings)
    assert (done.read, done.events, done.failed) == (1, 1, 0)
    assert stored_events(store)[0].raw_ref == row["raw_ref"]
    again = import_files(store_settings, [path], "late")
    assert (again.events, again.duplicates, again.failed) == (2, 1, 0)
    assert not store.rows("SELECT 1 FROM failed_events FINAL")


def test_an_import_after_a_replay_gives_only_duplicates(
    store: Store, store_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects.put_site(store, Site("late"))
    path = tmp_path / "access.log"
    path.write_bytes(LOG)
    monkeypatch.setattr("ingest.protocols.access_log.read_lines", sure_of_none)
    monkeypatch.setattr("ingest.protocols.access_log.read_line", refuse)
    first = import_files(store_settings, [path], "late", "combined")
    assert (first.events, first.failed) == (0, 5)
    assert import_files(store_settings, [path], "late", "combined").failed == 5
    assert store.rows("SELECT count() AS n FROM failed_events FINAL")[0]["n"] == 5
    monkeypatch.undo()
    monkeypatch.setattr("pipelines.worker.SITES_FRESH_S", -1.0)

    done = both(store_settings)
    assert (done.read, done.events, done.failed) == (5, 4, 1)
    found = standing(store)
    again = import_files(store_settings, [path], "late", "combined")
    assert (again.read, again.events, again.duplicates, again.failed) == (5, 0, 4, 1)
    assert standing(store) == found
    empty(store)
    import_files(store_settings, [path], "late", "combined")
    assert standing(store)["events"] == found["events"]


def sure_of_none(texts: pl.Series) -> tuple[pl.DataFrame, list[int]]:
    """An older column reader, which leaves every line to the readable form."""
    return read_lines(texts.clear())[0], list(range(len(texts)))


def refuse(text: str) -> LogLine:
    """An older reader, which knows none of these lines."""
    raise Unreadable(f"not a line of 2015: {text[:20]}")


def test_bytes_too_many_to_keep_are_read_from_the_log_while_it_holds_them(
    store: Store, store_settings: Settings, tmp_path: Path
) -> None:
    settings = elsewhere(store_settings, tmp_path)
    large = event(1, properties={str(n): "x" * 8000 for n in range(20)})
    requests = [posted(batch(event(2), large)), posted(batch(event(3)))]
    log = open_log(settings, write=True)
    log.append([encode_block(requests), encode_block([posted(batch({**large, "url": "/7"}, event(5)))])])
    log.close()
    assert run_live(settings, once=True).failed == 5
    held = store.rows("SELECT length(envelope) AS bytes, length(raw) AS raw FROM failed_events FINAL")
    assert Counter((row["bytes"] > 0, row["raw"] == 65_536) for row in held) == {
        (True, False): 3,
        (False, True): 2,
    }
    add_late(store)
    done = both(settings)
    assert (done.read, done.events, done.failed) == (5, 5, 0)
    places = sorted(one.raw_ref.split(":", 3)[3] for one in stored_events(store))
    assert places == ["0:0", "0:0", "0:1", "0:1", "1:0"]


def test_what_neither_row_nor_log_holds_is_counted_and_said(
    store: Store, store_settings: Settings, tmp_path: Path
) -> None:
    settings = elsewhere(store_settings, tmp_path)
    large = event(1, properties={str(n): "x" * 8000 for n in range(20)})
    carry(settings, posted(batch(large, event(2))))
    carry(settings, changed(posted(json.dumps(large).encode(), site_key="late"), method="IMPORT"))
    before = rows(store, "failed_events")
    add_late(store)
    done = both(settings, Wanted(reason="unknown_site"))
    assert (done.read, done.events, done.failed) == (3, 1, 2)
    assert sorted(one.detail for one in done.by_reason) == [
        "not tried: it is too large to be kept whole, and the log no longer holds it",
        "not tried: it is too large to be kept whole; import its file again",
    ]
    assert set(rows(store, "failed_events")) < set(before), "they stay as they were"


def test_a_record_of_another_version_is_read_when_this_one_can(
    store: Store, store_settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = elsewhere(store_settings, tmp_path)
    add_late(store)
    log = open_log(settings, write=True)
    log.append([encode_block([posted(batch(*GOOD)), posted(batch(*BAD))])])
    log.close()
    with monkeypatch.context() as newer:
        newer.setattr("schemas.envelope.VERSION", 0)
        assert run_live(settings, once=True).failed == 1
    # The row was kept by that other program: its envelope is of its version too.
    store.command(
        "INSERT INTO failed_events SELECT * REPLACE ('' AS envelope, version + 1 AS version)"
        " FROM failed_events FINAL"
    )
    done = both(settings)
    assert (done.read, done.events, done.failed) == (1, 3, 2)
    assert Counter(row["reason"] for row in store.rows("SELECT reason FROM failed_events FINAL")) == {
        "wrong_type": 1,
        "no_type": 1,
    }
