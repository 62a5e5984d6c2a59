"""The example converters on a few invented rows."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PANEL = [
    "panelist_id,wave,timestamp,url,device",
    "anna,1,1700000000.125,https://shop.example/,desktop",
    "anna,1,1700000000.125,https://shop.example/,desktop",
    "anna,2,1700000060.000,https://shop.example/cart,mobile",
]
SNOWPLOW = [
    "event_id,event_name,derived_tstamp,collector_tstamp,domain_userid,network_userid,page_url,useragent,"
    "geo_country,contexts_com_snowplowanalytics_snowplow_web_page_1_0_0",
    'e1,page_view,2023-11-14 22:13:20.125,2023-11-14 22:13:21,d1,n1,https://shop.example/,A/1,DE,"[{""id"":""p1""}]"',
    'e2,page_ping,2023-11-14 22:13:30,2023-11-14 22:13:31,,n1,https://shop.example/,,,"[[{""id"":""p1""}]]"',
    "e3,cmp_visible,2023-11-14 22:13:40,2023-11-14 22:13:41,d1,n1,,,,",
]


def converted(example: str, rows: Iterable[str], folder: Path) -> list[dict[str, object]]:
    path = folder / "rows.csv.gz"
    path.write_bytes(gzip.compress("\n".join(rows).encode()))
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / example, path], capture_output=True, check=True, text=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_visit_of_the_panel_is_a_page_view_of_the_panelist(tmp_path: Path) -> None:
    first, _, last = converted("web_panel.py", PANEL, tmp_path)
    assert (first["visitor_id"], first["event_type"], first["event_time"]) == (
        "anna",
        "page_view",
        1700000000125,
    )
    assert first["url"] == "https://shop.example/"
    assert last["properties"] == {"wave": "2", "panel_device": "mobile"}


def test_the_same_row_twice_in_the_panel_is_two_visits_with_ids_that_stay(tmp_path: Path) -> None:
    ids = [event["event_id"] for event in converted("web_panel.py", PANEL, tmp_path)]
    assert len(set(ids)) == 3
    assert ids == [event["event_id"] for event in converted("web_panel.py", PANEL, tmp_path)]


def test_snowplow_events_keep_their_ids_times_and_page_view(tmp_path: Path) -> None:
    view, ping, custom = converted("snowplow_web.py", SNOWPLOW, tmp_path)
    assert view == {
        "event_id": "e1",
        "url": "https://shop.example/",
        "user_agent": "A/1",
        "country": "DE",
        "event_type": "page_view",
        "event_time": "2023-11-14T22:13:20.125Z",
        "received_at": "2023-11-14T22:13:21Z",
        "visitor_id": "d1",
        "page_view_id": "p1",
    }
    assert (ping["event_type"], ping["visitor_id"], ping["page_view_id"]) == ("ping", "n1", "p1")
    assert (custom["event_type"], custom["event_name"]) == ("custom", "cmp_visible")
