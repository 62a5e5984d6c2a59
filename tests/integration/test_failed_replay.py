"""`clicktrail failed replay` as a person runs it, and killed in the middle."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from clicktrail.commands.site import save
from clicktrail.settings import Settings
from schemas.envelope import Envelope, encode_block
from schemas.objects import Site
from store.log import open_log
from store.tables.client import Store
from tests.clicktrail_process import here, running, until
from tests.pipelines.again import assert_recomputable, stored_events

NOON_MS = 1_772_366_400_000


@pytest.fixture
def data(store: Store, store_settings: Settings, tmp_path: Path) -> Path:
    """A folder of its own for log and offsets, beside the tables of the running store."""
    (tmp_path / "store").symlink_to(store_settings.data / "store")
    return tmp_path


def sent(data: Path, events: int, site: str) -> None:
    """Batches of ten events, as the collector appends them."""
    bodies = [
        {
            "site": site,
            "events": [
                {
                    "event_id": f"e{n}",
                    "event_type": "click",
                    "visitor_id": f"v{n % 97}",
                    "device_time": NOON_MS + n,
                }
                for n in range(first, first + 10)
            ],
        }
        for first in range(0, events, 10)
    ]
    log = open_log(Settings(data=data), write=True)
    log.append(
        [encode_block([Envelope(NOON_MS + 10**6, "native", body=json.dumps(b).encode()) for b in bodies])]
    )
    log.close()


def told(data: Path, *arguments: object) -> Any:
    done = here(data, *arguments, "--json")
    assert done.code == 0, done
    return json.loads(done.stdout)


def test_what_an_unknown_site_sent_counts_once_the_site_is_there(data: Path, store: Store) -> None:
    sent(data, 20, "late")
    assert told(data, "run", "--once")["failed"] == 20
    nothing = told(data, "failed", "replay", "--dry-run")
    assert (nothing["read"], nothing["failed"]) == (20, 20)
    assert nothing["by_reason"] == [{"reason": "unknown_site", "failed": 20, "detail": "no site 'late'"}]

    save(store, Settings(data=data), Site("late"))
    one = told(data, "failed", "list", "--limit", 1)[0]["failed_id"]
    assert told(data, "failed", "replay", "--id", one)["events"] == 1
    assert "no failed event" in here(data, "failed", "replay", "--id", one).refused()
    assert told(data, "failed", "replay", "--site", "other")["read"] == 0
    said = told(data, "failed", "replay", "--site", "late", "--dry-run")
    assert said == told(data, "failed", "replay", "--site", "late")
    assert said == {"read": 19, "events": 19, "duplicates": 0, "failed": 0, "by_reason": []}
    assert told(data, "failed", "list") == []
    assert len(stored_events(store)) == 20
    assert_recomputable(store)
    assert here(data, "failed", "replay", "--reason", "nonsense").code == 2


@pytest.mark.slow
def test_a_replay_that_is_killed_and_run_again_is_exact(data: Path, store: Store) -> None:
    events = 6000
    sent(data, events, "late")
    assert told(data, "run", "--once")["failed"] == events
    save(store, Settings(data=data), Site("late"))

    def written() -> int:
        return int(store.rows("SELECT count() AS n FROM events")[0]["n"])

    with running(data, "failed", "replay") as replay:
        until(lambda: written() > 1000, 180, replay.said)  # into its second chunk
        os.kill(replay.process.pid, signal.SIGKILL)
        replay.process.wait(20)
    assert 0 < written() < events, "it was killed in the middle"
    rest = told(data, "failed", "replay")
    assert rest["failed"] == 0
    assert rest["read"] == rest["events"] + rest["duplicates"] < events
    assert told(data, "failed", "list") == []
    assert written() == len(stored_events(store)) == events, "no event was written twice"
    assert_recomputable(store)
