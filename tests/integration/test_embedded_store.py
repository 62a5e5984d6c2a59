"""The embedded store as its clients see it: a real process, plain clickhouse-driver."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clickhouse_driver import Client
from clickhouse_driver.block import RowOrientedBlock
from clickhouse_driver.errors import Error, NetworkError, ServerException

from clicktrail.errors import StoreError
from store.tables.embedded.files import StoreAddress, StoreFiles, held_lock, is_locked
from store.tables.embedded.launch import store_address
from store.tables.embedded.process import EXIT_LOCKED, serve

ROOT = Path(__file__).resolve().parents[2]
RETRYABLE = (OSError, EOFError, NetworkError)


@contextmanager
def store_process(data: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A store on a free port; stopped by its id."""
    command = [sys.executable, "-m", "store.tables.embedded.process", "--data", str(data), "--port", "0"]
    with (data / "output").open("ab") as output:
        process = subprocess.Popen([*command, *options], cwd=ROOT, stdout=output, stderr=output)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=20)


def connect(address: StoreAddress, user: str = "writer", **options: Any) -> Client:
    password = address.writer_password if user == "writer" else address.reader_password
    return Client(address.host, address.port, user=user, password=password, **options)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreAddress]:
    data = tmp_path_factory.mktemp("a store")
    with store_process(data):
        yield store_address(data, start=False)


@pytest.fixture
def writer(address: StoreAddress) -> Iterator[Client]:
    client = connect(address)
    yield client
    client.disconnect()


@pytest.fixture
def reader(address: StoreAddress) -> Iterator[Client]:
    client = connect(address, "reader")
    yield client
    client.disconnect()


@pytest.fixture
def table(writer: Client) -> Iterator[str]:
    name = f"t{uuid.uuid4().hex}"
    writer.execute(f"CREATE TABLE {name} (a Int32, s String) ENGINE = MergeTree ORDER BY a")
    yield name
    writer.execute(f"DROP TABLE {name}")


def error_code(client: Client, sql: str, **options: Any) -> int:
    with pytest.raises(ServerException) as caught:
        client.execute(sql, **options)
    return int(caught.value.code)


VALUES: dict[str, list[Any]] = {
    "String": ["", "a", "ü" * 300, "\0"],
    "LowCardinality(String)": ["x", "", "x", "y"],
    "LowCardinality(Nullable(String))": ["x", None, "x", ""],
    "UInt8": [0, 1, 2, 255],
    "UInt16": [0, 1, 2, 65535],
    "UInt32": [0, 1, 2, 2**32 - 1],
    "UInt64": [0, 1, 2, 2**64 - 1],
    "Int32": [0, -1, 2, 2**31 - 1],
    "Int64": [0, -1, 2, 2**63 - 1],
    "Float64": [0.0, -1.5, 1e300, 2.0],
    "Date": [dt.date(1970, 1, 1), dt.date(2026, 2, 28), dt.date(2024, 2, 29), dt.date(2100, 1, 1)],
    "Decimal(18, 4)": [Decimal("0.0000"), Decimal("-1.5000"), Decimal("99999999999.1234"), Decimal("1.0000")],
    "Array(String)": [[], ["a"], ["", "b" * 200], []],
    "Array(LowCardinality(String))": [[], ["a"], ["", "b"], []],
    "Array(Array(UInt8))": [[], [[1]], [[], [2, 3]], [[]]],
    "Nullable(String)": [None, "a", "", None],
    "Nullable(Float64)": [None, 1.5, 0.0, None],
    "Map(String, Int64)": [{}, {"a": 1}, {"a": 1, "b": -2}, {}],
    "Tuple(Int8, String)": [(1, "a"), (2, ""), (3, "c"), (-4, "d")],
    "UUID": [uuid.UUID(int=value) for value in (0, 1, 2**64, 2**128 - 1)],
    "Enum8('b, (c)' = -2, 'a' = 1)": ["a", "b, (c)", "a", "a"],
    "Bool": [True, False, True, False],
    "FixedString(2)": ["ab", "cd", "ef", "gh"],
    "SimpleAggregateFunction(max, UInt64)": [1, 2, 3, 4],
}


