"""Sessions that meet a cap, with repeats there and events in the wrong order, on real tables."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from clicktrail.settings import Settings
from pipelines.batch import import_files
from pipelines.verify import verify
from schemas.objects import Site
from store import objects
from store.tables.client import Store

NOON_MS = 1_772_366_400_000
SITE = Site("shop")
MOST = 10_000
DAY_MS = 86_400_000


def view(number: int, at: int, **changed: object) -> dict[str, object]:
    event = {"event_id": f"e{number}", "visitor_id": "v", "event_type": "page_view"}
    return {**event, "event_time": NOON_MS + at, "received_at": NOON_MS + at, **changed}


def load(settings: Settings, folder: Path, parts: list[list[dict[str, object]]]) -> None:
    for part in parts:
        path = folder / "events.ndjson"
        path.write_text("\n".join(json.dumps(event) for event in part))
        import_files(settings, [path], SITE.id)


def sizes(store: Store) -> list[int]:
    rows = store.rows("SELECT events FROM sessions FINAL WHERE site_id = 'shop' ORDER BY start")
    return [row["events"] for row in rows]


@pytest.mark.parametrize("moved", [0, 700, -700])
def test_the_10001st_event_opens_a_session_whatever_comes_twice(
    store: Store, store_settings: Settings, tmp_path: Path, moved: int
) -> None:
    objects.put_site(store, SITE)
    settings = replace(store_settings, log_url=f"file:{tmp_path / 'log'}")
    events = [view(n, n * 1000) for n in range(MOST + 2)]
    again = [
        view(n, n * 1000 + moved, received_at=NOON_MS + DAY_MS) for n in (0, 1, MOST - 1, MOST, MOST + 1)
    ]
    load(settings, tmp_path, [events[1:9000], [*events[9000:], *again], again, events[:1]])
    assert sizes(store) == [MOST, 2]
    assert verify(settings, SITE).differences == []


def test_a_session_is_cut_after_24_hours_even_if_its_begin_comes_last(
    store: Store, store_settings: Settings, tmp_path: Path
) -> None:
    objects.put_site(store, SITE)
    settings = replace(store_settings, log_url=f"file:{tmp_path / 'log'}")
    beats = [view(n, n * 1_800_000) for n in range(60)]
    load(settings, tmp_path, [beats[30:], beats[1:30], beats[20:40]])
    assert sizes(store) == [49, 10]
    load(settings, tmp_path, [beats[:1]])
    assert sizes(store) == [49, 11]
    assert verify(settings, SITE).differences == []
