"""However often, in whatever order and with whatever clock events are delivered, each counts once."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from clicktrail.settings import Settings
from pipelines.batch import import_files
from pipelines.live import LiveDriver, run_live
from pipelines.verify import verify
from pipelines.worker import worker
from schemas.envelope import Envelope, encode_block
from schemas.event import Event
from schemas.objects import Site
from schemas.session import Session
from store import objects
from store.log import open_log
from store.tables.client import Store
from tests.pipelines.again import stored_events, stored_sessions

SITE = Site("shop")
NOON_MS = 1_772_366_400_000
MINUTE_MS, DAY_MS = 60_000, 86_400_000
SKEWS_MS = {"v1": 5 * DAY_MS, "v2": -9 * DAY_MS, "v3": 0, "v4": 40 * DAY_MS}
"""How wrong the clock of each visitor is."""


def requests(*, skewed: bool) -> list[Envelope]:
    """What four visitors send in an afternoon: each device says what its clock says."""
    rnd, found = random.Random(11), list[Envelope]()
    clocks = dict.fromkeys(SKEWS_MS, NOON_MS)
    for number in range(48):
        visitor = rnd.choice(list(clocks))
        clocks[visitor] += rnd.choice([1000, MINUTE_MS, 30 * MINUTE_MS, 30 * MINUTE_MS + 1])
        skew = SKEWS_MS[visitor] if skewed else 0
        events = [
            {
                "event_id": f"e{number}-{part}",
                "event_type": rnd.choice(["page_view", "click", "order", "ping"]),
                "visitor_id": visitor,
                "device_time": clocks[visitor] + part * 1000 + skew,
                "order_id": rnd.choice(["", "o1"]),
                "revenue": "1.25",
            }
            for part in range(rnd.randint(1, 3))
        ]
        sent = clocks[visitor] + 5000
        body = json.dumps({"site": "shop", "sent_at": sent + skew, "events": events}).encode()
        found.append(Envelope(sent + 40, "native", body=body))
    return found


def deliver(settings: Settings, folder: Path, records: list[list[Envelope]]) -> tuple[int, int]:
    """Through a log of its own, in several runs; events and duplicates."""
    settings = replace(settings, log_url=f"file:{folder / 'log'}")
    log = open_log(settings, write=True)
    for record in records:
        log.append([encode_block(record)])
    for noted in (settings.data / "pipeline").glob("*.range.json"):
        noted.unlink()  # of the log of another test
    driver = LiveDriver(settings, log, max_bytes=4000)
    runs = 0
    while driver.one_range() is not None:
        runs += 1
    total = driver._total
    log.close()
    assert runs > 3
    assert verify(settings, SITE).differences == []
    return total.events, total.duplicates


def standing(store: Store) -> tuple[set[Event], set[Session]]:
    """Events but for what names the copy and the clock of the device, and sessions."""
    events = {
        replace(one, raw_ref="", version=0, device_time=None, sent_at=None) for one in stored_events(store)
    }
    return events, stored_sessions(store)


@pytest.mark.parametrize("seed", [1, 2])
def test_three_deliveries_in_any_order_by_clocks_that_are_days_wrong_are_one(
    store: Store, store_settings: Settings, tmp_path: Path, seed: int
) -> None:
    objects.put_site(store, SITE)
    once = requests(skewed=False)
    sent, repeated = deliver(store_settings, tmp_path / "once", [[one] for one in once])
    assert repeated == 0
    expected = standing(store)
    assert len(expected[0]) == sent
    for table in ("events", "sessions"):
        store.command(f"TRUNCATE TABLE {table}")
    worker(replace(store_settings, log_url=f"file:{tmp_path / 'thrice' / 'log'}")).forget()

    thrice = [*requests(skewed=True)] * 3
    random.Random(seed).shuffle(thrice)
    records = [thrice[at : at + 5] for at in range(0, len(thrice), 5)]
    assert deliver(store_settings, tmp_path / "thrice", records) == (sent, 2 * sent)
    assert standing(store) == expected


def copies() -> list[dict[str, object]]:
    """One event three times: its time is corrected otherwise each time, hours lie between."""
    hour = 60 * MINUTE_MS
    times = [(2 * hour, NOON_MS), (0, NOON_MS + 50 * MINUTE_MS), (7 * hour, NOON_MS - 3 * hour)]
    event = {"event_id": "twice", "event_type": "page_view", "visitor_id": "v"}
    return [{**event, "received_at": NOON_MS + hour + late, "event_time": at} for late, at in times]


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1), (2, 1, 0)])
@pytest.mark.parametrize("restarted", [False, True])
def test_the_copy_received_first_stands_whatever_is_processed_first(
    store: Store, store_settings: Settings, tmp_path: Path, order: tuple[int, ...], restarted: bool
) -> None:
    objects.put_site(store, SITE)
    settings = replace(store_settings, log_url=f"file:{tmp_path / 'log'}")
    beside = {"event_id": "beside", "event_type": "click", "visitor_id": "v"}
    first = {**beside, "received_at": NOON_MS + 45 * MINUTE_MS, "event_time": NOON_MS + 45 * MINUTE_MS}
    path = tmp_path / "events.ndjson"
    for one in [first, *(copies()[at] for at in order)]:
        path.write_text(json.dumps(one))
        import_files(settings, [path], "shop")
        if restarted:
            worker(settings).forget()
    assert run_live(settings, once=True).events == 0
    times = {one.event_id: (one.event_time.minute, one.received_at.hour) for one in stored_events(store)}
    assert times == {"beside": (45, 12), "twice": (50, 13)}
    assert [(one.start.minute, one.end.minute, one.events) for one in stored_sessions(store)] == [(45, 50, 2)]
    assert verify(settings, SITE).differences == []
