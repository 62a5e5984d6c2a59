"""The log decoded again: the tables are then those that a fresh pipeline makes of it."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from clicktrail.errors import ConfigError
from clicktrail.settings import Settings
from ingest.protocols import BY_NAME
from ingest.protocols.base import Decoded, Source
from pipelines.live import run_live
from pipelines.rebuild import decode
from pipelines.rebuild.decode import DecodeResult, Replaced, decode_again
from pipelines.worker import worker
from schemas.envelope import Envelope, encode_block
from schemas.objects import Site
from store import objects
from store.log.local import LocalLog
from store.tables.client import Store
from tests.pipelines.again import assert_recomputable, stored_events, stored_sessions
from tests.pipelines.faults import Stopped, stop_before

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NOON_MS = 1_772_366_400_000
TABLES = ("events", "sessions", "failed_events", "identity_edges", "persons")
STATE = tuple[Any, ...]


@pytest.fixture
def settings(store: Store, store_settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Two sites, and a log of its own of requests of both, carried into the tables."""
    (store_settings.data / "pipeline" / "pipeline.range.json").unlink(missing_ok=True)
    settings = replace(store_settings, log_url=f"file:{tmp_path / 'log'}")
    objects.put_site(store, Site("shop", domain="shop.example"))
    objects.put_site(store, Site("other", domain="other.example"))
    log = LocalLog(tmp_path / "log", write=True)
    for record in requests():
        log.append([record])
    log.close()
    yield settings
    worker(settings).store.close()
    (store_settings.data / "rebuild" / "decode.json").unlink(missing_ok=True)


def requests() -> list[bytes]:
    """Records of requests: some events come twice, some are of a site that nobody knows yet."""
    rnd, records, clock = random.Random(5), [], NOON_MS
    for number in range(40):
        clock += rnd.choice([1000, 60_000, 1_900_000])
        site = rnd.choice(["shop", "shop", "shop.example", "other", "later"])
        events = [event(rnd, number, part) for part in range(rnd.randint(1, 3))]
        if number % 9 == 0:
            events.append({"nothing": 1})
        body = json.dumps({"site": site, "sent_at": clock, "events": events}).encode()
        envelopes = [Envelope(clock, "native", site, body=body, headers=(("user-agent", AGENT),))]
        if number % 5 == 0:  # sent again, arrived before it was answered
            envelopes.append(
                Envelope(clock - 2000, "native", site, body=body, headers=(("user-agent", AGENT),))
            )
        records.append(encode_block(envelopes))
    return records


def event(rnd: random.Random, number: int, part: int) -> dict[str, object]:
    return {
        "event_id": f"e{number}-{part}",
        "event_type": rnd.choice(["page_view", "click", "order", "ping", "identify"]),
        "visitor_id": rnd.choice(["anna", "bert", "carl"]),
        "user_id": rnd.choice(["", "u1"]),
        "url": f"https://shop.example/{number % 5}",
        "referrer": rnd.choice(["", "https://partner.example/", "https://www.google.com/"]),
        "target": rnd.choice(["", "odd"]),
    }


def state(store: Store) -> STATE:
    """All that stands, but for when it was written."""
    events = {replace(one, version=0) for one in stored_events(store)}
    failed = {
        (row["site_id"], row["failed_id"], row["reason"], row["raw_ref"])
        for row in store.rows("SELECT * FROM failed_events FINAL")
    }
    edges = {(row["id_a"], row["id_b"]) for row in store.rows("SELECT * FROM identity_edges FINAL")}
    return events, stored_sessions(store), failed, edges


def fresh(store: Store, settings: Settings) -> STATE:
    """What a pipeline makes of the log from its beginning."""
    for table in TABLES:
        store.command(f"TRUNCATE TABLE {table}")
    (Path(settings.log_url.removeprefix("file:")) / "readers" / "pipeline.json").unlink()
    worker(settings).forget()
    run_live(settings, once=True)
    return state(store)


def again(settings: Settings) -> DecodeResult:
    return decode_again(settings, "shop", restart=False, progress=lambda _done, _remark: None)


def odd(change: Callable[[pl.DataFrame], pl.DataFrame]) -> Callable[[Sequence[Source]], Decoded]:
    """The native decoder with a fault in what it says of odd targets."""
    real = BY_NAME["native"].decode

    def decoded(sources: Sequence[Source]) -> Decoded:
        done = real(sources)
        return replace(done, events=change(done.events))

    return decoded


def is_odd() -> pl.Expr:
    return pl.col("target") == "odd"


