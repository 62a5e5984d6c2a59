"""`clicktrail report retention`: options in words, one JSON document, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clicktrail.settings import Settings
from store.tables.client import Store
from tests.clicktrail_process import here

LINE = '{"event_id":"%s","event_type":"%s","visitor_id":"%s","event_time":%d,"url":"https://a.example/"}'
MONDAY = 1_772_409_600_000  # 2026-03-02T00:00Z
DAY = 86_400_000


@pytest.fixture(scope="module")
def data(tables: Store, store_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a running store with a site `kept`: two visitors, one of them back a week later."""
    folder = store_settings.data
    assert here(folder, "site", "add", "kept").code == 0
    path = tmp_path_factory.mktemp("kept") / "history.ndjson"
    rows = [("e1", "page_view", "ann", MONDAY), ("e2", "order", "ann", MONDAY + 8 * DAY)]
    path.write_text("\n".join(LINE % row for row in [*rows, ("e3", "page_view", "bob", MONDAY + DAY)]))
    assert here(folder, "import", path, "--site", "kept").code == 0
    return folder


def asked(data: Path, *options: str) -> list[list[int]]:
    given = ("report", "retention", "--site", "kept", "--from", "2026-03-02", "--to", "2026-03-15")
    done = here(data, *given, *options, "--json")
    assert done.code == 0, done
    return [cohort["retained"] for cohort in json.loads(done.stdout)["cohorts"]]


def test_the_options_reach_the_report(data: Path) -> None:
    assert asked(data) == asked(data, "--period", "week") == [[2, 1], [0]]
    assert asked(data, "--period", "month") == [[2]]
    assert asked(data, "--start", "recurring") == [[2, 1], [1]]
    assert asked(data, "--start-condition", "event_type=order") == [[0, 0], [1]]
    assert asked(data, "--return-condition", "event_type=click") == [[2, 0], [0]]
    assert asked(data, "--period", "day", "--return", "on_or_after")[0] == [1] * 9 + [0] * 5


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("retention", ("--period", "hour"), "period=hour: choose day, week, month"),
        ("retention", ("--return-condition", "pth=/"), "did you mean path"),
        ("retention", ("--period", "day", "--from", "2020-01-01"), "too many cohorts"),
        ("overview", ("--start", "first"), "overview takes no --start; it belongs to retention"),
    ],
)
def test_what_cannot_be_meant_is_said(data: Path, name: str, options: tuple[str, ...], says: str) -> None:
    done = here(data, "report", name, "--site", "kept", *options)
    assert (done.code, done.stdout) == (1, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
