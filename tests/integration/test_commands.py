"""Each command once from end to end, and `up`: all parts start, and none stays behind."""

from __future__ import annotations

import gzip
import json
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psutil
import pytest

from clicktrail.cli import COMMANDS
from clicktrail.settings import Settings
from store.tables.client import Store
from store.tables.embedded.files import StoreFiles, is_locked
from tests.clicktrail_process import COMMAND, Running, answers, free_ports, gone, here, run, running, until
from tests.collector_process import ask

LINE = '{"event_id":"%s","event_type":"page_view","visitor_id":"v1","event_time":%d,"url":"https://a.example/%s"}'


def told(data: Path, *arguments: object, **rest: Any) -> Any:
    """The JSON document of a command that succeeds."""
    done = here(data, *arguments, "--json", **rest)
    assert done.code == 0, done
    return json.loads(done.stdout)


@pytest.fixture
def data(store: Store, store_settings: Settings) -> Path:
    """The folder of a running store with empty tables."""
    return store_settings.data


def test_every_command_explains_itself(data: Path) -> None:
    for name in COMMANDS:
        done = here(data, name, "--help")
        assert done.code == 0, done
        assert done.stdout.startswith("Usage: ")
    assert set(COMMANDS) <= set(here(data, "--help").stdout.split())


def test_a_site_is_added_once_and_again(data: Path) -> None:
    first = told(data, "site", "add", "shop", "--domain", "shop.example", "--timezone", "Europe/Berlin")
    again = told(data, "site", "add", "shop", "--key", "segment=w1")
    assert (first["added"], again["added"]) == (True, False)
    (site,) = told(data, "site", "list")
    assert (site["site"], site["domain"], site["timezone"]) == ("shop", "shop.example", "Europe/Berlin")
    assert site["keys"] == ["segment=w1"]
    assert "shop" in (data / "sites.json").read_text()
    snippet = told(data, "site", "snippet", "shop")
    assert set(snippet) == {"tag", "pixel", "wap"}
    assert 'data-site="shop"' in snippet["tag"]


def test_a_rule_is_tried_and_then_rebuilt(data: Path, tmp_path: Path) -> None:
    told(data, "site", "add", "shop")
    path = tmp_path / "history.ndjson"
    noon = 1_772_366_400_000
    path.write_text("\n".join(LINE % (f"e{n}", noon + n * 40 * 60_000, n) for n in range(3)))
    told(data, "import", path, "--site", "shop")
    asked = ("rebuild", "--timeout-minutes", "45")

    tried = told(data, *asked, "--dry-run")
    assert (tried["site"], tried["dry_run"]) == ("shop", True)
    assert tried["sessions"] == {"before": 3, "after": 1}
    assert tried["bounce_rate"] == {"before": 1.0, "after": 0.0}
    assert tried["median_duration_s"] == {"before": 0.0, "after": 4800.0}
    assert told(data, "site", "list")[0]["timeout_s"] == 1800
    done = told(data, *asked, "--site", "shop")
    assert {**done, "seconds": 0} == {**tried, "seconds": 0, "dry_run": False}
    assert told(data, "site", "list")[0]["timeout_s"] == 2700
    assert '"timeout_s": 2700' in (data / "sites.json").read_text()
    assert told(data, "sql", "SELECT count() AS n FROM sessions FINAL") == [{"n": 1}]
    assert told(data, "rebuild", "--decode")["passes"] >= 1  # over what other tests left in the log


def test_what_cannot_be_rebuilt_is_said(data: Path) -> None:
    assert "which site? add one with `clicktrail site add ID`" in here(data, "rebuild").refused()
    told(data, "site", "add", "shop")
    told(data, "site", "add", "other")
    assert "which site? one of other, shop" in here(data, "rebuild").refused()
    assert "clicktrail site add nobody" in here(data, "rebuild", "--site", "nobody").refused()
    for option, value in (("--timezone", "Mars/Olympus"), ("--currency", "euro")):
        assert f"{option} {value}" in here(data, "rebuild", "--site", "shop", option, value).refused()
    for command in (("rebuild", "--site", "shop"), ("site", "add", "new")):
        for minutes in (0, 481):
            assert here(data, *command, "--timeout-minutes", minutes).code == 2
    both = here(data, "rebuild", "--site", "shop", "--decode", "--dry-run")
    assert "--decode stands alone" in both.refused()