@pytest.mark.parametrize("compression", [False, "lz4"])
def test_every_column_type_comes_back_as_it_was_inserted(address: StoreAddress, compression: Any) -> None:
    client = connect(address, compression=compression)
    zone = dt.timezone.utc
    moments = [dt.datetime(2026, 1, day, 3, 4, 5, 678000, tzinfo=zone) for day in (1, 2, 3, 4)]
    columns = {**VALUES, "DateTime64(3, 'UTC')": moments}
    listed = ", ".join(f"c{at} {type_name}" for at, type_name in enumerate(columns))
    client.execute(f"CREATE TEMPORARY TABLE types ({listed}) ENGINE = Memory")
    client.execute("INSERT INTO types VALUES", list(columns.values()), columnar=True)
    client.execute("INSERT INTO types VALUES", list(zip(*columns.values(), strict=True)))
    found = client.execute("SELECT * FROM types", columnar=True, with_column_types=True)
    assert [type_name for _, type_name in found[1]] == list(columns)
    assert [list(column) for column in found[0]] == [values * 2 for values in columns.values()]
    client.disconnect()


@pytest.mark.parametrize("compression", [False, "lz4"])
def test_numpy_columns_go_in_and_data_frames_come_out(address: StoreAddress, compression: Any) -> None:
    client = connect(address, compression=compression, settings={"use_numpy": True})
    client.execute("CREATE TEMPORARY TABLE n (a Int32, f Float64, s String) ENGINE = Memory")
    numbers = np.arange(70_000, dtype="int32")
    texts = np.array([f"row {number}" for number in numbers], dtype=object)
    client.execute("INSERT INTO n VALUES", [numbers, numbers / 2, texts], columnar=True)
    frame = client.query_dataframe("SELECT * FROM n ORDER BY a")
    assert list(frame.columns) == ["a", "f", "s"]
    assert (frame["a"].to_numpy() == numbers).all()
    assert frame["s"].iloc[69_999] == "row 69999"
    assert list(client.query_dataframe("SELECT * FROM n WHERE a < 0").columns) == ["a", "f", "s"]
    client.disconnect()


def test_a_large_result_arrives_in_several_blocks(writer: Client) -> None:
    rows = writer.execute_iter("SELECT number, toString(number) FROM numbers(200000)")
    assert sum(number for number, _ in rows) == 199_999 * 100_000


def test_an_empty_result_tells_its_columns(writer: Client) -> None:
    found = writer.execute("SELECT 1 AS a, 'x' AS b WHERE 0", with_column_types=True)
    assert found == ([], [("a", "UInt8"), ("b", "String")])


def test_the_zone_of_a_plain_datetime_is_told(writer: Client) -> None:
    sql = "SELECT toDateTime(0, 'Asia/Tokyo') AS a"
    assert writer.execute(sql, with_column_types=True)[1] == [("a", "DateTime('Asia/Tokyo')")]


def test_parameters_are_bound_by_the_server(address: StoreAddress) -> None:
    client = connect(address, "reader", settings={"server_side_params": True})
    sql = "SELECT {a:String}, {b:Array(Int8)}, {c:Nullable(Int8)}, {d:Int64}, {e:String}"
    values = {"a": "it's \\ a\n\ttest; -- {x}", "b": [1, 2], "c": None, "d": -3, "e": "ü"}
    assert client.execute(sql, values) == [("it's \\ a\n\ttest; -- {x}", [1, 2], None, -3, "ü")]
    client.disconnect()


def test_settings_hold_for_one_query_only(writer: Client) -> None:
    sql = "SELECT value FROM system.settings WHERE name = 'max_block_size'"
    before = writer.execute(sql)
    assert writer.execute(sql, settings={"max_block_size": 123}) == [("123",)]
    assert writer.execute(sql) == before
    writer.execute("SET max_block_size = 77")
    assert writer.execute(sql, settings={"max_block_size": 123}) == [("123",)]
    assert writer.execute(sql) == [("77",)]


def test_the_view_deduplication_setting_is_on(writer: Client) -> None:
    name = "deduplicate_blocks_in_dependent_materialized_views"
    assert writer.execute(f"SELECT value FROM system.settings WHERE name = '{name}'") == [("1",)]


def test_an_unknown_setting_is_ignored_unless_it_is_important(address: StoreAddress) -> None:
    with connect(address) as easy, connect(address, settings_is_important=True) as strict:
        assert easy.execute("SELECT 1", settings={"no_such_setting": 1}) == [(1,)]
        assert error_code(strict, "SELECT 1", settings={"no_such_setting": 1}) == 115


