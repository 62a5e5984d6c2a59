"""Whatever happens in whatever order, the tables are those that follow from the set of events.

A state machine sends, delays, doubles, imports, rebuilds, replays, unlinks, crashes and restarts on the real
tables; after each example the log is drained and everything is compared with the row form, by `verify`, and
counted.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import polars as pl
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from clicktrail.errors import ConfigError, StoreError
from clicktrail.settings import Settings
from pipelines import worker as workers
from pipelines.batch import import_files
from pipelines.failed_rows import Wanted
from pipelines.identity import SiteIdentity
from pipelines.late import LateEvents, late_folder
from pipelines.live import LIVE_BYTES, LiveDriver
from pipelines.rebuild.decode import decode_again
from pipelines.rebuild.run import rebuild
from pipelines.replay import replay
from pipelines.verify import verify
from schemas.envelope import Envelope, encode_block
from schemas.objects import Site
from store import objects
from store.log import open_log
from store.tables.client import Store

NOON_MS = 1_772_366_400_000
MINUTE_MS, DAY_MS = 60_000, 86_400_000
STEPS_MS = (
    0,
    1,
    1000,
    5 * MINUTE_MS,
    30 * MINUTE_MS - 1,
    30 * MINUTE_MS,
    30 * MINUTE_MS + 1,
    9 * 60 * MINUTE_MS,
)
KINDS = ("page_view", "page_view", "click", "ping", "order", "refund", "identify")
SITE = Site("shop")
BATCHES = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from(["v1", "v2", "é"]),
        st.sampled_from(STEPS_MS),
        st.sampled_from(["o1", "o2", ""]),
    ),
    min_size=1,
    max_size=5,
)


class Clicks(RuleBasedStateMachine):
    """The model is the list of events that were acknowledged, by visitor and id."""

    settings: Settings
    store: Store

    def __init__(self) -> None:
        super().__init__()
        for table in ("events", "sessions", "failed_events", "identity_edges", "persons", "objects"):
            self.store.command(f"TRUNCATE TABLE {table}")
        objects.put_site(self.store, SITE)
        self.folder = Path(tempfile.mkdtemp(dir=self.settings.data))
        self.here = replace(self.settings, log_url=f"file:{self.folder / 'log'}")
        self.now = NOON_MS
        self.sent: list[dict[str, Any]] = []
        self.restart()

    # What clients do

    @rule(batch=BATCHES, skew=st.sampled_from([0, 0, 3 * DAY_MS, -3 * DAY_MS]))
    def send(self, batch: list[tuple[str, str, int, str]], skew: int) -> None:
        """A browser sends; its clock may be days wrong."""
        self._append([self._event(*one) for one in batch], skew)

    @rule(batch=BATCHES, days=st.sampled_from([0.5, 1, 40]))
    def send_late(self, batch: list[tuple[str, str, int, str]], days: float) -> None:
        """A device was offline for long."""
        before, self.now = self.now, self.now - int(days * DAY_MS)
        events = [self._event(*one) for one in batch]
        self.now = before + MINUTE_MS
        self._append(events, 0)

    @rule(data=st.data(), moved=st.sampled_from([0, 0, -1, 700, 2 * DAY_MS]))
    def send_again(self, data: st.DataObject, moved: int) -> None:
        """An answer was lost: the same events come again, with another time of sending."""
        if self.sent:
            events = data.draw(st.lists(st.sampled_from(self.sent), min_size=1, max_size=4))
            self._append(events, moved)

    @rule(batch=BATCHES, data=st.data())
    def import_a_file(self, batch: list[tuple[str, str, int, str]], data: st.DataObject) -> None:
        """History comes beside live traffic, by a process of its own; some of it is known already."""
        known = data.draw(st.lists(st.sampled_from(self.sent), max_size=3)) if self.sent else []
        lines = [
            {**event, "event_time": event["device_time"], "received_at": event["device_time"]}
            for event in [*known, *(self._event(*one) for one in batch)]
        ]
        path = self.folder / "history.ndjson"
        path.write_text("\n".join(json.dumps(line) for line in lines))
        other = replace(
            self.here, batch_bytes=self.here.batch_bytes + 1
        )  # has a worker, and memory, of its own
        result = import_files(other, [path], SITE.id, "native")
        assert result.read == len(lines) == result.events + result.duplicates

    # What people do meanwhile

    @rule(minutes=st.sampled_from([1, 5, 30, 60]), midnight=st.booleans())
    def rebuild(self, minutes: int, midnight: bool) -> None:
        """The site gets another rule."""
        changes = {"timeout_s": minutes * 60, "cut_at_midnight": midnight}
        rebuild(self.here, self.store, SITE.id, changes, restart=True)

    @rule()
    def decode_again(self) -> None:
        """Decoders and enrichments run again over what the log holds."""
        decode_again(self.here, SITE.id, restart=True, progress=lambda _done, _remark: None)

    @rule(batch=BATCHES)
    def send_to_a_site_that_is_not_there_yet(self, batch: list[tuple[str, str, int, str]]) -> None:
        """What fails is kept, and tried again later."""
        events = [self._event(*one) for one in batch]
        self._append(events, 0, site="new.example")

    @rule()
    def replay(self) -> None:
        """Somebody tells whose domain it was, and lets what failed be tried again."""
        site = self._claim("new.example")
        replay(self.here, Wanted())
        self._claim("", site)

    @rule(visitor=st.sampled_from(["v1", "v2", "é"]), user=st.sampled_from(["user:u0", "user:u1"]))
    def unlink(self, visitor: str, user: str) -> None:
        """Somebody says that a visitor is not this user."""
        with contextlib.suppress(ConfigError):  # not known, or not joined
            SiteIdentity(self.here, self.store, SITE.id).unlink(visitor, user)

    # What happens to the pipeline

    @rule()
    def run(self) -> None:
        """The pipeline carries what the log holds."""
        self._drain()

    @rule(at=st.integers(0, 3), after=st.booleans())
    def crash(self, at: int, after: bool) -> None:
        """The process ends before or after one of its inserts; another one takes over."""
        with crashing(at, after), contextlib.suppress(Ended):
            self._drain()
        self.restart()

    @rule()
    def restart(self) -> None:
        """All that memory holds is lost."""
        workers._workers.clear()

    def teardown(self) -> None:
        """Drain, replay, and compare everything."""
        site = self._claim("new.example")
        self._drain()
        replayed = replay(self.here, Wanted())
        assert replayed.failed == 0, replayed
        found = verify(self.here, site)
        assert found.differences == []
        assert found.events == len({(e["visitor_id"], e["event_id"]) for e in self.sent})

    # Parts

    def _claim(self, domain: str, site: Site | None = None) -> Site:
        """The site with this domain, from now on."""
        site = replace(site or next(iter(objects.sites(self.store))), domain=domain)
        objects.put_site(self.store, site)
        self.restart()
        return site

    def _event(self, kind: str, visitor: str, step: int, order: str) -> dict[str, Any]:
        self.now += step
        event = {
            "event_id": f"e{len(self.sent)}",
            "event_type": kind,
            "visitor_id": visitor,
            "device_time": self.now,
            "user_id": f"u{len(self.sent) % 3}",
            "order_id": order,
            "revenue": "1.25",
        }
        self.sent.append(event)
        return event

    def _append(self, events: list[dict[str, Any]], skew: int, site: str = SITE.id) -> None:
        arrived = self.now + 40
        skewed = [{**event, "device_time": event["device_time"] + skew} for event in events]
        body = json.dumps({"site": site, "sent_at": arrived - 20 + skew, "events": skewed})
        log = open_log(self.here, write=True)
        log.append([encode_block([Envelope(arrived, "native", body=body.encode())])])
        log.close()

    def _drain(self) -> None:
        log = open_log(self.here, write=False)
        try:
            late = LateEvents(late_folder(self.here), at_once=3)
            LiveDriver(self.here, log, LIVE_BYTES, late).run(True, threading.Event())
        finally:
            log.close()


class Ended(StoreError):
    """Stands for the end of the process."""


@contextmanager
def crashing(at: int, after: bool) -> Iterator[None]:
    """The insert number `at` is the last thing that happens, or does not happen any more."""
    insert, count = Store.insert, iter(range(1000))

    def dying(self: Store, table: str, frame: pl.DataFrame, *, token: str = "") -> None:
        number = next(count)
        if number > at or (number == at and not after):
            raise Ended("the process has ended")
        insert(self, table, frame, token=token)
        if number == at:
            raise Ended("the process has ended")

    with mock.patch.object(Store, "insert", dying):
        yield


@pytest.mark.timeout(600)
def test_the_tables_follow_from_the_set_of_events(store: Store, store_settings: Settings) -> None:
    Clicks.settings, Clicks.store = store_settings, store
    run_state_machine_as_test(
        Clicks,
        settings=hypothesis_settings(
            max_examples=int(os.environ.get("CLICKTRAIL_TEST_EXAMPLES", "12")),
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
