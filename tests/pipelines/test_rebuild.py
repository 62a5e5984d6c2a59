"""Another rule for a site's whole history: beside traffic, stopped at any point, and back again."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from clicktrail.errors import ConfigError
from clicktrail.settings import Settings
from ingest.protocols.base import Source
from pipelines.rebuild import run, swap
from pipelines.rebuild.figures import stored_figures
from pipelines.rebuild.journal import journal_file, read_journal
from pipelines.rebuild.run import alone, rebuild, try_rule
from pipelines.turns import Turns
from pipelines.writer import Writer
from schemas.envelope import Envelope
from schemas.objects import Site
from schemas.session import Session
from store import objects
from store.tables.client import Store, open_store
from tests.conftest import ROOT
from tests.pipelines.again import assert_recomputable, stored_events, stored_sessions
from tests.pipelines.faults import Stopped, stop_before

NOON_MS = 1_772_366_400_000
STEPS_MS = (1000, 60_000, 299_999, 300_000, 300_001, 1_800_000, 1_800_001, 40_000_000)
FIVE_MINUTES = {"timeout_s": 300}
ALL = -1
KINDS = ("page_view", "page_view", "click", "ping", "order")

ACTS: list[tuple[object, str]] = [(Store, "command"), (Store, "insert")]
ACTS += [(module, name) for module in (run, swap) for name in ("write_journal", "remove_journal")]
KILLED = """
import os, signal, sys
from pathlib import Path
from clicktrail.settings import Settings
from pipelines.rebuild.run import rebuild
from store.tables.client import Store, open_store

settings, last = Settings(data=Path(sys.argv[1])), sys.argv[2]
store = open_store(settings)
act = Store.command

def command(self, sql, **parameters):
    act(self, sql, **parameters)
    if sql.startswith(last):
        os.kill(os.getpid(), signal.SIGKILL)

