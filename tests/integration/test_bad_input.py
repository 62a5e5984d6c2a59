"""Whatever comes in, nothing crashes: it gets a reason, and a person gets one line that says what to do."""

from __future__ import annotations

import gzip
import json
import os
import random
import resource
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from clicktrail.commands.site import save
from clicktrail.settings import Settings
from schemas.objects import Site
from store.log import open_log
from store.tables.client import Store, open_store
from store.tables.embedded.files import StoreFiles, held_lock
from tests.clicktrail_process import Ended, free_ports, here, run, running, until
from tests.collector_process import ask, collector, envelopes
from tests.pipelines.again import assert_recomputable, stored_events

NOON_MS = 1_772_366_400_000
DEEP = b"[" * 100_000 + b"]" * 100_000
EVENT = b'"event_type":"click","visitor_id":"v"'


@pytest.fixture
def data(store: Store, store_settings: Settings) -> Path:
    """The folder of a running store with the one site `shop` and empty tables."""
    save(store, store_settings, Site("shop"))
    return store_settings.data


def reasons(store: Store) -> list[str]:
    """Why events failed, in order of the words."""
    rows = store.rows("SELECT reason FROM failed_events FINAL")
    return sorted(str(row["reason"]) for row in rows)


def batch(*members: bytes) -> bytes:
    return b'{"site":"shop","events":[%b]}' % b",".join(b"{%b}" % one for one in members)


BAD_BODIES: list[tuple[bytes, str]] = [
    (b"", "empty"),
    (b"   \n ", "empty"),
    (b'{"site":"shop","events":[]}', "empty"),
    (b"nonsense", "malformed"),
    (b"[]", "malformed"),
    (b'{"site":"shop","events":[{"event_type":', "malformed"),
    (b'{"site":"shop",' + EVENT, "malformed"),
    (b'{"site":"shop","title":"\xff\xfe",' + EVENT + b"}", "malformed"),
    (b'{"site":"shop","title":"a\0b",' + EVENT + b"}", "malformed"),
    (gzip.compress(batch(EVENT))[:-12], "malformed"),
    (batch(EVENT + b',"engaged_ms":"many"'), "wrong_type"),
    (batch(EVENT + b',"revenue":[1]'), "wrong_type"),
    (b'{"site":5,"events":[{%b}]}' % EVENT, "wrong_type"),
    (b'{"site":"shop","events":[7]}', "wrong_type"),
    (batch(EVENT + b',"event_id":"' + b"x" * 129 + b'"'), "too_large"),
    (batch(EVENT + b',"event_id":"much","event_type":"order","revenue":1e10'), "too_large"),
    (batch(EVENT + b',"properties":' + DEEP), "too_deep"),
    (DEEP, "malformed"),
    (b'{"site":"nobody","events":[{%b}]}' % EVENT, "unknown_site"),
    (b'{"events":[{%b}]}' % EVENT, "unknown_site"),
    (batch(b'"visitor_id":"v"'), "no_type"),
]
GOOD_BODIES = [
    batch(EVENT + b',"event_id":"nul","title":"a\\u0000b"'),
    batch(EVENT + b',"event_id":"year0","device_time":"0000-01-01T00:00:00Z"'),
    batch(EVENT + b',"event_id":"year9999","device_time":"9999-12-31T23:59:59Z"'),
    batch(EVENT + b',"event_id":"negative","device_time":-1'),
    batch(EVENT + b',"event_id":"twice","event_id":"twice2","event_type":"page_view"'),
    b"\n\n{" + EVENT + b',"site":"shop","event_id":"lines"}\n\n',
    b'{"site":"shop","sent_at":1e999,"events":[{%b,"event_id":"sent"}]}' % EVENT,
    b'{"site":"shop","sent_at":"\xff","events":[{%b,"event_id":"sent2"}]}' % EVENT,
    gzip.compress(batch(EVENT + b',"event_id":"gz"')),
]


def test_every_bad_body_is_answered_and_kept_with_its_reason(data: Path, store: Store) -> None:
    with collector(data) as running_collector:
        port = running_collector.port
        statuses = {ask(port, "POST", "/e", body)[0] for body, _ in BAD_BODIES}
        statuses |= {ask(port, "POST", "/e", body)[0] for body in GOOD_BODIES}
        assert statuses == {200}
        assert ask(port, "POST", "/e", b"x" * (10 << 20))[0] == 413
        assert ask(port, "GET", "/health")[0] == 200
        assert "Traceback" not in running_collector.said()
    done = here(data, "run", "--once", "--json")

    assert done.code == 0, done
    assert json.loads(done.stdout)["failed"] == len(BAD_BODIES)
    assert reasons(store) == sorted(reason for _, reason in BAD_BODIES)
    events = {event.event_id: event for event in stored_events(store)}
    assert events.keys() == {
        *("nul", "year0", "year9999", "negative", "twice2", "lines", "sent", "sent2", "gz"),
    }
    assert events["nul"].title == "ab"
    assert events["twice2"].event_type == "page_view"
    assert {events[name].time_quality for name in ("year0", "year9999", "negative")} == {"received"}
    assert_recomputable(store)