def test_a_session_may_end_after_a_minute_or_eight_hours(data: Path) -> None:
    told(data, "site", "add", "shop", "--timeout-minutes", 1)
    assert told(data, "rebuild", "--timeout-minutes", 480)["rule"]["after"]["timeout_ms"] == 28_800_000
    (site,) = told(data, "site", "list")
    assert site["timeout_s"] == 28_800
    assert told(data, "rebuild", "--timeout-minutes", 1)["rule"]["before"]["timeout_ms"] == 28_800_000


def test_a_site_may_cut_at_its_midnight_and_by_campaign(data: Path, tmp_path: Path) -> None:
    told(data, "site", "add", "shop", "--timezone", "Europe/Berlin", "--own-domain", "pay.example")
    midnight = 1_772_319_600_000  # of Berlin
    times = ((-60_000, "?utm_source=mail"), (-1, ""), (0, ""), (1000, "?utm_source=news"))
    path = tmp_path / "history.ndjson"
    path.write_text("\n".join(LINE % (f"e{n}", midnight + at, word) for n, (at, word) in enumerate(times)))
    told(data, "import", path, "--site", "shop")

    def sessions(*options: str) -> list[int]:
        told(data, "rebuild", *options)
        rows = told(data, "sql", "SELECT events FROM sessions FINAL ORDER BY start")
        return [row["events"] for row in rows]

    assert sessions("--timeout-minutes", "30") == [4]
    assert sessions("--cut-at-midnight") == [2, 2]
    assert sessions("--cut-on-campaign") == [2, 1, 1]
    assert sessions("--no-cut-at-midnight") == [3, 1]
    assert sessions("--cut-at-midnight", "--timezone", "UTC") == [3, 1]
    assert sessions("--no-cut-on-campaign") == [4]
    (site,) = told(data, "site", "list")
    assert (site["timezone"], site["cut_at_midnight"], site["cut_on_campaign"]) == ("UTC", True, False)
    assert site["own_domains"] == ["pay.example"]
    own_log = f"file:{tmp_path / 'log'}"  # that of the folder holds what other tests sent
    assert told(data, "verify", "--site", "shop", log_url=own_log)["ok"] is True


def test_adding_a_site_again_changes_no_rule(data: Path) -> None:
    told(data, "site", "add", "shop", "--timeout-minutes", "30")
    told(data, "site", "add", "shop", "--timeout-minutes", "30", "--timezone", "Europe/Berlin")
    refused = here(data, "site", "add", "shop", "--timeout-minutes", "60", "--currency", "USD").refused()
    assert "`clicktrail rebuild --site shop --timeout-minutes 60 --currency USD`" in refused
    (site,) = told(data, "site", "list")
    assert (site["timeout_s"], site["currency"]) == (1800, "EUR")