Store.command = command
rebuild(settings, store, "shop", {"timeout_s": 300})
"""


@pytest.fixture
def shop(store: Store, store_settings: Settings) -> Iterator[Store]:
    """Two sites with a history of some visitors each, slices of which there are several."""
    for site in ("shop", "other"):
        objects.put_site(store, Site(site))
    write(store_settings, history(1), "shop")
    write(store_settings, history(2), "other")
    yield store
    journal_file(store_settings.data).unlink(missing_ok=True)
    for table in ("sessions_rebuild", "sessions_next"):
        store.command(f"DROP TABLE IF EXISTS {table} SYNC")


@pytest.fixture(autouse=True)
def _small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.rebuild.run.SLICE_EVENTS", 300)
    monkeypatch.setattr("pipelines.rebuild.run.LITTLE", 0)


def history(seed: int, most: int = 400, first: int = 0) -> list[bytes]:
    rnd = random.Random(seed)
    clocks = {f"v{number}": NOON_MS for number in range(20)}
    lines = []
    for number in range(first, first + most):
        visitor = rnd.choice(list(clocks))
        clocks[visitor] += rnd.choice(STEPS_MS)
        event = {
            "event_id": f"e{number}",
            "event_type": rnd.choice(KINDS),
            "visitor_id": visitor,
            "event_time": clocks[visitor] - rnd.choice([0, 0, 400_000]),
            "received_at": clocks[visitor],
            "url": f"https://shop.example/{number % 7}",
            "order_id": rnd.choice(["", "o1", "o2"]),
            "revenue": "20",
            "currency": rnd.choice(["", "EUR", "USD"]),
        }
        lines.append(event)
        if rnd.random() < 0.1:  # a copy received earlier takes its place
            lines.append({**event, "event_time": clocks[visitor] - 900_000, "received_at": NOON_MS - 1})
    return [json.dumps(line).encode() for line in lines]


def keys(lines: Sequence[bytes]) -> set[tuple[str, str]]:
    """(visitor_id, event_id) of each line."""
    return {(event["visitor_id"], event["event_id"]) for event in map(json.loads, lines)}


def write(settings: Settings, lines: Sequence[bytes], site: str, writer: Writer | None = None) -> None:
    """What live traffic does."""
    writer = writer or Writer(settings)
    body = b"\n".join(lines)
    envelope = Envelope(NOON_MS, "native", site, method="IMPORT", body=body, trusted=True)
    with writer.turn() as turn:
        writer.write(turn, f"test{random.random()}", [Source(envelope, "file:test:0")])


def of_site(sessions: set[Session], site: str) -> set[Session]:
    return {session for session in sessions if session.site_id == site}


def site_of(store: Store, site_id: str = "shop") -> Site:
    return next(site for site in objects.sites(store) if site.id == site_id)


def tables_of(store: Store) -> set[str]:
    return {row["name"] for row in store.rows("SHOW TABLES")}


def test_sessions_are_those_of_the_new_rule_and_the_old_rule_gives_the_first_ones_again(
    shop: Store, store_settings: Settings
) -> None:
    first, tables = stored_sessions(shop), tables_of(shop)
    guess = try_rule(shop, "shop", FIVE_MINUTES)
    assert stored_sessions(shop) == first
    assert tables_of(shop) == tables
    assert not journal_file(store_settings.data).exists()

    done = rebuild(store_settings, shop, "shop", FIVE_MINUTES)

    assert_recomputable(shop)
    assert site_of(shop).timeout_s == 300
    assert len(of_site(stored_sessions(shop), "shop")) > len(of_site(first, "shop"))
    assert of_site(stored_sessions(shop), "other") == of_site(first, "other")
    assert done == guess
    assert done.after[1].sessions == len(of_site(stored_sessions(shop), "shop"))
    assert (tables_of(shop), read_journal(store_settings.data)) == (tables, None)

    back = rebuild(store_settings, shop, "shop", {"timeout_s": 1800})
    assert stored_sessions(shop) == first
    assert (back.before, back.after) == (done.after, done.before)
    shop.command("OPTIMIZE TABLE sessions FINAL")
    assert stored_sessions(shop) == first


def test_revenue_in_another_currency(shop: Store, store_settings: Settings) -> None:
    before = stored_figures(shop, "shop").revenue
    change = rebuild(store_settings, shop, "shop", {"currency": "USD"})
    assert_recomputable(shop)
    assert change.before[1].revenue == before != change.after[1].revenue


def test_a_site_without_events_just_takes_the_rule(store: Store, store_settings: Settings) -> None:
    objects.put_site(store, Site("shop"))
    change = rebuild(store_settings, store, "shop", FIVE_MINUTES)
    assert change.to_json()["sessions"] == {"before": 0, "after": 0}
    assert site_of(store).timeout_s == 300


def test_what_is_written_meanwhile_is_neither_missed_nor_doubled(
    shop: Store, store_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Traffic of both sites, late and repeated events among it, while three rebuilds follow each other."""
    stop, failures = threading.Event(), list[BaseException]()
    before = {site: keys(history(seed)) for site, seed in (("shop", 1), ("other", 2))}
    sent = {site: set(known) for site, known in before.items()}

    def traffic() -> None:
        # Other settings: a writer, and what it remembers, of its own.
        writer, first = Writer(replace(store_settings, batch_bytes=11)), 300
        try:
            while not stop.is_set():
                lines = history(first, 40, first)
                for site, part in (("shop", lines[:20]), ("other", lines[20:])):
                    write(store_settings, part, site, writer)
                    sent[site] |= keys(part)
                first += 25
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=traffic)
    thread.start()
    try:
        for timeout in (300, 3600):
            rebuild(store_settings, shop, "shop", {"timeout_s": timeout})
    finally:
        stop.set()
        thread.join(60)
    assert not failures
    standing = [(one.site_id, one.visitor_id, one.event_id) for one in stored_events(shop)]
    for site, known in sent.items():
        assert len(known) > len(before[site]) + 10, "too little traffic to see anything"
        assert sorted(key[1:] for key in standing if key[0] == site) == sorted(known)
    assert_recomputable(shop)
    assert site_of(shop).timeout_s == 3600
    write(store_settings, history(7, 50, 350), "shop")
    assert_recomputable(shop)


def test_a_reader_sees_the_old_sessions_or_the_new_ones(shop: Store, store_settings: Settings) -> None:
    seen, stop = list[tuple[int, int]](), threading.Event()
    counts = (
        "SELECT countIf(site_id = 'shop') AS ours, countIf(site_id = 'other') AS others FROM sessions FINAL"
    )

    def counted(store: Store) -> tuple[int, int]:
        (row,) = store.rows(counts)
        return row["ours"], row["others"]

    def poll() -> None:
        reader = open_store(store_settings, role="reader")
        while not stop.is_set():
            seen.append(counted(reader))
        reader.close()

    old = counted(shop)
    thread = threading.Thread(target=poll)
    thread.start()
    try:
        rebuild(store_settings, shop, "shop", FIVE_MINUTES)
    finally:
        stop.set()
        thread.join(60)
    new = counted(shop)
    assert new != old
    assert set(seen) <= {old, new}
    assert old in seen
    assert seen == sorted(seen, key=lambda one: one == new), "back to the old ones"