def test_every_bad_line_of_a_file_is_kept_and_the_good_ones_live(
    data: Path, store: Store, tmp_path: Path
) -> None:
    def line(rest: bytes) -> bytes:
        return b"{%b,%b}" % (EVENT, rest)

    bad = [
        (b"nonsense", "malformed"),
        (b"\xff\xfe\0", "malformed"),
        (line(b'"title":"\xff"'), "malformed"),
        (b"null", "wrong_type"),
        (DEEP, "too_deep"),
        (line(b'"properties":' + DEEP), "too_deep"),
        (line(b'"seq":1.5'), "wrong_type"),
        (line(b'"event_time":"0000-01-01T00:00:00Z"'), "bad_time"),
        (line(b'"event_time":"9999-12-31T00:00:00Z"'), "bad_time"),
        (line(b'"event_time":-1'), "bad_time"),
        (line(b'"event_time":"soon"'), "bad_time"),
        (b'{"event_type":"click","event_time":%d}' % NOON_MS, "no_visitor"),
        (b'{"visitor_id":"v","event_time":%d}' % NOON_MS, "no_type"),
        (line(b'"event_time":%d' % NOON_MS)[:-3], "malformed"),  # half-written, no newline
    ]
    good = [line(b'"event_id":"g%d","event_time":%d' % (n, NOON_MS + n)) for n in range(3)]
    file = tmp_path / "mixed.ndjson"
    file.write_bytes(b"\n\n".join([*good, b"  ", *(text for text, _ in bad)]))
    done = here(data, "import", file, "--site", "shop", "--format", "native", "--json")

    assert done.code == 0, done
    counts = json.loads(done.stdout)
    assert (counts["read"], counts["events"], counts["failed"]) == (len(good) + len(bad), 3, len(bad))
    assert reasons(store) == sorted(reason for _, reason in bad)
    assert_recomputable(store)


