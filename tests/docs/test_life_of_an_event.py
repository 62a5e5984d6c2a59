"""One click down the path of docs/life-of-an-event.md; after each step, what the page says is there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clicktrail.settings import Settings
from schemas.envelope import Envelope
from schemas.objects import Site
from store import objects
from store.tables.client import Store, open_store
from tests.collector_process import ask, collector

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "life-of-an-event.md").read_text(encoding="utf-8")
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SENT = 1_772_445_600_000
CLICK = {
    "event_id": "the-click",
    "event_type": "page_view",
    "device_time": SENT - 1000,
    "url": "https://shop.example/news?utm_source=letter&utm_medium=email",
    "anonymous_id": "somebody",
}
ADDRESS = "203.0.113.77"


def test_every_file_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`([a-z_]+/[\w/.]+\.(?:py|js|sql))`", PAGE))
    assert len(named) > 15
    assert not [name for name in named if not (ROOT / name).is_file()]


def test_the_steps_of_the_table_are_the_sections_of_the_page() -> None:
    rows = re.findall(r"^\| (\d+) \|", PAGE, re.M)
    assert rows == re.findall(r"^## (\d+)\. ", PAGE, re.M)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder with one site; its store runs while the test looks into it."""
    folder = tmp_path / "data"
    opened = open_store(Settings(data=folder))
    try:
        opened.migrate()
        site = Site(id="shop", domain="shop.example")
        objects.put_site(opened, site)
        objects.write_sites_file(folder / "sites.json", [site])
        yield folder
    finally:
        opened.close()


def clicktrail(data: Path, *arguments: str) -> Any:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("CLICKTRAIL_")}
    done = subprocess.run(
        [sys.executable, "-m", "clicktrail", *arguments, "--json"],
        cwd=ROOT,
        env={**kept, "CLICKTRAIL_DATA": str(data)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_a_click_goes_the_way_the_page_says(data: Path) -> None:
    envelope = sent_and_logged(data)
    assert_guarded(envelope)
    ranges = data / "pipeline" / "pipeline.range.json"
    assert not ranges.exists()

    counts = clicktrail(data, "run", "--once")  # 4 to 8
    assert (counts["events"], counts["sessions"], counts["failed"]) == (1, 1, 1)
    assert json.loads(ranges.read_text())["begin"] == {"0": 0}
    committed = json.loads((data / "log" / "readers" / "pipeline.json").read_text())
    assert committed == json.loads(ranges.read_text())["end"]
    store = open_store(Settings(data=data), role="reader")
    try:
        assert_rows(store)
    finally:
        store.close()

    report = clicktrail(data, "report", "overview", "--site", "shop")  # 9
    assert (report["visitors"], report["sessions"], report["page_views"]) == (1, 1, 1)
    assert report["sources"][0]["value"] == "letter / email"
    assert clicktrail(data, "run", "--once")["events"] == 0


def sent_and_logged(data: Path) -> Envelope:
    """Steps 1 to 3: the request of the tag, its answer, the envelope in the log."""
    lost = {"event_id": "nobody", "event_type": "page_view"}
    with collector(data) as running:
        headers = {"User_Agent": AGENT, "X_Forwarded_For": ADDRESS, "Cookie": "session=private"}
        for site, event in (("shop", CLICK), ("unknown", lost)):
            body = json.dumps({"site": site, "sent_at": SENT, "events": [event]}).encode()
            status, _, answer = ask(running.port, "POST", "/e", body, **headers)
            assert (status, answer) == (200, b'{"accepted":1}')
        first, second = running.envelopes()
    assert b"the-click" in first.body
    assert b"nobody" in second.body
    return first


def assert_guarded(envelope: Envelope) -> None:
    """Step 2: what must not be stored is not there."""
    assert envelope.address == "203.0.113.0"
    assert envelope.client_hash
    assert ADDRESS not in repr(envelope)
    assert "private" not in repr(envelope)


def assert_rows(store: Store) -> None:
    """Steps 5 to 8: the event as decoded and enriched, its session, what failed."""
    event = store.rows("SELECT * FROM events FINAL")[0]
    assert event["event_id"] == "the-click"
    assert event["visitor_id"] == "somebody"
    assert event["time_quality"] == "corrected"
    assert (event["host"], event["path"]) == ("shop.example", "/news")
    assert (event["source"], event["medium"], event["channel_group"]) == ("letter", "email", "Email")
    assert (event["browser"], event["device_class"], event["is_bot"]) == ("Firefox", "desktop", False)
    session = store.rows("SELECT * FROM sessions FINAL")[0]
    assert (session["visitor_id"], session["events"], session["page_views"]) == ("somebody", 1, 1)
    assert session["start"] == session["end"] == event["event_time"]
    assert session["version"] == event["version"]
    failed = store.rows("SELECT stage, reason, raw FROM failed_events FINAL")[0]
    assert (failed["stage"], failed["reason"]) == ("schema", "unknown_site")
    assert b"nobody" in (failed["raw"] if isinstance(failed["raw"], bytes) else failed["raw"].encode())
