"""What pages are made of: the address, words, numbers, colours, the fold, the form; the server's start."""

from __future__ import annotations

import ast
import json
import re
import signal
import socket
import string
import subprocess
import sys
import time
import urllib.request
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from dash import dcc, html
from hypothesis import given
from hypothesis import strategies as st

from clicktrail.errors import ConfigError
from clicktrail.settings import Settings
from dashboards import format, theme
from dashboards.i18n import LANGUAGES, Text, words
from dashboards.reports.overview.figure import trend
from dashboards.reports.overview.records import Bucket
from dashboards.reports.sites.form import bare_domain
from dashboards.serve import listen
from dashboards.state import MAX_FILTERS, METRICS, State
from dashboards.static import Element, Static, fast

ROOT = Path(__file__).resolve().parents[2]
DASHBOARDS = ROOT / "dashboards"

states = st.builds(
    State,
    path=st.sampled_from(("/", "/live", "/sites")),
    site=st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), max_size=12),
    p=st.sampled_from(("today", "7d", "30d", "90d")),
    cmp=st.sampled_from(("prev", "none")),
    f=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip),
        max_size=MAX_FILTERS,
        unique=True,
    ).map(tuple),
    lang=st.sampled_from(("en", "zh")),
    metric=st.sampled_from(METRICS),
)


@given(states)
def test_a_state_comes_back_from_its_own_address(state: State) -> None:
    parts = urlsplit(state.href())
    assert State.of_search(parts.path, parts.query) == state


@given(
    st.dictionaries(
        st.sampled_from(["site", "p", "start", "end", "f", "cmp", "lang", "metric", "x"]), st.text()
    )
)
def test_no_address_makes_a_state_fail(params: dict[str, str]) -> None:
    state = State.of("/", params)
    assert state.p in ("today", "7d", "30d", "90d", "dates")
    assert State.of_search("/", urlsplit(state.href()).query) == state


def test_another_page_keeps_site_period_and_language_and_drops_the_metric() -> None:
    state = State("/", site="shop", p="7d", lang="zh", metric="sessions", f=("country=DE",))
    assert parse_qs(urlsplit(state.href("/live")).query) == {
        "site": ["shop"], "p": ["7d"], "lang": ["zh"], "f": ["country=DE"],
    }  # fmt: skip


def test_every_language_has_the_same_words_with_the_same_places() -> None:
    english = words("en")
    for lang in LANGUAGES:
        assert words(lang).keys() == english.keys()
        for key, text in words(lang).items():
            assert text, key
            fields = {name for _, name, _, _ in string.Formatter().parse(text) if name}
            wanted = {name for _, name, _, _ in string.Formatter().parse(english[key]) if name}
            assert fields <= wanted or not key.endswith(".one"), key
            assert fields == wanted or key.endswith(".one"), key


def test_every_word_that_the_code_asks_for_is_there() -> None:
    asked: set[str] = set()
    for path in DASHBOARDS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = ast.unparse(node.func)
                if name in ("text", "view.text", "text.n", "view.text.n") and isinstance(
                    node.args[0].value, str
                ):
                    asked.add(node.args[0].value)
    assert len(asked) > 80
    assert asked <= words("en").keys()
    groups = {
        "metric": METRICS,
        "how": METRICS,
        "period": ("today", "7d", "30d", "90d", "dates", "start", "end"),
    }
    assert {f"{group}.{name}" for group, names in groups.items() for name in names} <= words("en").keys()


def test_chinese_is_written_in_chinese() -> None:
    same = {"channel.wap", "changes.counts", "changes.devices", "overview.sentence", "funnel.people.segment"}
    latin = [
        key
        for key, text in words("zh").items()
        if not re.search(r"[\u3400-\u9fff]", text) and key not in same
    ]
    assert latin == []


def test_one_is_told_apart_from_many() -> None:
    assert Text("en").n("sites.hits", 1) == "1 hit"
    assert Text("en").n("sites.hits", 1200) == "1,200 hits"
    assert Text("zh").n("sites.hits", 1) == "1 次"


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (format.short(9_876, "en"), "9,876"),
        (format.short(141_800, "en"), "141.8k"),
        (format.short(999_999, "en"), "1.0M"),
        (format.short(141_800, "zh"), "14.2万"),
        (format.signed(-0.041), "−4.1%"),
        (format.signed(0.117), "+11.7%"),
        (format.signed(0.0001), "0.0%"),
        (format.share(1, 900), "<1%"),
        (format.share(0, 0), "–"),
        (format.span(210, "en"), "3.5 min"),
        (format.span(3240, "en"), "54 min"),
        (format.span(0, "zh"), "0 秒"),
        (format.money(Decimal("612.4"), "EUR"), "€612"),
        (format.money(Decimal("9.5"), "KES"), "KES 9.50"),
        (format.dates(date(2026, 10, 24), date(2026, 11, 22), "en", date(2026, 11, 22)), "24 Oct – 22 Nov"),
        (format.dates(date(2026, 11, 16), date(2026, 11, 22), "en", date(2026, 11, 22)), "16 – 22 Nov"),
        (
            format.dates(date(2025, 12, 1), date(2026, 1, 2), "zh", date(2026, 11, 22)),
            "2025年12月1日 – 2026年1月2日",
        ),
    ],
)
def test_numbers_and_dates_are_written_as_people_read_them(made: str, wanted: str) -> None:
    assert made == wanted


