"""`clicktrail score` and `clicktrail report churn`: one after the other, and what is refused."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from clicktrail.settings import Settings
from crm.activity import day_number
from schemas.objects import Site
from store.tables.client import Store
from tests.clicktrail_process import here, running, until
from tests.dashboards.leavers import write_visits
from tests.dashboards.test_churn_page import replace_days
from tests.unit.crm.sites import shop

TODAY = datetime.now(timezone.utc).date()
SITE = Site("comers", timezone="Europe/Vienna")


@pytest.fixture
def data(store: Store, store_settings: Settings) -> Path:
    """The folder of a running store with 300 people of the last half year."""
    made = shop(300, 182, seed=11)
    moved = made.day - made.day.max() + day_number(TODAY)
    write_visits(store, SITE, type(made)(made.names, made.person, moved, made.value), hour=0)
    return store_settings.data


def told(data: Path, *arguments: str) -> dict[str, object]:
    done = here(data, *arguments, "--json")
    assert done.code == 0, done
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_scores_are_written_and_the_report_uses_them(data: Path, store: Store) -> None:
    report = (
        "report",
        "churn",
        "--site",
        "comers",
        "--primary",
        "order",
        "--horizon",
        "28d",
        "--limit",
        "10",
    )
    fresh = told(data, *report)
    assert fresh["meta"]["is_kept"] is False  # type: ignore[index]
    scored = told(data, "score", "--site", "comers", "--primary", "order", "--horizon", "28d")["scored"]
    assert [(one["model"], one["horizon_days"]) for one in scored] == [("bg_nbd", 28)]  # type: ignore[attr-defined]
    kept = told(data, *report)
    assert kept["meta"]["is_kept"] is True  # type: ignore[index]
    assert kept["meta"]["fitted_as_of"] == str(TODAY - timedelta(days=1))  # type: ignore[index]
    assert kept["visitors"] == fresh["visitors"]
    assert len(kept["visitors"]) == 10  # type: ignore[arg-type]
    assert set(kept["backtest"]) >= {"auc", "brier", "ece"}  # type: ignore[call-overload]
    rows = store.rows("SELECT count() AS n, min(risk) AS low, max(risk) AS high FROM visitor_scores FINAL")
    assert rows[0]["n"] == scored[0]["people"]  # type: ignore[index]
    assert 0 < rows[0]["low"] < rows[0]["high"] < 1


def test_without_a_site_every_site_is_scored_for_visits_and_orders(data: Path, store: Store) -> None:
    write_visits(
        store, Site("quiet"), replace_days(shop(3, 9, seed=1), np.array([day_number(TODAY)])), hour=0
    )
    scored = told(data, "score")["scored"]
    assert [(one["site"], one["primary"]) for one in scored] == [  # type: ignore[attr-defined]
        ("comers", "visit"),
        ("comers", "order"),
        ("quiet", "visit"),
        ("quiet", "order"),
    ]
    assert [one["model"] is None for one in scored] == [False, False, True, True]  # type: ignore[attr-defined]


def test_a_day_of_the_past_can_be_scored_and_asked(data: Path) -> None:
    day = str(TODAY - timedelta(days=30))
    told(data, "score", "--site", "comers", "--primary", "visit", "--as-of", day)
    found = told(data, "report", "churn", "--site", "comers", "--as-of", day)
    assert found["meta"]["fitted_as_of"] == day  # type: ignore[index]
    assert all(date.fromisoformat(one["last_seen"]) <= date.fromisoformat(day) for one in found["visitors"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("score", "--site", "nobody"), "no site nobody"),
        (("score", "--horizon", "400d"), "horizon=400d: give 1d to 366d"),
        (("score", "--primary", "sale"), "primary=sale: choose visit, order"),
        (("score", "--as-of", "tomorrow"), "as-of=tomorrow: write a date"),
        (("score", "--every", "1m"), "every=1m: give 1h to 30d"),
        (("report", "churn", "--site", "comers", "--horizon", "x"), "horizon=x"),
        (("report", "overview", "--site", "comers", "--as-of", "2026-01-01"), "it belongs to churn"),
    ],
)
def test_what_cannot_be_meant_is_said(data: Path, arguments: tuple[str, ...], says: str) -> None:
    assert says in here(data, *arguments).refused()


def test_once_a_span_means_at_the_start_and_then_again_until_a_signal(data: Path, store: Store) -> None:
    with running(data, "score", "--site", "comers", "--every", "1h") as scoring:
        newest = "SELECT uniqExact(primary_event) AS n FROM churn_models"
        until(lambda: store.rows(newest)[0]["n"] == 2, why=scoring.said)
        assert scoring.process.poll() is None
        assert scoring.stop() == 0, scoring.said()
        assert "scored 2 forecasts" in scoring.said()
        assert "Traceback" not in scoring.said()