def test_errors_carry_code_and_text_and_the_client_goes_on(writer: Client, table: str) -> None:
    assert error_code(writer, "SELEC 1") == 62
    assert error_code(writer, "SELECT * FROM no_such_table") == 60
    assert error_code(writer, f"INSERT INTO {table} (nope) VALUES", params=[(1,)]) == 16
    with pytest.raises(ServerException, match="non-zero"):
        writer.execute("SELECT throwIf(number = 150000) FROM numbers(200000)")
    assert writer.execute("SELECT 1") == [(1,)]


def test_a_failing_insert_writes_nothing(writer: Client, table: str) -> None:
    writer.execute(f"ALTER TABLE {table} ADD CONSTRAINT small CHECK a < 10")
    assert error_code(writer, f"INSERT INTO {table} VALUES", params=[(1, "a"), (11, "b")]) == 469
    assert writer.execute(f"SELECT count() FROM {table}") == [(0,)]


def test_an_insert_that_fails_early_stops_its_client(
    address: StoreAddress, writer: Client, table: str
) -> None:
    writer.execute(f"ALTER TABLE {table} ADD CONSTRAINT small CHECK a < 10")
    rows = [(100, "x" * 1000)] * 20_000
    with connect(address, settings={"insert_block_size": 1000}) as client:
        options = {"min_insert_block_size_rows": 1, "min_insert_block_size_bytes": 1}
        assert error_code(client, f"INSERT INTO {table} VALUES", params=rows, settings=options) == 469
    assert writer.execute(f"SELECT count() FROM {table}") == [(0,)]


def test_a_type_that_cannot_be_transferred_is_a_clear_error(writer: Client) -> None:
    assert error_code(writer, "SELECT sumState(1)") == 48
    writer.execute("CREATE TEMPORARY TABLE states (s AggregateFunction(sum, UInt8)) ENGINE = Memory")
    connection = writer.connection
    connection.force_connect()
    connection.send_query("INSERT INTO states VALUES")
    connection.send_external_tables([])
    assert connection.receive_packet().exception.code == 48
    connection.send_query("SELECT 1")  # the same connection goes on
    connection.send_external_tables([])
    assert connection.receive_packet().exception is None
    writer.disconnect()


def test_progress_and_profile_are_reported(writer: Client) -> None:
    sql = "SELECT count() FROM numbers(50000000) WHERE sipHash64(number) = 1"
    steps = list(writer.execute_with_progress(sql))
    assert steps[-1][0] == 50_000_000
    writer.execute("SELECT number FROM numbers(5)")
    assert writer.last_query is not None
    assert writer.last_query.profile_info.rows == 5


def test_external_tables_serve_both_users(writer: Client, reader: Client) -> None:
    for client in (writer, reader):
        for values in ([1, 5], [7]):
            ext = {"name": "ext", "structure": [("v", "Int32")], "data": [{"v": value} for value in values]}
            assert client.execute("SELECT sum(v) FROM ext", external_tables=[ext]) == [(sum(values),)]
        assert error_code(client, "SELECT * FROM ext") == 60


def test_a_cancelled_query_ends_soon_and_the_client_goes_on(writer: Client) -> None:
    threading.Timer(0.3, writer.connection.send_cancel).start()
    started = time.monotonic()
    writer.execute("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1")
    assert time.monotonic() - started < 20
    assert writer.execute("SELECT 1") == [(1,)]


def test_a_query_ends_when_its_client_hangs_up(writer: Client, address: StoreAddress) -> None:
    gone = connect(address)
    gone.execute("SELECT 1")
    gone.connection.send_query(
        "SELECT 'mark', count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"
    )
    gone.connection.send_external_tables([])
    running = (
        "SELECT count() FROM system.processes WHERE query LIKE '%\\'mark\\'%' AND query NOT LIKE '%LIKE%'"
    )
    wait_for(lambda: writer.execute(running) == [(1,)])
    gone.disconnect()
    wait_for(lambda: writer.execute(running) == [(0,)])


