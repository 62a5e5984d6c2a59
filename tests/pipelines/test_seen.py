"""The filter of event ids never forgets one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from clicktrail.settings import Settings
from pipelines import known
from pipelines.batch import import_files
from pipelines.seen import Seen
from pipelines.verify import verify
from pipelines.worker import worker
from schemas.objects import Site
from store import objects
from store.tables.client import Store


def test_an_id_that_was_added_is_never_said_to_be_new() -> None:
    filter_ = Seen()
    blocks = [pl.Series([f"id{block}-{n}" for n in range(30_000)]) for block in range(5)]
    for block in blocks:
        filter_.add(block)
    for block in blocks:
        assert filter_.maybe(block).all()
    assert len(filter_._layers) == 2
    assert filter_.bytes < 2 << 20, "few events need little memory"


def test_a_site_with_very_many_events_is_asked_about_in_the_tables(
    store: Store, store_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "SEEN_BYTES", 100_000)
    objects.put_site(store, Site("shop"))
    settings = replace(store_settings, log_url=f"file:{tmp_path / 'log'}", batch_bytes=1000)
    lines = [
        {"event_id": f"e{n % 60}", "visitor_id": f"v{n % 3}", "event_type": "click", "event_time": n * 60_000}
        for n in range(90)
    ]
    path = tmp_path / "events.ndjson"
    path.write_text("\n".join(map(json.dumps, lines)))
    result = import_files(settings, [path], "shop")
    assert (result.events, result.duplicates) == (60, 30)
    seen = worker(settings)._known._seen
    assert seen == {"shop": None}
    assert verify(settings, Site("shop")).differences == []


def test_new_ids_are_rarely_mistaken() -> None:
    filter_ = Seen()
    assert not filter_.maybe(pl.Series(["a", "", "é"])).any()
    filter_.add(pl.Series([f"old{n}" for n in range(50_000)]))
    assert filter_.maybe(pl.Series([f"new{n}" for n in range(50_000)])).sum() < 50


def test_no_ids_at_all_are_no_trouble() -> None:
    assert Seen().maybe(pl.Series([], dtype=pl.String)).len() == 0
