"""What all tests share: Hypothesis without deadlines, and one embedded store for those that need tables."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from clicktrail.settings import Settings
from store.tables.client import Store, open_store
from store.tables.embedded.launch import store_address
from tests.kafka_process import Broker, broker, missing

ROOT = Path(__file__).resolve().parents[1]
TABLES = (
    "events", "sessions", "failed_events", "identity_edges", "persons", "objects", "churn_models",
    "visitor_scores",
)  # fmt: skip

hypothesis_settings.register_profile("clicktrail", deadline=None)
hypothesis_settings.load_profile("clicktrail")


@pytest.fixture(scope="session")
def store_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a data folder whose embedded store runs for the whole session."""
    data = tmp_path_factory.mktemp("data")
    command = [sys.executable, "-m", "store.tables.embedded.process", "--data", str(data), "--port", "0"]
    with (data / "output").open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        store_address(data, start=False)
        yield Settings(data=data)
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def _kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    if reason := missing():
        pytest.skip(reason)
    with broker(tmp_path_factory.mktemp("kafka")) as started:
        yield started


@pytest.fixture
def kafka_broker(_kafka_broker: Broker) -> Broker:
    """A real Kafka broker for the whole session: a test takes topics of its own, and may kill it."""
    if not _kafka_broker.runs():
        _kafka_broker.start()
    return _kafka_broker


@pytest.fixture(scope="session")
def _migrated_store(store_settings: Settings) -> Iterator[Store]:
    store = open_store(store_settings)
    store.migrate()
    yield store
    store.close()


def _emptied(store: Store) -> Store:
    for table in TABLES:
        store.command(f"TRUNCATE TABLE {table}")
    return store


@pytest.fixture
def store(_migrated_store: Store) -> Store:
    """A writer's store with all tables, empty."""
    return _emptied(_migrated_store)


@pytest.fixture(scope="module")
def tables(_migrated_store: Store) -> Store:
    """The same for a whole file: emptied before its first test only, so that data are written once."""
    return _emptied(_migrated_store)


@pytest.fixture
def reader(store: Store, store_settings: Settings) -> Iterator[Store]:
    """The reader's view of `store`."""
    opened = open_store(store_settings, role="reader")
    yield opened
    opened.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI=true nothing may be left out: a test that is skipped fails."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not run, and how to get it."""
    reasons = sorted({str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", [])})
    if reasons:
        terminalreporter.section("not run here")
        for reason in reasons:
            terminalreporter.line(reason.removeprefix("Skipped: "))
