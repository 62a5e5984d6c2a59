"""The filter of event ids never forgets one."""

from __future__ import annotations

import polars as pl
import pytest

from pipelines import seen
from pipelines.seen import Seen


def test_an_id_that_was_added_is_never_said_to_be_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "_IDS_A_LAYER", 1000)  # several layers
    filter_ = Seen()
    blocks = [pl.Series([f"id{block}-{n}" for n in range(700)]) for block in range(5)]
    for block in blocks:
        filter_.add(block)
    for block in blocks:
        assert filter_.maybe(block).all()
    assert len(filter_._layers) > 1


def test_new_ids_are_rarely_mistaken() -> None:
    filter_ = Seen()
    assert not filter_.maybe(pl.Series(["a", "", "é"])).any()
    filter_.add(pl.Series([f"old{n}" for n in range(50_000)]))
    assert filter_.maybe(pl.Series([f"new{n}" for n in range(50_000)])).sum() < 50


def test_no_ids_at_all_are_no_trouble() -> None:
    assert Seen().maybe(pl.Series([], dtype=pl.String)).len() == 0