def test_cut_off_before_any_of_its_acts_it_goes_on_and_the_tables_agree_with_the_rule(
    shop: Store, store_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first act on tables or journal, the second, the third …; any writer finds sound tables."""
    monkeypatch.setattr("pipelines.rebuild.run.SLICE_EVENTS", 1 << 30)
    monkeypatch.setattr("pipelines.rebuild.swap.SETTLE_S", 0.0)
    rules_seen = set()
    for acts in range(100):
        with monkeypatch.context() as patch, contextlib.suppress(Stopped):
            stop_before(acts, patch, ACTS)
            rebuild(store_settings, shop, "shop", FIVE_MINUTES)
            break
        with Turns(store_settings, shop).turn():
            assert_recomputable(shop)
        rules_seen.add(site_of(shop).timeout_s)
        if site_of(shop).timeout_s == 300:
            assert read_journal(store_settings.data) is None
            rebuild(store_settings, shop, "shop", {"timeout_s": 1800})
        elif acts % 3 == 0:  # traffic between the attempts
            write(store_settings, history(acts, 10, 300), "shop")
            assert_recomputable(shop)
    assert acts >= 11, "the acts of the swap alone are eleven"
    assert rules_seen == {300, 1800}
    assert site_of(shop).timeout_s == 300
    assert tables_of(shop).isdisjoint({"sessions_rebuild", "sessions_next"})
    write(store_settings, history(3, 50, 390), "shop")
    assert_recomputable(shop)


@pytest.mark.parametrize(
    ("last", "rule"),
    [("CREATE TABLE sessions_rebuild", 1800), ("ALTER TABLE sessions_next MODIFY", 1800), ("EXCHANGE", 300)],
)
def test_kill_9_after_an_act(shop: Store, store_settings: Settings, last: str, rule: int) -> None:
    first, events = stored_sessions(shop), set(stored_events(shop))
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(store_settings.data), last], cwd=ROOT, timeout=100, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    write(store_settings, [], "shop")  # any writer
    assert site_of(shop).timeout_s == rule
    assert_recomputable(shop)
    assert (stored_sessions(shop) == first) == (rule == 1800)
    rebuild(store_settings, shop, "shop", FIVE_MINUTES)
    assert_recomputable(shop)
    assert set(stored_events(shop)) == events


def test_what_stands_is_not_built_again(
    shop: Store, store_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Stopped):
        rebuild(store_settings, shop, "shop", FIVE_MINUTES, progress=stop_at(2))
    journal = read_journal(store_settings.data)
    assert journal is not None
    assert (journal.done, journal.phase) == (2, "build")
    assert site_of(shop).timeout_s == 1800
    write(store_settings, history(5, 60, 380), "shop")  # of visitors in slices that stand, too
    remarks: list[str] = []
    rebuild(store_settings, shop, "shop", FIVE_MINUTES, progress=lambda _, remark: remarks.append(remark))
    assert next(remark for remark in remarks if remark.startswith("slice")).startswith("slice 3 of")
    assert_recomputable(shop)


def test_another_rule_is_refused_while_one_is_stopped_and_restart_drops_it(
    shop: Store, store_settings: Settings
) -> None:
    with pytest.raises(Stopped):
        rebuild(store_settings, shop, "shop", FIVE_MINUTES, progress=stop_at(1))
    with pytest.raises(ConfigError, match=r"site shop with timeout_s=300 was stopped after 1 of .*--restart"):
        rebuild(store_settings, shop, "shop", {"timeout_s": 60})
    with pytest.raises(ConfigError, match="--restart"):
        rebuild(store_settings, shop, "other", FIVE_MINUTES)
    rebuild(store_settings, shop, "other", FIVE_MINUTES, restart=True)
    assert (site_of(shop).timeout_s, site_of(shop, "other").timeout_s) == (1800, 300)
    assert_recomputable(shop)


def test_only_one_at_a_time(shop: Store, store_settings: Settings) -> None:
    with alone(store_settings), pytest.raises(ConfigError, match="another `clicktrail rebuild` works"):
        rebuild(store_settings, shop, "shop", FIVE_MINUTES)


def test_a_visitor_erased_meanwhile_does_not_come_back(shop: Store, store_settings: Settings) -> None:
    with pytest.raises(Stopped):
        rebuild(store_settings, shop, "shop", FIVE_MINUTES, progress=stop_at(ALL))
    for table in ("events", "sessions"):
        shop.command(
            f"ALTER TABLE {table} DELETE WHERE site_id = 'shop' AND visitor_id = 'v3'"
            " SETTINGS mutations_sync = 2"
        )
    rebuild(store_settings, shop, "shop", FIVE_MINUTES)
    assert {session.visitor_id for session in of_site(stored_sessions(shop), "shop")} == {
        f"v{number}" for number in range(20) if number != 3
    }
    assert_recomputable(shop)


def stop_at(slices: int) -> Callable[[int, str], None]:
    """Stop when so many slices stand; with ALL, when all do."""

    def progress(_done: int, remark: str) -> None:
        if remark.startswith(f"slice {slices + 1} of") or (slices == ALL and not remark.startswith("slice")):
            raise Stopped

    return progress