def test_history_comes_in_from_files_gzip_and_standard_input(data: Path, tmp_path: Path) -> None:
    told(data, "site", "add", "shop")
    noon = int(datetime.now(timezone.utc).timestamp() * 1000) - 3_600_000
    texts = [LINE % (name, noon + at * 1000, name) + "\n" for at, name in enumerate("abcd")]
    (tmp_path / "plain").write_text(texts[0] + "garbage\n")
    (tmp_path / "zipped").write_bytes(gzip.compress(texts[1].encode()))
    files = (tmp_path / "plain", tmp_path / "zipped")

    first = told(data, "import", *files, "--site", "shop")
    assert set(first) == {"read", "events", "failed", "duplicates", "sessions", "seconds"}
    assert [first[key] for key in ("read", "events", "failed", "duplicates", "sessions")] == [3, 2, 1, 0, 1]
    piped = told(data, "import", "-", "--site", "shop", stdin="".join(texts).encode())
    assert [piped[key] for key in ("read", "events", "failed", "duplicates", "sessions")] == [4, 2, 0, 2, 0]

    overview = told(data, "report", "overview", "--site", "shop")
    assert [overview[key] for key in ("visitors", "sessions", "page_views", "events")] == [1, 1, 4, 4]
    assert {"bounce_rate", "engaged_rate", "meta"} <= set(overview)
    (session,) = told(data, "report", "sessions", "--site", "shop", "--limit", "5")["sessions"]
    assert (session["visitor_id"], session["page_views"]) == ("v1", 4)
    assert told(data, "report", "live", "--site", "shop")
    filtered = told(data, "report", "overview", "--site", "shop", "--filter", "path=/nowhere")
    assert filtered["events"] == 0

    assert told(data, "sql", "SELECT count() AS n FROM events FINAL") == [{"n": 4}]
    (failure,) = told(data, "failed", "list", "--site", "shop")
    assert failure["reason"] == "malformed"
    shown = told(data, "failed", "show", failure["failed_id"])
    assert "garbage" in json.dumps(shown)
    assert told(data, "failed", "list", "--reason", "too_deep") == []
    table = here(data, "report", "sessions", "--site", "shop")
    assert table.code == 0
    assert "v1" in table.stdout


def test_a_funnel_is_asked_for_step_by_step(data: Path, tmp_path: Path) -> None:
    told(data, "site", "add", "shop")
    noon = int(datetime.now(timezone.utc).timestamp() * 1000) - 3_600_000
    lines = [LINE % (f"e{at}", noon + at * 60_000, name) for at, name in enumerate("abac")]
    (tmp_path / "history").write_text("\n".join(lines))
    told(data, "import", tmp_path / "history", "--site", "shop")
    asked = ("report", "funnel", "--site", "shop", "--step", "path=/a", "--step", "path=/c")
    report = told(data, *asked, "--window", "1h", "--optional=2", "--step", "path=/c", "--breakdown", "path")
    assert [step["count"] for step in report["steps"]] == [1, 0, 1]
    assert [step["median_s"] for step in told(data, *asked)["steps"]] == [0.0, 60.0]
    strict = told(data, *asked, "--order", "strict", "--exclude", "1-2:path=/b")
    assert [step["count"] for step in strict["steps"]] == [1, 1]
    assert "--exclude: an open funnel" in here(data, *asked, "--exclude", "1-2:path=/b", "--open").refused()
    assert "2 to 12 steps, not 1" in here(data, *asked[:-2]).refused()
    assert "1m to 3650d" in here(data, *asked, "--window", "0d").refused()
    assert "unknown field" in here(data, *asked, "--hold", "nothing").refused()
    wrong = here(data, "report", "overview", "--site", "shop", "--step", "path=/a")
    assert "the report overview takes no --step; it belongs to funnel" in wrong.refused()


def test_an_access_log_comes_in_as_visits(data: Path, tmp_path: Path) -> None:
    told(data, "site", "add", "shop")
    line = '192.0.2.7 - - [01/Mar/2026:12:00:0%d +0000] "GET /%s HTTP/1.1" 200 5 "-" "Mozilla/5.0 (X11)"\n'
    (tmp_path / "access.log").write_text(
        "".join(line % (n, name) for n, name in enumerate(("", "a", "b", "b")))
    )
    first = told(data, "import", tmp_path / "access.log", "--site", "shop")
    again = told(data, "import", tmp_path / "access.log", "--site", "shop")
    assert [first[key] for key in ("read", "events", "sessions")] == [4, 4, 1]
    assert [again[key] for key in ("read", "events", "duplicates", "sessions")] == [4, 0, 4, 0]


def test_the_doctor_finds_a_whole_installation_and_a_taken_port(data: Path) -> None:
    ports = free_ports(2)
    checks = told(data, "doctor", collect_port=ports[0], dashboard_port=ports[1])
    assert all(check["ok"] for check in checks)
    broken = here(data, "doctor", "--json", store_url="clickhouse://127.0.0.1:1/x")
    assert broken.code == 1
    assert [check["check"] for check in json.loads(broken.stdout) if not check["ok"]][-1] == "store"