def wait_for(condition: Any, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_an_insert_of_a_client_that_hangs_up_writes_nothing(
    writer: Client, address: StoreAddress, table: str
) -> None:
    gone = connect(address)
    gone.execute("SELECT 1")
    gone.connection.send_query(f"INSERT INTO {table} VALUES")
    gone.connection.send_external_tables([])
    sample = gone.receive_sample_block()
    gone.connection.send_data(RowOrientedBlock(sample.columns_with_types, [(1, "a")]))
    gone.receive_profile_events()
    gone.disconnect()
    wait_for(lambda: writer.execute("SELECT count() FROM system.processes") == [(1,)])
    assert writer.execute(f"SELECT count() FROM {table}") == [(0,)]


def test_use_and_the_database_of_the_client_are_honoured(writer: Client, address: StoreAddress) -> None:
    sql = "SELECT currentDatabase()"
    for asked, given in (("", "clicktrail"), ("default", "clicktrail"), ("system", "system")):
        with connect(address, database=asked) as client:
            assert client.execute(sql) == [(given,)]
    writer.execute("USE system")
    assert writer.execute(sql) == [("system",)]
    with connect(address) as other, connect(address, database="nowhere") as lost:
        assert other.execute(sql) == [("clicktrail",)]
        assert error_code(lost, "SELECT 1") == 81
    engine = writer.execute("SELECT engine FROM system.databases WHERE name = 'clicktrail'")
    assert engine == [("Atomic",)]


@pytest.mark.parametrize(("user", "password"), [("writer", "x"), ("reader", ""), ("default", ""), ("", "")])
def test_a_wrong_password_is_refused(address: StoreAddress, user: str, password: str) -> None:
    with Client(address.host, address.port, user=user, password=password) as client:
        assert error_code(client, "SELECT 1") == 516


def test_noise_on_the_port_leaves_the_store_well(address: StoreAddress, writer: Client) -> None:
    for noise in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"",
        b"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        os.urandom(999),
    ):
        with socket.create_connection((address.host, address.port)) as peer:
            peer.sendall(noise)
    assert writer.execute("SELECT 1") == [(1,)]


def test_statements_other_than_select_answer_too(writer: Client, table: str) -> None:
    assert (table,) in writer.execute("SHOW TABLES")
    assert writer.execute(f"EXISTS TABLE {table}") == [(1,)]
    assert writer.execute(f"DESCRIBE TABLE {table}")[0][:2] == ("a", "Int32")
    writer.execute(f"INSERT INTO {table} VALUES (1, 'inline; values')")
    writer.execute(f"INSERT INTO {table} (s, a) SELECT 'x', 2")
    writer.execute(f"INSERT INTO {table} (* EXCEPT (s)) VALUES", [(3,)])
    writer.execute(f"INSERT INTO {table} (a) FORMAT Native", [(4,)])
    assert writer.execute(f"SELECT a, s FROM {table} ORDER BY a FORMAT CSV; -- end") == [
        (1, "inline; values"),
        (2, "x"),
        (3, ""),
        (4, ""),
    ]


def test_clients_work_side_by_side(address: StoreAddress, writer: Client, table: str) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            client = connect(address)
            for turn in range(20):
                client.execute(f"INSERT INTO {table} VALUES", [(number, str(turn))] * 50)
                assert client.execute(f"SELECT {number * 1000 + turn}") == [(number * 1000 + turn,)]
            client.disconnect()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert writer.execute(f"SELECT count(), uniqExact(a, s) FROM {table}") == [(4000, 80)]


