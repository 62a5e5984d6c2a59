"""The page of churn risk as the browser gets it: the numbers of the report, in both languages."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plotly.utils import PlotlyJSONEncoder

from clicktrail.settings import Settings
from crm import models
from crm.accuracy import Accuracy
from crm.activity import Activity, Ints, day_number
from crm.bands import HIGH
from crm.snapshot import snapshot
from dashboards.annotations import annotate
from dashboards.app import create_app
from dashboards.i18n import Text
from dashboards.page import Desk
from dashboards.reports.churn import fit, sentences
from dashboards.reports.churn.cards import Bins
from dashboards.reports.churn.options import ChurnOptions, Listing
from dashboards.reports.churn.page import PAGE
from dashboards.reports.churn.person import risk_card
from dashboards.reports.churn.query import churn
from dashboards.reports.churn.records import Churn
from dashboards.reports.churn.risk import Risk, risk_of
from dashboards.reports.churn.score import score
from dashboards.static import fast
from schemas.objects import Site
from store.tables.client import Store, open_store
from tests.conftest import TABLES
from tests.dashboards.leavers import noon, write_visits
from tests.dashboards.shop import Shop, click
from tests.dashboards.test_pages import page
from tests.unit.crm.sites import shop

SITE = Site("leavers", "leavers.example", timezone="Europe/Vienna")
SMALL = Site("few", "few.example")
NOW = noon(2026, 7, 1)


@pytest.fixture(scope="module")
def written(_migrated_store: Store) -> Store:
    """Two sites, one with 4,000 people and a kept forecast of visits, one with 40 people."""
    for table in TABLES:
        _migrated_store.command(f"TRUNCATE TABLE {table}")
    write_visits(_migrated_store, SITE, shop(4_000, 182, seed=11))
    write_visits(_migrated_store, SMALL, shop(40, 182, seed=5))
    for site in (SITE, SMALL):
        click(_migrated_store, Shop(site, NOW), "seen", NOW - timedelta(minutes=5), event_type="ping")
    for site in (SITE, SMALL):
        complained = {"event_type": "complaint", "visitor_id": first(_migrated_store, site)}
        click(_migrated_store, Shop(site, NOW), "bad", NOW - timedelta(days=3), **complained)
    score(_migrated_store, SITE, now=NOW, primaries=("visit",))
    return _migrated_store


def first(store: Store, site: Site) -> str:
    """Who is most at risk."""
    return churn(store, site, ChurnOptions(), listing=Listing(limit=1), now=NOW).people[0].person_id


@pytest.fixture(scope="module")
def seen(written: Store, store_settings: Settings) -> Iterator[Store]:
    opened = open_store(store_settings, role="reader")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(written: Store, seen: Store, tmp_path_factory: pytest.TempPathFactory) -> Any:
    settings = Settings(data=tmp_path_factory.mktemp("churn"))
    made = create_app(seen, lambda: written, settings, now=lambda: NOW).server.test_client()
    made.get("/")
    return made


@pytest.fixture(scope="module")
def report(seen: Store) -> Churn:
    return churn(seen, SITE, ChurnOptions(), now=NOW)


def test_the_page_shows_the_numbers_of_the_report(client: Any, report: Churn) -> None:
    shown = page(client, "/churn", "?site=leavers")
    gone = sum(one.leavers for one in report.spread)
    assert f"We expect {gone:,.0f} of {report.in_play:,} people not to come back within 28 days." in shown
    for person in report.people:
        assert person.person_id in shown
    first_one = report.people[0]
    assert first_one.risk is not None
    assert sentences.in_ten(Text("en"), first_one.risk) in shown
    assert first_one.stage.action in shown
    assert "Not in the forecast: a complaint on 28 Jun" in shown
    record = report.fitted.backtest
    assert record is not None
    assert f"{record.overall.brier:.3f}" in shown
    newest = [one for one in record.cutoffs if one.marked][-1]
    assert f"Of {newest.marked:,} marked high on" in shown
    assert "SELECT f.*" in shown
    assert "Regression on seven facts" in shown


def test_the_threshold_says_hits_and_misses(client: Any, report: Churn) -> None:
    bins = Bins.of(report)
    ranked = [p for p in report.spread if not p.is_newcomer]
    assert sum(bins.people) == sum(p.people for p in ranked)
    half = bins.reach(50)
    assert half.people == sum(p.people for p in ranked if p.hundredth >= 50)
    assert half.hits == pytest.approx(sum(p.leavers for p in ranked if p.hundredth >= 50))
    assert 0.5 <= half.hits / half.people <= 1
    shown = page(client, "/churn", "?site=leavers&above=50")
    assert f'"{half.people:,}"' in shown
    assert f'"{half.misses:,.0f}"' in shown
    assert "from 50% up" in shown


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("primary=sale", "primary=sale: choose visit, order"),
        ("horizon=soon", "horizon=soon: give 1d to 366d"),
        ("as-of=2031-01-01", "that is still to come"),
        ("as-of=%27%3B%20DROP", "write a date as YYYY-MM-DD"),
        ("f=colour%3Dred", "unknown field"),
        ("above=900", "The threshold in this link is no share from 0 to 100"),
        ("above=%27", "The threshold in this link"),
        ("band=%27%20OR%201", "A choice in this link is unknown"),
        ("stage=x", "A choice in this link is unknown"),
        ("sort=drop", "A choice in this link is unknown"),
        ("page=-1", "A choice in this link is unknown"),
        ("page=99999999999", "A choice in this link is unknown"),
        ("page=1000000", "No person in play fits this choice."),
    ],
)
def test_bad_input_is_told(client: Any, asked: str, said: str) -> None:
    shown = page(client, "/churn", f"?site=leavers&{asked}")
    assert said in shown
    assert "Traceback" not in shown
    assert "DB::Exception" not in shown


def test_the_page_is_whole_in_chinese(client: Any) -> None:
    for search in ("?site=leavers&lang=zh", "?site=few&lang=zh", "?site=leavers&lang=zh&primary=order"):
        shown = page(client, "/churn", search)
        assert "流失风险" in shown
        for english in (
            "Suggested action",
            "days silent",
            "visited on",
            "in 10",
            "Model card",
            "Brier scores",
        ):
            assert english not in shown, (search, english)


def test_a_site_with_few_people_gets_facts_and_no_percentage(client: Any) -> None:
    shown = page(client, "/churn", "?site=few")
    assert "No percentages: " in shown
    assert "come back so far and a forecast needs 30" in shown
    assert "Facts instead of percentages" in shown
    assert " in 10" not in shown
    assert "Contact the most at risk" not in shown
    assert "What happened, 60 d" in shown
    assert "a complaint on 28 Jun" in shown


def test_a_forecast_worse_than_the_base_rate_is_not_shown(
    written: Store, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    always = Site("always", "always.example")
    days = np.arange(20_448, 20_635, 5)  # everybody comes every five days, for ever
    made = shop(40, 182, seed=1)
    rows = replace_days(made, days)
    write_visits(written, always, rows)
    click(written, Shop(always, NOW), "here", NOW - timedelta(minutes=5), event_type="ping")
    shown = page(client, "/churn", "?site=always&horizon=7d")
    assert "the forecast did no better than giving everybody the base rate" in shown
    assert "Past weeks: Brier" in shown
    assert " in 10" not in shown


def test_a_large_site_without_a_forecast_is_told_the_command(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit, "SMALL", 100)
    shown = page(client, "/churn", "?site=leavers&primary=order&horizon=14d")
    assert "No forecast yet" in shown
    assert '"clicktrail score --site leavers --primary order --horizon 14"' in shown
    assert "还没有预测" in page(client, "/churn", "?site=leavers&primary=order&horizon=14d&lang=zh")
    assert "Regression on seven facts" in page(client, "/churn", "?site=leavers"), "that one is kept"


def replace_days(made: Activity, days: Ints) -> Activity:
    """All persons of an activity, active on the same days."""
    persons = len(made.names)
    whole = persons * len(days)
    return replace(
        made,
        person=np.repeat(np.arange(persons), len(days)),
        day=np.tile(days, persons),
        value=np.zeros(whole),
    )


def rows_of(client: Any, name: str, search: str = "") -> list[dict[str, str]]:
    said = client.get(f"/download/churn/{name}.csv?site=leavers{search}")
    assert said.status_code == 200, said.text
    return list(csv.DictReader(io.StringIO(said.get_data().decode("utf-8-sig"))))


def test_every_table_can_be_taken_along(client: Any, report: Churn, seen: Store) -> None:
    everyone = churn(seen, SITE, ChurnOptions(), listing=Listing(limit=9_999), now=NOW)
    rows = rows_of(client, "visitors")
    assert [row["visitor_id"] for row in rows] == [one.person_id for one in everyone.people]
    assert float(rows[0]["risk"]) == everyone.people[0].risk
    high = rows_of(client, "visitors", "&band=high")
    assert all(float(row["risk"]) > HIGH for row in high)
    assert 0 < len(high) < len(rows)
    record = report.fitted.backtest
    assert record is not None
    assert sum(int(row["people"]) for row in rows_of(client, "deciles")) == record.overall.people
    assert [row["as_of"] for row in rows_of(client, "weeks")] == [str(one.as_of) for one in record.cutoffs]
    assert len(rows_of(client, "model")) == 7
    assert client.get("/download/churn/visitors.parquet?site=leavers").status_code == 200
    assert client.get("/download/churn/secrets.csv?site=leavers").status_code == 404
    assert client.get("/download/churn/visitors.csv?site=leavers&horizon=x").status_code == 400


def test_the_people_of_a_threshold_a_band_and_a_stage(seen: Store, written: Store, tmp_path: Path) -> None:
    desk = Desk(seen, lambda: written, Settings(data=tmp_path), (PAGE,), lambda: NOW)
    everyone = churn(seen, SITE, ChurnOptions(), listing=Listing(limit=9_999), now=NOW).people
    wanted = {
        "above:70": lambda one: one.risk >= 0.7 and not one.known.is_newcomer,
        "band:low": lambda one: one.band == "low" and not one.known.is_newcomer,
        "stage:new": lambda one: one.stage.value == "new",
    }
    view = desk.at("/churn", "?site=leavers&f=country%3DDE")
    assert PAGE.people is not None
    for who, holds in wanted.items():
        chosen = PAGE.people(view, who)
        assert chosen is not None
        rows = seen.query(chosen.ahead + chosen.sql, None, **chosen.parameters)
        expected = {one.person_id for one in everyone if holds(one) and not one.person_id.endswith("1")}
        assert expected
        assert rows.columns == ["person_id"]
        assert set(rows["person_id"]) == expected
        assert rows.height == len(expected)
    for nonsense in ("", "above:", "above:x", "above:101", "band:x", "stage:'", "else"):
        assert PAGE.people(view, nonsense) is None


def test_the_sentences_are_those_of_the_mathematics_in_english(report: Churn) -> None:
    text, fitted = Text("en"), report.fitted
    for person in report.people:
        for why in person.reasons:
            said = sentences.reason(text, why, person.known, fitted.primary, fitted.horizon.days)
            assert said == why.text


def test_points_sum_to_the_distance_from_the_average(seen: Store) -> None:
    whole = churn(seen, SITE, ChurnOptions(), listing=Listing(limit=300), now=NOW)
    points = [sum(why.points for why in one.reasons) for one in whole.people]
    averages = {round(100 * (one.risk or 0) - p, 6) for one, p in zip(whole.people, points, strict=True)}
    assert len(averages) == 1, "visits have three kinds of reasons: nothing is left over"


def test_the_document_holds_only_plain_json(report: Churn) -> None:
    document = json.loads(json.dumps(report.to_json()))
    assert isinstance(document["backtest"]["auc"], float)
    assert set(document["backtest"]) >= {"auc", "brier", "ece", "skill", "lift"}
    assert report.fitted.backtest is not None
    assert isinstance(report.fitted.backtest.overall, Accuracy)


@pytest.fixture(scope="module")
def known_before(written: Store, seen: Store) -> str:
    """Somebody whose risk is kept for two days, with a note between them and one long before."""
    score(written, SITE, now=NOW, primaries=("visit",), as_of="2026-06-20")
    annotate(written, SITE.id, "2026-06-24", "New <b>prices</b>")
    annotate(written, SITE.id, "2026-06-02", "Long before")
    return next(
        one.person_id
        for one in churn(seen, SITE, ChurnOptions(), listing=Listing(limit=400), now=NOW).people
        if len(risk_of(seen, SITE, [one.person_id], NOW)[one.person_id].history) == 2
    )


def card_of(desk: Desk, risk: Risk | None, lang: str) -> str:
    """The card as the browser gets it."""
    made = fast(risk_card(desk.at("/churn", f"?site=leavers&lang={lang}"), risk))
    return json.dumps(made.to_plotly_json(), ensure_ascii=False, cls=PlotlyJSONEncoder)


def test_the_card_of_one_person_shows_risk_reasons_action_and_history(
    written: Store, seen: Store, known_before: str, tmp_path: Path
) -> None:
    desk = Desk(seen, lambda: written, Settings(data=tmp_path), (PAGE,), lambda: NOW)
    risk = risk_of(seen, SITE, [known_before], NOW)[known_before]
    said = {lang: card_of(desk, risk, lang) for lang in ("en", "zh")}
    assert risk.person.risk is not None
    assert sentences.in_ten(Text("en"), risk.person.risk) in said["en"]
    assert risk.person.stage.action in said["en"]
    assert risk.person.reasons[0].text in said["en"]
    assert f"{risk.history[0].risk:.0%} on 20 Jun" in said["en"]
    assert "6月20日 为" in said["zh"]
    assert "Not in play" in card_of(desk, None, "en")


def test_the_history_is_drawn_by_day_with_the_notes_on_its_days(
    written: Store, seen: Store, known_before: str, tmp_path: Path
) -> None:
    desk = Desk(seen, lambda: written, Settings(data=tmp_path), (PAGE,), lambda: NOW)
    risk = risk_of(seen, SITE, [known_before], NOW)[known_before]
    said = card_of(desk, risk, "en")
    assert '"x": ["2026-06-20", "2026-06-30"]' in said
    assert '"x0": "2026-06-24"' in said
    assert "New ‹b›prices‹/b›" in said
    assert "Long before" not in said


def test_the_interval_stands_beside_the_risk_on_card_list_and_in_the_file(
    client: Any, written: Store, seen: Store, known_before: str, report: Churn, tmp_path: Path
) -> None:
    desk = Desk(seen, lambda: written, Settings(data=tmp_path), (PAGE,), lambda: NOW)
    shown = page(client, "/churn", "?site=leavers")
    for person, row in zip(report.people, rows_of(client, "visitors"), strict=False):
        assert person.bounds is not None
        low, high = person.bounds
        assert 0 < low < (person.risk or 0) < high < 1
        assert f"likely {100 * low:.0f}–{100 * high:.0f}%" in shown
        assert (float(row["risk_low"]), float(row["risk_high"])) == (low, high)
    risk = risk_of(seen, SITE, [known_before], NOW)[known_before]
    wide = replace(risk, person=replace(risk.person, risk=0.6, bounds=(0.42, 0.79)))
    assert "6 in 10, likely between 4 and 8" in card_of(desk, wide, "en")
    assert "可能为 42–79%" in card_of(desk, wide, "zh")
    old = replace(risk, person=replace(risk.person, risk=0.6, bounds=None))
    assert "likely" not in card_of(desk, old, "en")


def test_how_right_we_were_is_counted_again_by_hand(client: Any, report: Churn) -> None:
    """AUC, Brier, skill and lift of the page and of those who are ranked, from days and risks alone."""
    record, activity = report.fitted.backtest, shop(4_000, 182, seed=11)
    assert record is not None
    assert record.ranked is not None
    shown = page(client, "/churn", "?site=leavers")
    known, horizon = day_number(report.fitted.as_of), report.fitted.horizon.days
    risks: list[float] = []
    gone: list[bool] = []
    base: list[float] = []
    for one in record.cutoffs:
        day = day_number(one.as_of)
        then, before = (snapshot(activity, at, horizon, known) for at in (day, day - horizon))
        model = models.fit(record.champion, then, before)
        assert model is not None
        ranked = then.people.active_days > 1
        risks += model.risk(then.people)[ranked].tolist()
        gone += then.labelled[ranked].tolist()
        regulars = [
            left for left, days in zip(before.labelled, before.people.active_days, strict=True) if days > 1
        ]
        base += [sum(regulars) / len(regulars)] * int(ranked.sum())
    pairs = sorted(zip(risks, gone, strict=True), reverse=True)
    top = pairs[: round(len(pairs) / 10)]
    lift = (sum(left for _, left in top) / len(top)) / (sum(gone) / len(gone))
    brier = sum((risk - left) ** 2 for risk, left in pairs) / len(pairs)
    base_brier = sum((rate - left) ** 2 for rate, left in zip(base, gone, strict=True)) / len(gone)
    stayed, won = 0, 0
    for _, left in reversed(pairs):  # ties are too few to show in two digits
        stayed, won = stayed + (not left), won + (stayed if left else 0)
    area = won / (sum(gone) * (len(gone) - sum(gone)))
    better = "better" if brier < base_brier else "worse"
    assert (
        f"Newcomers set apart ({len(gone):,} forecasts): AUC {area:.2f}, Brier {brier:.3f}, base rate "
        f"{base_brier:.3f} ({abs(1 - brier / base_brier):.0%} {better} than the base rate), lift of the top "
        f"tenth ×{lift:.1f}."
    ) in shown
    overall = record.overall
    assert f"{overall.auc:.2f}" in shown
    assert f"×{overall.lift:.1f}" in shown
    assert f"{overall.skill:.0%}" in shown


def test_the_model_card_names_population_facts_date_and_interval(client: Any, report: Churn) -> None:
    shown = page(client, "/churn", "?site=leavers")
    fitted = report.fitted
    assert f"{fitted.people:,} people active in the last 28 days" in shown
    assert "No visit within 28 days" in shown
    assert "The seven below" in shown
    assert "95% interval from the covariance of the weights" in shown
    for ratio in fitted.odds_ratios().values():
        assert ratio.low is None or f"{ratio.low:.2f}–{ratio.high:.2f}" in shown