def test_the_doctor_tells_a_port_that_another_program_holds(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = here(data, "doctor", "--json", collect_port=port, dashboard_port=free_ports(1)[0])
    assert found.code == 1
    (bad,) = [check for check in json.loads(found.stdout) if not check["ok"]]
    assert bad["check"] == f"port {port} for the collector"
    assert "not by clicktrail" in bad["detail"]


@contextmanager
def everything(data: Path, *, ignored: bool = False) -> Iterator[tuple[Running, dict[str, Any]]]:
    """`up` with all parts, once they answer; its settings beside it."""
    collect, dashboard, store = free_ports(3)
    settings = {"collect_port": collect, "dashboard_port": dashboard, "store_port": store}
    before = (lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) if ignored else None
    with running(data, "up", before=before, **settings) as up:  # type: ignore[arg-type]
        until(lambda: all(map(answers, (collect, dashboard, store))), why=up.said)
        yield up, settings


def part(up: Running, word: str) -> psutil.Process | None:
    """The child that runs this command."""
    for process in up.tree()[1:]:
        if process.status() != psutil.STATUS_ZOMBIE and process.cmdline()[3:4] == [word]:
            return process
    return None


def assert_nothing_left(data: Path, processes: list[psutil.Process], up: Running) -> None:
    until(lambda: gone(processes), 20, lambda: [one.cmdline() for one in processes if one.is_running()])
    # A part that asked for the tables after their process had ended may have started them again:
    # they end with their last client.
    until(lambda: not is_locked(StoreFiles(data).lock), 20, lambda: "the store is still there")
    assert not is_locked(StoreFiles(data).supervisor_lock)
    assert "Traceback" not in up.said(), up.said()


@pytest.mark.slow
def test_up_carries_a_click_restarts_its_parts_and_leaves_nothing(tmp_path: Path) -> None:
    """Started with SIGINT ignored, as a shell does with what it runs in the background."""
    with everything(tmp_path, ignored=True) as (up, settings):
        assert run(tmp_path, "site", "add", "shop", **settings).code == 0
        twice = run(tmp_path, "up", **settings)
        assert "is supervised by another" in twice.refused()
        assert all(check["ok"] for check in told(tmp_path, "doctor", **settings))

        for word in ("collect", "dashboard"):
            killed = part(up, word)
            assert killed is not None
            killed.kill()
            until(lambda: part(up, word) not in (None, killed), 5, up.said)  # noqa: B023
        until(lambda: answers(settings["collect_port"]), why=up.said)
        body = b'{"site":"shop","event_type":"page_view","event_id":"one"}'
        assert ask(settings["collect_port"], "POST", "/e", body)[0] == 200
        live = lambda: told(tmp_path, "sql", "SELECT event_id FROM events FINAL")  # noqa: E731
        until(lambda: live() == [{"event_id": "one"}], why=up.said)

        processes = up.tree()
        assert len(processes) == 6
        assert up.stop(signal.SIGINT) == 0, up.said()
        assert_nothing_left(tmp_path, processes, up)


@pytest.mark.slow
def test_what_a_killed_supervisor_started_ends_by_itself(tmp_path: Path) -> None:
    with everything(tmp_path) as (up, settings):
        processes = up.tree()
        up.process.kill()
        up.process.wait()
        assert_nothing_left(tmp_path, processes, up)
        assert not any(answers(port) for port in settings.values())

        # The folder can be used again at once, and SIGTERM during the start leaves nothing either.
        with running(tmp_path, "up", **settings) as second:
            until(lambda: second.tree()[1:], why=second.said)  # its first part: it hears signals now
            processes = second.tree()
            assert second.stop() == 0, second.said()
            assert_nothing_left(tmp_path, processes, second)


def test_the_command_is_the_module(tmp_path: Path) -> None:
    done = run(tmp_path, "--version")
    assert done.code == 0
    assert "clicktrail" in done.stdout
    assert COMMAND[1:] == ("-m", "clicktrail")