@pytest.fixture(scope="module")
def prey(address: StoreAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file a reader must not see, beside a table, a view and a dictionary it may meet."""
    path = tmp_path_factory.mktemp("prey") / "secret.csv"
    path.write_text("a,b\n1,secret\n")
    client = connect(address)
    client.execute("CREATE TABLE public (a Int32) ENGINE = MergeTree ORDER BY a")
    client.execute(
        f"CREATE DICTIONARY leak (a Int32, b String) PRIMARY KEY a LAYOUT(FLAT()) LIFETIME(0) "
        f"SOURCE(FILE(PATH '{path}' FORMAT 'CSVWithNames'))"
    )
    yield path
    client.disconnect()


DENIED = [
    "SELECT * FROM file('{path}', 'LineAsString')",
    "SELECT * FROM FILE('{path}', 'LineAsString')",
    "SELECT * FROM `file`('{path}')",
    "SELECT * FROM \"file\"('{path}')",
    "SELECT * FROM `fi\\x6ce`('{path}')",
    "SELECT * FROM file/* a */ -- b\n('{path}')",
    "SELECT * FROM file $$x$$ ('{path}')",
    "SELECT file('{path}')",
    "SELECT * APPLY file FROM (SELECT '{path}')",
    "SELECT * APPLY(file) FROM (SELECT '{path}')",
    "SELECT arrayMap(file, ['{path}'])",
    "SELECT arrayMap(x -> file(x), ['{path}'])",
    "SELECT 1 UNION ALL SELECT b FROM file('{path}')",
    "WITH (SELECT b FROM file('{path}')) AS x SELECT x",
    "WITH x AS (SELECT * FROM file('{path}')) SELECT * FROM x",
    "SELECT * FROM (SELECT * FROM (SELECT * FROM file('{path}')))",
    "SELECT * FROM view(SELECT * FROM file('{path}'))",
    "SELECT 1 WHERE 1 IN (SELECT a FROM file('{path}'))",
    "SELECT '--', '/*' FROM file('{path}') --'",
    "SELECT $a$ it's $a$ FROM file('{path}')",
    "SELECT 1 # comment\n FROM file('{path}')",
    "SELECT * FROM default.`{path}`",
    "SELECT * FROM `default`.`{path}`",
    'SELECT * FROM "default" . "{path}"',
    "SELECT * FROM default/**/.`{path}`",
    "USE default",
    "USE `default`",
    "SHOW TABLES FROM default",
    "DESCRIBE file('{path}')",
    "DESC TABLE default.`{path}`",
    "EXISTS TABLE default.`{path}`",
    "SHOW CREATE TABLE default.`{path}`",
    "EXPLAIN SELECT * FROM file('{path}')",
    "EXPLAIN PLAN SELECT * FROM (SELECT * FROM file('{path}'))",
    "EXPLAIN TABLE OVERRIDE mysql('127.0.0.1:1', 'a', 'b', 'c', 'd') PRIMARY KEY x",
    "SELECT hasColumnInTable('default', '{path}', 'a')",
    "SELECT dictGet('leak', 'b', 1)",
    "SELECT dictGet('clicktrail.leak', 'b', toUInt64(1))",
    "SELECT * FROM dictionary('leak')",
    "SELECT dictGetString('leak', 'b', toUInt64(1))",
    "SELECT * FROM eval('SELECT * FROM file(\\'{path}\\')')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'TSV', 'a String')",
    "SELECT * FROM s3('http://127.0.0.1:1/a/b.csv')",
    "SELECT * FROM remote('127.0.0.1:1', system.one)",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM executable('x', 'TSV', 'a String')",
    "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "SELECT * FROM sqlite('{path}', 'a')",
    "SELECT * FROM input('a Int8')",
    "SELECT * FROM python(client)",
    "SELECT * FROM Python(client)",
    "SELECT * FROM merge('default', '.*')",
    "SELECT * FROM loop(system.processes)",
    "SELECT * FROM filesystem('/')",
    "SELECT * FROM iceberg('x')",
    "SELECT * FROM deltaLakeLocal('{path}')",
    "SELECT * FROM azureBlobStorage('x')",
    "SELECT reverseDNSQuery('localhost')",
    "SELECT aiGenerate('x')",
    "SELECT 1 INTO OUTFILE '{path}.out'",
    "SELECT 1 INTO/**/OUTFILE '{path}.out' FORMAT CSV",
    "INSERT INTO FUNCTION file('{path}.out') SELECT 1",
    "INSERT INTO public FROM INFILE '{path}' FORMAT CSV",
    "INSERT INTO public VALUES (1)",
    "INSERT INTO public SELECT 1",
    "CREATE TABLE x (a Int8) ENGINE = Memory",
    "CREATE TEMPORARY TABLE x (a Int8)",
    "CREATE VIEW x AS SELECT 1",
    "DROP TABLE public",
    "ALTER TABLE public DELETE WHERE 1",
    "TRUNCATE TABLE public",
    "OPTIMIZE TABLE public",
    "SYSTEM FLUSH LOGS",
    "KILL QUERY WHERE 1",
    "SET readonly = 0",
    "SET max_memory_usage = 0",
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT 1 SETTINGS max_execution_time = 0",
    "SELECT * FROM (SELECT 1 settings max_execution_time = 0)",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE public",
    "(SELECT 1); DROP TABLE public",
    "SELECT * FROM system.processes",
    "SELECT * FROM `system`.`processes`",
    "SELECT * FROM system . /**/ processes",
    "SELECT * FROM system.named_collections",
    "SELECT * FROM system.query_log",
    "SELECT * FROM system.dictionaries",
    "SELECT * FROM {{t:Identifier}}",
    "SHOW PROCESSLIST",
    "SHOW ACCESS",
    "USE system",
    "BACKUP TABLE public TO File('{path}.backup')",
    "ATTACH TABLE x",
    "1 + 1",
    "EXECUTE AS x SELECT 1",
    "",
    "'unfinished",
    "SELECT 1 /* unfinished",
    "SELECT ‘x’",
]


@pytest.mark.parametrize("sql", DENIED)
def test_a_reader_reaches_no_file_no_address_and_writes_nothing(reader: Client, prey: Path, sql: str) -> None:
    assert error_code(reader, sql.format(path=prey)) in (497, 62)
    assert [path.name for path in prey.parent.iterdir()] == ["secret.csv"]


ALLOWED = [
    "SELECT count() FROM public",
    "SELECT 'file(1)', \"a\" AS `x y` FROM (SELECT 1 AS a) -- file('x')",
    "SELECT url FROM (SELECT 'a' AS url)",
    "WITH 1 AS x SELECT x",
    "(SELECT 1) UNION ALL (SELECT 2)",
    "SELECT * FROM numbers(3)",
    "SELECT concat('a', 'b')",
    "SHOW TABLES",
    "SHOW CREATE TABLE public",
    "DESCRIBE TABLE public",
    "EXISTS TABLE public",
    "EXPLAIN SELECT * FROM public",
    "SELECT name FROM system.tables",
    "SELECT 'INTO OUTFILE' || $$file('x')$$;",
    "USE clicktrail",
]


@pytest.mark.parametrize("sql", ALLOWED)
@pytest.mark.usefixtures("prey")
def test_a_reader_may_ask_ordinary_questions(reader: Client, sql: str) -> None:
    reader.execute(sql)


def test_a_reader_may_only_lower_its_limits(reader: Client) -> None:
    sql = "SELECT getSetting('max_execution_time')"
    assert reader.execute(sql) == [(30,)]
    assert reader.execute(sql, settings={"max_execution_time": 5}) == [(5,)]
    assert reader.execute(sql) == [(30,)]
    for name, value in [
        ("max_execution_time", 0),
        ("max_execution_time", 31),
        ("readonly", 0),
        ("max_memory_usage", 0),
    ]:
        assert error_code(reader, sql, settings={name: value}) == 164


def test_a_reader_stays_read_only_in_the_engine_too(address: StoreAddress, reader: Client) -> None:
    assert reader.execute("SELECT getSetting('readonly')") == [(1,)]
    assert reader.execute("SELECT getSetting('readonly')", settings={"max_threads": 1}) == [(1,)]
    with connect(address, "reader", database="system") as client:
        assert error_code(client, "SELECT 1") == 497


def test_nobody_writes_or_reads_files_by_outfile_and_infile(writer: Client, prey: Path) -> None:
    assert error_code(writer, f"SELECT 1 INTO OUTFILE '{prey}.out'") == 497
    assert error_code(writer, f"INSERT INTO public FROM INFILE '{prey}' FORMAT CSV") == 497


def test_a_retried_insert_counts_once_in_table_and_view(writer: Client) -> None:
    window = "SETTINGS non_replicated_deduplication_window = 100"
    writer.execute(f"CREATE TABLE once (a Int32) ENGINE = MergeTree ORDER BY a {window}")
    writer.execute(f"CREATE TABLE once_sum (n UInt64) ENGINE = MergeTree ORDER BY n {window}")
    writer.execute("CREATE MATERIALIZED VIEW once_view TO once_sum AS SELECT count() AS n FROM once")
    for token in ("x", "x", "y", "x"):
        writer.execute(
            "INSERT INTO once VALUES", [(1,), (2,)], settings={"insert_deduplication_token": token}
        )
    assert writer.execute("SELECT count() FROM once") == [(4,)]
    assert writer.execute("SELECT sum(n) FROM once_sum") == [(4,)]


def test_kills_during_inserts_lose_and_double_nothing(tmp_path: Path) -> None:
    """Batches are retried with their token until acknowledged, while the store is killed at random."""
    seed = random.Random(5)
    batches, rows = 60, 3000
    done = 0
    kills = 0
    while done < batches:
        with store_process(tmp_path) as process:
            client = connect(store_address(tmp_path, start=False))
            client.execute(
                "CREATE TABLE IF NOT EXISTS t (day Date, a UInt64) ENGINE = MergeTree PARTITION BY day "
                "ORDER BY a SETTINGS non_replicated_deduplication_window = 1000"
            )
            killer = threading.Timer(seed.uniform(0.005, 0.06), os.kill, (process.pid, signal.SIGKILL))
            if kills < 5:
                killer.start()
            try:
                while done < batches:
                    days = [dt.date(2026, 1, 1 + row % 2) for row in range(rows)]
                    data = [days, list(range(done * rows, (done + 1) * rows))]
                    token = {"insert_deduplication_token": f"batch {done}"}
                    client.execute("INSERT INTO t VALUES", data, columnar=True, settings=token)
                    done += 1
            except RETRYABLE:
                kills += 1
            client.disconnect()
            killer.cancel()
    with store_process(tmp_path):
        client = connect(store_address(tmp_path, start=False))
        assert client.execute("SELECT count(), uniqExact(a) FROM t") == [(batches * rows, batches * rows)]
        client.disconnect()
    assert kills >= 3


def test_the_tables_have_one_owner(tmp_path: Path) -> None:
    with store_process(tmp_path):
        store_address(tmp_path, start=False)
        with store_process(tmp_path) as second:
            assert second.wait(20) == EXIT_LOCKED
        with connect(store_address(tmp_path, start=False)) as client:
            assert client.execute("SELECT 1") == [(1,)]


def test_a_busy_port_and_a_public_address_are_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(StoreError, match="cannot listen"):
        serve(tmp_path, port=taken.getsockname()[1], memory=1 << 30, linger_s=None)
    with pytest.raises(StoreError, match="loopback"):
        serve(tmp_path, host="0.0.0.0", memory=1 << 30, linger_s=None)


def test_a_stop_is_quick_and_leaves_no_address(tmp_path: Path) -> None:
    with store_process(tmp_path) as process:
        client = connect(store_address(tmp_path, start=False))
        client.execute("SELECT 1")
        client.connection.send_query("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1")
        client.connection.send_external_tables([])
        time.sleep(0.2)
        process.terminate()
        assert process.wait(timeout=10) == 0
    with pytest.raises((Error, EOFError, OSError)):
        client.receive_result()
    assert not StoreFiles(tmp_path).address.exists()
    assert not is_locked(StoreFiles(tmp_path).lock)
    assert StoreFiles(tmp_path).credentials.stat().st_mode & 0o777 == 0o600


def test_a_shared_store_is_started_once_and_ends_with_its_last_client(tmp_path: Path) -> None:
    found: list[StoreAddress] = []
    threads = [threading.Thread(target=lambda: found.append(store_address(tmp_path))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert len(set(found)) == 1
    client = connect(found[0])
    client.execute("SELECT 1")
    time.sleep(3.5)
    assert client.execute("SELECT 1") == [(1,)]  # a client that stays keeps it alive
    client.disconnect()
    wait_for(lambda: not is_locked(StoreFiles(tmp_path).lock))
    assert store_address(tmp_path).writer_password == found[0].writer_password
    wait_for(lambda: not is_locked(StoreFiles(tmp_path).lock))


def test_nobody_starts_a_store_beside_a_supervisor(tmp_path: Path) -> None:
    with held_lock(StoreFiles(tmp_path).supervisor_lock) as mine:
        assert mine
        with pytest.raises(StoreError, match="supervised") as caught:
            store_address(tmp_path, wait_s=0.3)
        assert caught.value.retryable
        assert not StoreFiles(tmp_path).lock.exists()


def test_memory_is_capped(tmp_path: Path) -> None:
    with store_process(tmp_path, "--memory", str(1 << 30)):
        client = connect(store_address(tmp_path, start=False))
        assert error_code(client, "SELECT groupArray(number) FROM numbers(1000000000)") == 241
        assert client.execute("SELECT 1") == [(1,)]
        client.disconnect()


def test_finding_the_store_imports_no_engine() -> None:
    code = "import sys, store.tables.embedded.launch; print('chdb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