FAULTS: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "lost": lambda events: events.filter(~is_odd().fill_null(False)),
    "other id": lambda events: events.with_columns(
        event_id=pl.when(is_odd()).then(pl.col("event_id") + "x").otherwise("event_id")
    ),
    "one id": lambda events: events.with_columns(
        event_id=pl.when(is_odd()).then(pl.lit("same")).otherwise("event_id")
    ),
    "no type": lambda events: events.with_columns(
        event_type=pl.when(is_odd()).then(pl.lit("")).otherwise("event_type")
    ),
    "other visitor": lambda events: events.with_columns(
        visitor_id=pl.when(is_odd()).then(pl.lit("zoe")).otherwise("visitor_id")
    ),
}


def test_nothing_changes_when_nothing_is_said_otherwise(store: Store, settings: Settings) -> None:
    run_live(settings, once=True)
    before, rows = state(store), store.rows("SELECT count() AS n FROM events")
    done = again(settings)
    assert (done.passes, done.records, done.changed) == (1, 40, Replaced())
    assert state(store) == before
    assert store.rows("SELECT count() AS n FROM events") == rows


def test_a_domain_of_its_own_is_no_source_any_more(store: Store, settings: Settings) -> None:
    run_live(settings, once=True)
    others = {one for one in stored_events(store) if one.site_id == "other"}
    for site in ("shop", "other"):
        objects.put_site(store, Site(site, domain=f"{site}.example", own_domains=("partner.example",)))
    done = again(settings)
    now = stored_events(store)
    assert done.changed.events
    assert "partner.example" not in {one.source for one in now if one.site_id == "shop"}
    assert {one for one in now if one.site_id == "other"} == others, "another site was touched"
    assert_recomputable(store)
    objects.put_site(store, Site("other", domain="other.example"))
    assert state(store) == fresh(store, settings)


def test_requests_of_a_site_that_is_known_now(store: Store, settings: Settings) -> None:
    run_live(settings, once=True)
    unknown = "SELECT count() AS n FROM failed_events FINAL WHERE reason = 'unknown_site'"
    assert store.rows(unknown)[0]["n"]
    objects.put_site(store, Site("shop", domain="shop.example", keys=(("native", "later"),)))
    done = again(settings)
    assert done.changed.mended
    assert store.rows(unknown)[0]["n"] == 0
    assert_recomputable(store)
    assert state(store) == fresh(store, settings)


@pytest.mark.parametrize(
    ("fault", "mended"),
    [("lost", True), ("other id", False), ("one id", True), ("no type", True), ("other visitor", False)],
)
def test_a_decoder_that_was_changed(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, fault: str, mended: bool
) -> None:
    """A fault that is mended, or one that is new: both ways the tables follow the decoder."""
    faulty = replace(BY_NAME["native"], decode=odd(FAULTS[fault]))
    with monkeypatch.context() as patch:
        patch.setitem(BY_NAME, "native", faulty) if mended else None
        run_live(settings, once=True)
    before = state(store)
    with monkeypatch.context() as patch:
        patch.setitem(BY_NAME, "native", faulty) if not mended else None
        for site in ("shop", "other"):
            decode_again(settings, site, restart=False, progress=lambda _done, _remark: None)
        after = state(store)
        assert after != before
        assert_recomputable(store)
        expected = fresh(store, settings)
    assert after[:3] == expected[:3]
    assert after[3] >= expected[3], "an edge was removed"


def test_cut_off_before_any_of_its_acts_it_goes_on(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode, "BLOCK_BYTES", 12_000)
    with monkeypatch.context() as patch:
        patch.setitem(BY_NAME, "native", replace(BY_NAME["native"], decode=odd(FAULTS["other id"])))
        run_live(settings, once=True)
    objects.put_site(store, Site("shop", domain="shop.example", keys=(("native", "later"),)))
    places = [(Store, "insert"), (decode, "write_decode_journal"), (decode, "remove_decode_journal")]
    stopped = 0
    while stopped < 100:
        with monkeypatch.context() as patch, contextlib.suppress(Stopped):
            stop_before(stopped, patch, places)
            again(settings)
            break
        stopped += 1
    assert stopped > 5
    assert_recomputable(store)
    events = [one for one in stored_events(store) if one.site_id == "shop"]
    assert events
    assert not [one for one in events if one.event_id.endswith("x")]
    decode_again(settings, "other", restart=False, progress=lambda _done, _remark: None)
    after = state(store)
    assert after[:3] == fresh(store, settings)[:3]


def test_a_run_that_was_stopped_is_named(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_live(settings, once=True)
    monkeypatch.setattr(decode, "BLOCK_BYTES", 4000)
    with monkeypatch.context() as patch:
        stop_before(2, patch, [(decode, "write_decode_journal")])
        with pytest.raises(Stopped):
            again(settings)
    with pytest.raises(ConfigError, match=r"rebuild --site shop --decode` goes on, --restart drops it"):
        decode_again(settings, "other", restart=False, progress=lambda _done, _remark: None)
    resumed = again(settings)
    assert 0 < resumed.records < 40