def test_what_stands_before_the_damage_of_a_file_is_imported(
    data: Path, store: Store, tmp_path: Path
) -> None:
    rnd = random.Random(1)
    lines = [
        b'{"event_id":"%x","event_type":"click","visitor_id":"v","event_time":%d}'
        % (rnd.getrandbits(60), NOON_MS + n)
        for n in range(3000)
    ]
    packed = gzip.compress(b"\n".join(lines))
    file = tmp_path / "cut.ndjson.gz"
    file.write_bytes(packed[: len(packed) // 2])
    said = here(data, "import", file, "--site", "shop").refused()
    assert "ends early or is damaged" in said
    assert 500 < len(stored_events(store)) < 3000
    assert_recomputable(store)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["import", "{folder}/x.ndjson", "--site", "nobody"], "clicktrail site add nobody"),
        (["import", "{folder}/missing", "--site", "shop"], "missing cannot be read: No such file"),
        (["import", "{folder}", "--site", "shop"], "cannot be read: Is a directory"),
        (["import", "{folder}/binary", "--site", "shop"], "neither events nor an access log"),
        (["report", "nonsense", "--site", "shop"], "overview"),
        (["report", "overview", "--site", "nobody"], "clicktrail site add nobody"),
        (["report", "overview", "--site", "shop", "--from", "yesterday"], "yesterday"),
        (["report", "overview", "--site", "shop", "--from", "2026-02-30"], "2026-02-30"),
        (["report", "overview", "--site", "shop", "--from", "2026-03-02", "--to", "2026-03-01"], "2026-03-0"),
        (["report", "overview", "--site", "shop", "--filter", "no_such_field=1"], "no_such_field"),
        (["report", "overview", "--site", "shop", "--filter", "country"], "country"),
        (["report", "overview", "--site", "shop", "--filter", "path~("], "'(' cannot be used"),
        (["report", "overview", "--site", "shop", "--filter", "engaged_ms>lots"], "lots"),
        (["site", "snippet", "nobody"], "clicktrail site add nobody"),
        (["site", "add", "a/b"], "a/b"),
        (["site", "add", "b", "--timezone", "Mars/Olympus"], "Mars/Olympus"),
        (["site", "add", "b", "--key", "snowplow"], "snowplow"),
        (["failed", "show", "nothing"], "nothing"),
        (["sql", "SELEC 1"], "a reader may run SELECT"),
        (["sql", "SELECT * FROM no_such_table"], "no_such_table"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    data: Path, tmp_path: Path, arguments: list[str], says: str
) -> None:
    (tmp_path / "x.ndjson").write_bytes(b"{%b}\n" % EVENT)
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 50)
    done = here(data, *[text.format(folder=tmp_path) if "{folder}" in text else text for text in arguments])
    assert says in done.refused()
    assert done.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["import"],
        ["import", "x"],
        ["report", "overview"],
        ["run", "--runner", "spark"],
        ["--no"],
    ],
)
def test_wrong_usage_ends_with_2(data: Path, arguments: list[str]) -> None:
    done = here(data, *arguments)
    assert (done.code, done.stdout) == (2, "")
    assert "Usage:" in done.stderr


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("foo", "1", "unknown setting CLICKTRAIL_FOO"),
        ("colect_port", "1", "CLICKTRAIL_COLLECT_PORT"),
        ("collect_port", "70000", "CLICKTRAIL_COLLECT_PORT=70000"),
        ("store_memory", "lots", "CLICKTRAIL_STORE_MEMORY=lots"),
        ("store_url", "mysql://x", "CLICKTRAIL_STORE_URL"),
    ],
)
def test_a_wrong_setting_is_named(data: Path, setting: str, value: str, says: str) -> None:
    wrong: dict[str, Any] = {setting: value}
    assert says in here(data, "site", "list", **wrong).refused()


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO objects (kind, id, document) VALUES ('site', 'x', '{}')",
        "DROP TABLE events",
        "TRUNCATE TABLE events",
        "CREATE TABLE t (a Int8) ENGINE = Memory",
        "ALTER TABLE events DELETE WHERE 1",
        "SELECT * FROM file('/etc/passwd', LineAsString)",
        "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
        "SELECT * FROM remote('127.0.0.1:1', system.one)",
        "SELECT * FROM s3('http://127.0.0.1:1/a', 'CSV')",
        "SELECT * FROM executable('x', 'TSV', 'a Int8')",
        "SELECT file('/etc/passwd')",
        "SELECT 1 INTO OUTFILE '/dev/shm/clicktrail_outfile'",
        "SYSTEM SHUTDOWN",
        "SET readonly = 0",
        "SELECT 1 SETTINGS readonly = 0",
        "SELECT sleep(3) FROM numbers(100) SETTINGS max_execution_time = 0",
    ],
)
def test_a_reader_cannot_write_or_reach_out(data: Path, store: Store, query: str) -> None:
    sites = store.rows("SELECT count() AS n FROM objects")
    here(data, "sql", query, "--json").refused()
    assert store.rows("SELECT count() AS n FROM objects") == sites
    assert not Path("/dev/shm/clicktrail_outfile").exists()


