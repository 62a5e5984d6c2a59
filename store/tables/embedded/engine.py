"""The chDB engine of one data folder: the only module that imports chdb."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from chdb.state.sqlitelike import Connection

from store.tables.embedded.walker import text_columns, walk_block
from store.tables.embedded.wire import memory_reader

DATABASE = "clicktrail"
NOT_IMPLEMENTED = 48
UNKNOWN_EXCEPTION = 1002
QUERY_WAS_CANCELLED = 394

_ERROR = re.compile(r"Code: (\d+)\. DB::Exception: (.*)", re.DOTALL)
_VERSION_SUFFIX = re.compile(r"\s*\(version [^()]*\)\s*$")
_CONFIG = """<clickhouse>
    <max_server_memory_usage>{memory}</max_server_memory_usage>
    <mark_cache_size>{cache}</mark_cache_size>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <!-- Each merge of wide rows costs as much as the insert: few large merges, not many small ones. -->
    <merge_tree><min_parts_to_merge_at_once>10</min_parts_to_merge_at_once></merge_tree>
</clickhouse>
"""
# One value of every type the product's tables use: the walker must end where the engine's block ends.
_SELF_TEST = """SELECT 'a', toLowCardinality('b'), toLowCardinality(toNullable('c')), toUInt8(1), toUInt16(1),
toUInt32(1), toUInt64(1), toInt32(1), toInt64(1), toFloat64(1), toDateTime64(0, 3, 'UTC'), toDate(0),
toDecimal64(1, 4), ['d', 'e'], [toLowCardinality('f')], toNullable(1), map('g', 1), (1, 'h'),
generateUUIDv4(), CAST('i', 'Enum8(\\'i\\' = 1)'), toBool(1), toFixedString('j', 3), [[1], [2, 3]]
FROM numbers(3)"""
_SELF_TEST_ROWS = 3
_PARTS = "SELECT toString(count()) FROM system.parts WHERE active AND database = {database:String}"


class EngineError(Exception):
    """The engine refused or could not finish; `code` is ClickHouse's error number."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def engine_error(error: Exception) -> EngineError:
    """The engine's exception with its number taken out of the text."""
    match = _ERROR.search(str(error))
    if match is None:
        return EngineError(UNKNOWN_EXCEPTION, str(error))
    return EngineError(int(match[1]), _VERSION_SUFFIX.sub("", match[2].strip()))


def quoted(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quoted_name(name: str) -> str:
    """An identifier."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


class EngineConnection:
    """One engine session: `USE`, `SET` and temporary tables belong to it. One thread at a time."""

    def __init__(self, location: str) -> None:
        try:
            self._connection = Connection(location)
        except Exception as error:
            raise engine_error(error) from error

    def query(self, sql: str, parameters: dict[str, str] | None = None) -> bytes:
        """Run a statement to its end; its result as Native blocks (b"" for none)."""
        try:
            return bytes(self._connection.query(sql, "Native", params=parameters or {}).bytes())
        except Exception as error:
            raise engine_error(error) from error

    def stream(self, sql: str, parameters: dict[str, str]) -> Iterator[bytes]:
        """The result of a SELECT, some Native blocks at a time; closing the iterator ends the query."""
        try:
            result: Any = self._connection.send_query(sql, "Native", params=parameters)
        except Exception as error:
            raise engine_error(error) from error
        try:
            while (chunk := result.fetch()) is not None:
                yield bytes(chunk.bytes())
        except GeneratorExit:
            raise
        except Exception as error:
            raise engine_error(error) from error
        finally:
            result.close()

    def write(self, sql: str) -> tuple[int, int]:
        """Run a statement that writes; (rows, bytes) written, views included."""
        try:
            done = self._connection.query(sql, "Native")
        except Exception as error:
            raise engine_error(error) from error
        return int(done.rows_written()), int(done.bytes_written())

    def on_progress(self, callback: Callable[[dict[str, int]], None]) -> None:
        """Call `callback` in the querying thread about every 100 ms of a query."""
        self._connection.set_progress_callback(callback)

    def classify(self, sql: str) -> tuple[str, int]:
        """(class of a text, number of its statements) without running it."""
        try:
            found = self._connection._conn.classify_query(sql)
        except Exception as error:
            raise engine_error(error) from error
        return str(found["query_class"].name), int(found["statement_count"])

    def close(self) -> None:
        """End the session; what it runs is cancelled."""
        self._connection.close()


class Engine:
    """The engine process-wide: opened once a process, many sessions."""

    def __init__(self, folder: Path, memory: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "config.xml"
        config.write_text(_CONFIG.format(memory=memory, cache=min(memory // 16, 256 << 20)))
        self._location = f"{folder / 'chdb'}?config-file={config}"
        self._control = EngineConnection(self._location)
        self._lock = threading.Lock()
        self.memory = memory
        self.threads = os.cpu_count() or 1
        self._control.query(f"CREATE DATABASE IF NOT EXISTS {DATABASE} ENGINE = Atomic")
        facts = text_columns(self._control.query("SELECT version(), timezone()"), 2)[0]
        self.version = _version(facts[0])
        self.timezone = facts[1]
        self.setting_names = self._names("SELECT name FROM system.settings")
        self.table_functions = self._names("SELECT name FROM system.table_functions")
        self._self_test()

    def _names(self, sql: str) -> frozenset[str]:
        return frozenset(name for (name,) in text_columns(self._control.query(sql), 1))

    def _self_test(self) -> None:
        data = self._control.query(_SELF_TEST)
        block = walk_block(memory_reader(data), flagged=False)
        if block.end != len(data) or block.rows != _SELF_TEST_ROWS:
            raise EngineError(NOT_IMPLEMENTED, "this chdb version writes blocks this store cannot read")

    def connect(self) -> EngineConnection:
        """A new session, in the product's database."""
        connection = EngineConnection(self._location)
        connection.query(f"USE {DATABASE}")
        return connection

    def classify(self, sql: str) -> tuple[str, int]:
        """(class of a text, number of its statements), from any thread."""
        with self._lock:
            return self._control.classify(sql)

    def let_merges(self, table: str, *, wait: bool) -> None:
        """Let the merges of one of the product's tables wait, or go on; from any thread."""
        with self._lock:
            self._control.query(
                f"SYSTEM {'STOP' if wait else 'START'} MERGES {DATABASE}.{quoted_name(table)}"
            )

    def parts(self) -> int:
        """Parts of all the product's tables, from any thread."""
        with self._lock:
            return int(text_columns(self._control.query(_PARTS, {"database": DATABASE}), 1)[0][0])

    def kill(self, tag: str) -> None:
        """Ask the query that begins with this comment to stop, from any thread."""
        with self._lock:
            self._control.query(f"KILL QUERY WHERE startsWith(query, {quoted(tag)}) ASYNC")

    def close(self) -> None:
        """Close the engine; every session must be closed before."""
        with self._lock:
            self._control.close()


def _version(text: str) -> tuple[int, int, int]:
    numbers = [int(part) for part in text.split(".")[:3] if part.isdigit()]
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return major, minor, patch
