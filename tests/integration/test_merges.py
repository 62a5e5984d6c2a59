"""Merges wait while an import runs, and go on when it is over."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from pathlib import Path

import polars as pl

from clicktrail.settings import Settings
from schemas.arrow import complete
from schemas.session import Session
from store.tables.client import Store, open_store

PARTS = "SELECT count() AS parts FROM system.parts WHERE active AND table = 'sessions'"
INSERTS, ROWS = 40, 10_000
START = datetime(2026, 3, 1, tzinfo=timezone.utc)


def parts(store: Store) -> int:
    return int(store.rows(PARTS)[0]["parts"])


def insert(store: Store, number: int) -> None:
    ids = pl.Series([f"{number}-{n}" for n in range(ROWS)])
    rows = pl.DataFrame(
        {"site_id": "shop", "visitor_id": ids, "session_id": ids, "start": START, "end": START}
    )
    store.insert("sessions", complete(rows, Session))


def test_merges_wait_for_an_import_and_go_on_after_it(tmp_path: Path) -> None:
    store = open_store(Settings(data=tmp_path))
    store.migrate()
    for number in range(INSERTS // 2):  # from here on it is an import
        insert(store, number)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and "wait for an import" not in said(tmp_path):
        insert(store, INSERTS)
    before = parts(store)
    for number in range(INSERTS // 2, INSERTS):
        insert(store, number)
    assert parts(store) == before + INSERTS // 2, "nothing is merged meanwhile"
    deadline = time.monotonic() + 30
    while parts(store) > before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert parts(store) <= before
    assert store.rows("SELECT count() AS n FROM sessions FINAL")[0]["n"] == ROWS * (INSERTS + 1)
    store.close()


def said(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.rglob("*.log"))
