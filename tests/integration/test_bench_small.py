"""The benchmark's tools answer the same question: same sessions, same checksum. Never about time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bench.answer import checksum_of, checksum_term
from bench.generate import GAP_MS, agent_strings, generate
from bench.run import TOOLS, Tool, measured

EVENTS = 20_000
VISITORS = 1_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    path = tmp_path_factory.mktemp("bench") / "events.ndjson"
    return path, generate(path, EVENTS, VISITORS, seed=7)


@pytest.fixture(scope="module")
def expected(made: tuple[Path, int]) -> tuple[int, int]:
    """Sessions and checksum, by the plainest loop there is."""
    by_visitor: dict[str, list[tuple[int, str]]] = {}
    for line in made[0].read_bytes().splitlines():
        event = json.loads(line)
        by_visitor.setdefault(event["visitor_id"], []).append((event["event_time"], event["event_type"]))
    sessions = checksum = 0
    for events in by_visitor.values():
        events.sort()
        cuts = [i for i in range(1, len(events)) if events[i][0] - events[i - 1][0] > GAP_MS]
        for begin, end in zip([0, *cuts], [*cuts, len(events)], strict=True):
            views = sum(kind == "page_view" for _, kind in events[begin:end])
            checksum += checksum_term(events[begin][0], events[end - 1][0], end - begin, views)
            sessions += 1
    return sessions, checksum


@pytest.mark.parametrize("tool", [t for t in TOOLS if t.argument != "whole"], ids=lambda tool: tool.name)
def test_every_tool_finds_the_same_sessions(
    tool: Tool, made: tuple[Path, int], expected: tuple[int, int]
) -> None:
    if tool.argument == "duckdb":
        pytest.importorskip("duckdb")
    answer = measured([tool.module, tool.argument, str(made[0])])
    assert (answer["sessions"], answer["checksum"]) == expected


def test_the_generator_knows_how_many_sessions_it_made(
    made: tuple[Path, int], expected: tuple[int, int]
) -> None:
    assert made[1] == expected[0]
    assert made[1] > 2 * VISITORS


def test_the_same_seed_makes_the_same_file(tmp_path: Path) -> None:
    def made(name: str, seed: int) -> bytes:
        generate(tmp_path / name, 500, 20, seed)
        return (tmp_path / name).read_bytes()

    assert made("a", 1) == made("b", 1)
    assert made("a", 1) != made("c", 2)


def test_lines_are_native_events_in_order_with_ids_of_their_own(made: tuple[Path, int]) -> None:
    events: list[dict[str, Any]] = [json.loads(line) for line in made[0].read_bytes().splitlines()]
    times = [event["event_time"] for event in events]
    assert times == sorted(times)
    assert len({event["event_id"] for event in events}) == EVENTS
    assert all(event["received_at"] > event["event_time"] for event in events)
    assert 440 < made[0].stat().st_size / EVENTS < 500
    assert len(set(agent_strings())) == 1_500


def test_a_checksum_notices_a_session_that_ends_elsewhere() -> None:
    rows = pl.DataFrame(
        {"start": [5_000, 9_000], "end": [7_000, 9_500], "events": [3, 2], "page_views": [1, 2]}
    )
    assert checksum_of(rows) == checksum_term(5_000, 7_000, 3, 1) + checksum_term(9_000, 9_500, 2, 2)
    assert checksum_of(rows) != checksum_of(rows.with_columns(end=pl.Series([7_001, 9_500])))
