"""Who reads while sessions are replaced sees each visitor as before or as after, never in between."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

from clicktrail.settings import Settings
from pipelines.batch import import_files
from pipelines.verify import verify
from schemas.objects import Site
from store import objects
from store.tables.client import Store

NOON_MS = 1_772_366_400_000
VISITORS, FILES = 240, 12
LOOK = """
SELECT visitor_id, count() AS sessions, sum(events) AS events FROM sessions FINAL
WHERE site_id = 'shop' GROUP BY visitor_id
"""
BEFORE, AFTER = (2, 2), (1, 3)
"""Sessions and events of a visitor: two visits 40 minutes apart, joined by a click that came late."""


def page(visitor: int, minute: int) -> dict[str, object]:
    at = NOON_MS + minute * 60_000
    names = {"event_id": f"{visitor}-{minute}", "visitor_id": f"v{visitor}", "event_type": "page_view"}
    return {**names, "event_time": at, "received_at": at + 1}


def load(settings: Settings, path: Path, events: list[dict[str, object]]) -> None:
    path.write_text("\n".join(json.dumps(event) for event in events))
    import_files(settings, [path], "shop")


def test_nobody_sees_a_visitor_half_replaced(
    store: Store, reader: Store, store_settings: Settings, tmp_path: Path
) -> None:
    site = Site("shop")
    objects.put_site(store, site)
    settings = replace(store_settings, log_url=f"file:{tmp_path / 'log'}")
    path = tmp_path / "events.ndjson"
    load(settings, path, [page(v, minute) for v in range(VISITORS) for minute in (0, 40)])
    seen: list[dict[tuple[int, int], int]] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            states = [(row["sessions"], row["events"]) for row in reader.rows(LOOK)]
            seen.append({state: states.count(state) for state in states})

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for number in range(FILES):
            load(settings, path, [page(v, 20) for v in range(number, VISITORS, FILES)])
    finally:
        done.set()
        thread.join()
    assert all(set(states) <= {BEFORE, AFTER} for states in seen), seen
    assert all(sum(states.values()) == VISITORS for states in seen)
    assert len({states.get(AFTER, 0) for states in seen}) > FILES // 2, "too few looks to see anything"
    assert verify(settings, site).differences == []