@pytest.mark.parametrize(
    ("arguments", "setting", "says"),
    [
        (["collect"], "collect_port", "CLICKTRAIL_COLLECT_PORT"),
        (["dashboard"], "dashboard_port", "CLICKTRAIL_DASHBOARD_PORT"),
        (["store", "serve"], "store_port", "cannot listen"),
    ],
)
def test_a_port_that_is_taken_is_named(tmp_path: Path, arguments: list[str], setting: str, says: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        taken: dict[str, Any] = {setting: port}
        said = here(tmp_path, *arguments, **taken).refused()
    assert says in said
    assert str(port) in said


@pytest.mark.parametrize("arguments", [["report", "overview", "--site", "shop"], ["sql", "SELECT 1"]])
def test_a_store_that_is_down_is_said_in_one_line(tmp_path: Path, arguments: list[str]) -> None:
    url = f"clickhouse://writer:hidden@127.0.0.1:{free_ports(1)[0]}/x"
    said = here(tmp_path, *arguments, store_url=url).refused()
    assert "the store is away" in said
    assert "hidden" not in said


@pytest.mark.slow
def test_the_pipeline_waits_for_its_store(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    with (
        held_lock(StoreFiles(tmp_path).supervisor_lock) as mine,
        collector(tmp_path) as edge,
        running(tmp_path, "run") as pipeline,
    ):
        assert mine
        body = batch(EVENT + b',"event_id":"early"')
        assert ask(edge.port, "POST", "/e", body)[0] == 200
        with running(tmp_path, "store", "serve", store_port=free_ports(1)[0]):
            store = open_store(settings)
            store.migrate()
            save(store, settings, Site("shop"))
            until(lambda: store.rows("SELECT count() AS n FROM events")[0]["n"] == 1, why=pipeline.said)
            store.close()
        body = batch(EVENT + b',"event_id":"later"')
        assert ask(edge.port, "POST", "/e", body)[0] == 200
        with running(tmp_path, "store", "serve", store_port=free_ports(1)[0]):
            store = open_store(settings)
            until(lambda: store.rows("SELECT count() AS n FROM events")[0]["n"] == 2, why=pipeline.said)
            assert pipeline.stop() == 0, pipeline.said()
            store.close()
        assert "Traceback" not in pipeline.said()


@pytest.mark.slow
def test_two_imports_at_once_share_the_tables(data: Path, store: Store, tmp_path: Path) -> None:
    """Both bring the same visitors, half of the events are in both."""
    parts = [range(4000), range(2000, 6000)]
    for number, part in enumerate(parts):
        lines = [
            b'{"event_id":"e%d","event_type":"click","visitor_id":"v%d","event_time":%d}'
            % (n, n % 50, NOON_MS + n * 17_000)
            for n in random.Random(number).sample(part, len(part))
        ]
        (tmp_path / f"{number}.ndjson").write_bytes(b"\n".join(lines))
    ended: list[Ended] = []

    def bring(number: int) -> None:
        file = tmp_path / f"{number}.ndjson"
        ended.append(run(data, "import", file, "--site", "shop", "--json", batch_bytes=20_000))

    threads = [threading.Thread(target=bring, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.code for one in ended] == [0, 0], ended
    counts = [json.loads(one.stdout) for one in ended]
    assert sum(one["events"] for one in counts) == 6000
    assert sum(one["duplicates"] for one in counts) == 2000
    assert len(stored_events(store)) == 6000
    assert_recomputable(store)


def limit_files(most: int) -> None:
    """In a new process: no file may grow beyond this, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def test_a_full_disk_under_the_log_is_a_503_and_loses_nothing_acknowledged(tmp_path: Path) -> None:
    with collector(tmp_path, before=lambda: limit_files(150_000)) as edge:
        answers = []
        for number in range(60):
            body = batch(EVENT + b',"event_id":"%d","title":"%b"' % (number, b"x" * 5000))
            answers.append(ask(edge.port, "POST", "/e", body)[0])
        assert set(answers) == {200, 503}
        assert answers[0] == 200
        assert ask(edge.port, "GET", "/health")[0] == 200
        assert "Traceback" not in edge.said()
    kept = {json.loads(envelope.body)["events"][0]["event_id"] for envelope in envelopes(tmp_path)}
    assert {str(n) for n, status in enumerate(answers) if status == 200} <= kept
    with collector(tmp_path) as edge:  # there is room again
        assert ask(edge.port, "POST", "/e", batch(EVENT))[0] == 200


def test_a_full_disk_under_an_import_is_one_line_and_the_next_run_completes_it(
    data: Path, store: Store, tmp_path: Path
) -> None:
    """The folder of leases cannot be written."""
    file = tmp_path / "x.ndjson"
    file.write_bytes(b'{%b,"event_id":"a","event_time":%d}\n' % (EVENT, NOON_MS))
    blocked = tmp_path / "data"
    blocked.mkdir()
    (blocked / "lease").write_text("a file where a folder should be")
    (blocked / "store").symlink_to(data / "store")
    said = here(blocked, "import", file, "--site", "shop").refused()
    assert "lease" in said
    os.unlink(blocked / "lease")
    assert here(blocked, "import", file, "--site", "shop").code == 0
    assert [event.event_id for event in stored_events(store)] == ["a"]


def test_a_record_of_the_log_that_is_no_block_is_kept_as_failed(data: Path, store: Store) -> None:
    log = open_log(Settings(data=data), write=True)
    log.append([b"\xc1 not a block", b""])
    log.close()
    done = here(data, "run", "--once", "--json")
    assert json.loads(done.stdout)["failed"] == 2
    assert reasons(store) == ["unsupported", "unsupported"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["site", "list", "--json"],
        ["failed", "list", "--json"],
        ["sql", "SELECT 1 AS a, now64(3) AS b, toDecimal64(1, 4) AS c, NULL AS d, [1] AS e", "--json"],
        ["sql", "SELECT nan AS a, inf AS b, unhex('FF') AS c", "--json"],
        ["sql", "SELECT generateUUIDv4() AS a, map(toUInt8(1), toIPv4('127.0.0.1')) AS b", "--json"],
        ["sql", "SELECT 1 WHERE 0", "--json"],
        ["report", "overview", "--site", "shop", "--json"],
        ["run", "--once", "--json"],
    ],
)
def test_json_is_one_document_and_nothing_else(data: Path, arguments: list[str]) -> None:
    done = here(data, *arguments)
    assert done.code == 0, done
    json.loads(done.stdout, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert done.stdout.count("\n") == 1