@pytest.mark.parametrize("tokens", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_every_text_colour_is_readable_on_what_it_stands_on(tokens: dict[str, str]) -> None:
    worst = {pair: theme.contrast(tokens[pair[0]], tokens[pair[1]]) for pair in theme.TEXT_PAIRS}
    assert min(worst.values()) >= 4.5, worst


def test_both_themes_name_the_same_tokens_and_the_styles_use_only_those() -> None:
    assert theme.LIGHT.keys() == theme.DARK.keys()
    used = set(re.findall(r"var\(--([a-z0-9-]+)\)", (DASHBOARDS / "assets/2-app.css").read_text()))
    assert used <= theme.LIGHT.keys() | {"font", "mono"}


def test_a_static_subtree_becomes_one_component_and_an_id_stays_reachable() -> None:
    slot = html.Div("0", id="slot")
    layout = html.Div(
        [html.Main([html.P("a"), html.P(["b", html.B("c")])]), slot, dcc.Store(id="s")], id="root"
    )
    folded = fast(layout)
    assert [type(child).__name__ for child in folded.children] == ["Static", "Div", "Store"]
    assert folded.children[0].tree == ["main", {}, [["p", {}, ["a"]], ["p", {}, ["b", ["b", {}, ["c"]]]]]]
    assert slot.children == "0"
    assert isinstance(fast(Element("form", ["x"])), Static)
    with pytest.raises(ValueError, match="not an element of ours"):
        Element("script", "alert(1)")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://www.Shop.example/path?x#y", "www.shop.example"),
        ("shop.example.", "shop.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("", ""),
    ],
)
def test_a_domain_is_taken_out_of_whatever_was_pasted(typed: str, kept: str) -> None:
    assert bare_domain(typed) == kept


def test_a_running_day_is_drawn_apart_and_left_out_of_the_filled_line() -> None:
    from datetime import datetime, timedelta, timezone
    from types import SimpleNamespace

    from dashboards.period import Period

    first = datetime(2026, 11, 1, tzinfo=timezone.utc)
    buckets = tuple(
        Bucket(
            first + timedelta(days=at),
            f"2026-11-0{at + 1}",
            10 + at,
            10,
            20,
            at == 2,
            bounces=5,
            engaged_s=300.0,
        )
        for at in range(3)
    )
    overview = SimpleNamespace(
        trend=buckets,
        previous_trend=buckets[:2],
        unit="day",
        period=Period(date(2026, 11, 1), date(2026, 11, 3)),
    )
    drawn = trend(overview, "visitors", Text("en"), compare=True)  # type: ignore[arg-type]
    assert [list(trace.y) for trace in drawn.data] == [[10, 11], [11, 12], [12], [10, 11]]
    rates = trend(overview, "bounce_rate", Text("zh"), compare=False)  # type: ignore[arg-type]
    assert list(rates.data[0].y) == [0.5, 0.5]
    json.loads(drawn.to_json())


def test_only_this_machine_and_a_free_port_are_listened_on() -> None:
    with pytest.raises(ConfigError, match="clicktrail user add"):
        listen("0.0.0.0", 0)
    with pytest.raises(ConfigError, match="no such address"):
        listen("nowhere.invalid", 0)
    taken = listen("127.0.0.1", 0)
    try:
        with pytest.raises(ConfigError, match="CLICKTRAIL_DASHBOARD_PORT"):
            listen("127.0.0.1", taken.getsockname()[1])
    finally:
        taken.close()


@pytest.mark.parametrize(("stop", "ignored"), [(signal.SIGTERM, False), (signal.SIGINT, True)])
def test_a_signal_ends_the_dashboard_cleanly(
    store_settings: Settings, store: object, stop: signal.Signals, ignored: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    code = (
        "from pathlib import Path; from clicktrail.settings import Settings; "
        "from dashboards.serve import serve; "
        f"serve(Settings(data=Path({str(store_settings.data)!r}), dashboard_port={port}))"
    )
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if ignored else None
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE)
    if before is not None:
        signal.signal(signal.SIGINT, before)
    try:
        _answers(port)
        process.send_signal(stop)
        _, errors = process.communicate(timeout=15)
        assert (process.returncode, errors) == (0, b"")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _answers(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            assert urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).status == 200
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
