"""One client's engine session: settings of a query, undone after it; result streams; temporary tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from store.tables.embedded.engine import (
    DATABASE,
    Engine,
    EngineConnection,
    EngineError,
    quoted,
    quoted_name,
)
from store.tables.embedded.insert import InsertStream
from store.tables.embedded.requests import Query, Setting
from store.tables.embedded.roles import READER
from store.tables.embedded.statements import Insert, Statement
from store.tables.embedded.walker import Block, column_walk, text_columns, walk_block
from store.tables.embedded.wire import memory_reader

READONLY = 164
UNKNOWN_SETTING = 115
NO_SUCH_COLUMN = 16

Report = Callable[[dict[str, int]], None]

_BARE_DATETIME = re.compile(r"\bDateTime(?![\w(])")
_SETTING_NAME = re.compile(r"[A-Za-z_]\w*")
# What a reader may set for itself; limits among them only downwards.
_READER_SETTINGS = frozenset(
    """max_threads max_block_size max_result_rows max_result_bytes max_rows_to_read max_execution_time
    max_memory_usage result_overflow_mode read_overflow_mode timeout_overflow_mode join_use_nulls
    session_timezone log_comment""".split()
)


@dataclass(frozen=True)
class Limits:
    """What a reader's query may use: seconds and bytes."""

    reader_seconds: float
    reader_memory: int


@dataclass(frozen=True)
class ResultBlock:
    """One block of a result: `data` is the engine's bytes, the block begins at `start`."""

    data: bytes
    start: int
    block: Block
    types: tuple[str, ...]


class Session:
    """Runs the statements of one client, one at a time; `report` is told the progress of each."""

    def __init__(self, engine: Engine, role: str, database: str, limits: Limits, report: Report) -> None:
        self._engine = engine
        self._role = role
        self._limits = limits
        self._report = report
        self._connection = engine.connect()
        self._connection.on_progress(report)
        self._aside: EngineConnection | None = None
        self._database = DATABASE
        self._base = _base_settings(engine, role, limits)
        self._applied: dict[str, str] = {}
        self._overridden: dict[str, str] = {}
        self._client_has_set = False
        self._sealed = False
        self._connection.query(_set_statement(self._base))
        if database not in ("", "default", DATABASE):
            self._use(database)

    def _use(self, database: str) -> None:
        self._connection.query(f"USE {quoted_name(database)}")
        self._database = database

    def apply_settings(self, settings: tuple[Setting, ...]) -> None:
        """Make these the only settings beyond the session's own; the former query's are undone."""
        wanted: dict[str, str] = {}
        for setting in settings:
            if setting.name in self._engine.setting_names:
                self._check_setting(setting)
                wanted[setting.name] = setting.value
            elif setting.important:
                raise EngineError(UNKNOWN_SETTING, f"Unknown setting '{setting.name}'")
        if wanted == self._applied:
            return
        self._undo_settings()
        for name in wanted:
            self._overridden[name] = self._current(name)
        if wanted:
            self._connection.query(_set_statement(wanted))
        self._applied = wanted

    def _undo_settings(self) -> None:
        if self._overridden:
            self._connection.query(_set_statement(self._overridden))
        self._overridden, self._applied = {}, {}

    def _current(self, name: str) -> str:
        """The value to return to, as it stands in a SET statement."""
        if not self._client_has_set:
            return self._base.get(name, "DEFAULT")
        sql = "SELECT value FROM system.settings WHERE name = {name:String}"
        return text_columns(self._connection.query(sql, {"name": name}), 1)[0][0]

    def _check_setting(self, setting: Setting) -> None:
        if not _SETTING_NAME.fullmatch(setting.name):
            raise EngineError(UNKNOWN_SETTING, f"Unknown setting '{setting.name}'")
        if self._role != READER:
            return
        if setting.name not in _READER_SETTINGS:
            raise EngineError(READONLY, f"Cannot modify '{setting.name}' setting as a reader")
        ceiling = {
            "max_execution_time": self._limits.reader_seconds,
            "max_memory_usage": float(self._limits.reader_memory),
        }.get(setting.name)
        if ceiling is not None and not 0 < _number(setting.value) <= ceiling:
            raise EngineError(READONLY, f"{setting.name} of a reader must be above 0 and at most {ceiling:g}")

    def result(self, statement: Statement, query: Query, tag: str) -> Iterator[ResultBlock]:
        """The blocks of a statement's result; the last one may be an empty block that tells the columns."""
        parameters = _engine_parameters(query)
        sql = f"{tag} {statement.text}"
        if statement.streamed:
            yield from self._select(statement, sql, parameters)
            return
        data = self._connection.query(sql, parameters)
        if statement.first == "SET":
            self._client_has_set = True
        elif statement.first == "USE":
            self._database = statement.text.split(None, 1)[1].strip('`" ')
        yield from _blocks(data)

    def _select(self, statement: Statement, sql: str, parameters: dict[str, str]) -> Iterator[ResultBlock]:
        types: tuple[str, ...] | None = None
        for data in self._connection.stream(sql, parameters):
            for found in _blocks(data):
                if types is None:
                    types = self._types_with_zones(found.block.types, statement, parameters)
                yield ResultBlock(data, found.start, found.block, types)
        if types is None:
            columns = self._describe(self._connection, statement, parameters)
            names, described = zip(*columns, strict=True) if columns else ((), ())
            yield ResultBlock(b"", 0, Block(0, names, described, (), 0), described)

    def _types_with_zones(
        self, types: tuple[str, ...], statement: Statement, parameters: dict[str, str]
    ) -> tuple[str, ...]:
        """Native output leaves the zone of DateTime('zone') out; DESCRIBE knows it."""
        if not any(_BARE_DATETIME.search(name) for name in types):
            return types
        try:
            if self._aside is None:
                self._aside = self._engine.connect()
                self._aside.query(_set_statement(self._base))
                if self._role == READER:
                    self._aside.query("SET readonly = 1")
            self._aside.query(f"USE {quoted_name(self._database)}")
            columns = self._describe(self._aside, statement, parameters)
        except EngineError:
            return types  # temporary tables are not seen from the second session: the zone stays unknown
        described = tuple(type_name for _, type_name in columns)
        return described if len(described) == len(types) else types

    def _describe(
        self, connection: EngineConnection, statement: Statement, parameters: dict[str, str]
    ) -> list[tuple[str, str]]:
        described = connection.query(f"DESCRIBE (\n{statement.text}\n)", parameters)
        return [(name, type_name) for name, type_name in text_columns(described, 2)]

    def insert_header(self, insert: Insert) -> list[tuple[str, str]]:
        """Names and types of the columns an INSERT expects."""
        rows = text_columns(self._connection.query(f"DESCRIBE TABLE {insert.target}"), 3)
        types = {name: type_name for name, type_name, kind in rows if kind not in ("ALIAS", "MATERIALIZED")}
        names = insert.columns
        if names is None:
            names = tuple(types) if not insert.column_list else self._expand(insert)
        for name in names:
            if name not in types:
                raise EngineError(NO_SUCH_COLUMN, f"No such column {name} in table {insert.target}")
            column_walk(types[name])
        return [(name, types[name]) for name in names]

    def _expand(self, insert: Insert) -> tuple[str, ...]:
        """`(* EXCEPT a)` → names."""
        sql = f"DESCRIBE (SELECT {insert.column_list[1:-1]} FROM {insert.target})"  # noqa: S608 - the writer's own text
        return tuple(name for (name,) in text_columns(self._connection.query(sql), 1))

    def begin_insert(self, insert: Insert, columns: list[tuple[str, str]], tag: str) -> InsertStream:
        """Start the INSERT; blocks of these columns are appended to what is returned."""
        return InsertStream(self._connection, f"{tag} {insert.statement}", columns)

    def create_temporary(self, name: str, columns: list[tuple[str, str]]) -> None:
        """A temporary table for data a client sends with its query; not in a sealed session."""
        listed = ", ".join(f"{quoted_name(column)} {type_name}" for column, type_name in columns)
        self._connection.query(f"CREATE TEMPORARY TABLE {quoted_name(name)} ({listed}) ENGINE = Memory")

    def fill_temporary(self, name: str, columns: list[tuple[str, str]], block: bytes) -> None:
        """Put one Native block into a temporary table."""
        stream = InsertStream(self._connection, f"INSERT INTO {quoted_name(name)}", columns)
        try:
            stream.append(block)
        finally:
            stream.finish()

    def drop_temporary(self, name: str) -> None:
        """Remove a temporary table."""
        self._connection.query(f"DROP TEMPORARY TABLE IF EXISTS {quoted_name(name)}")

    def seal(self) -> None:
        """Make a reader's session read-only, for good; a writer's stays as it is."""
        if self._role == READER and not self._sealed:
            self._connection.query("SET readonly = 1")
            self._sealed = True

    def unsealed(self) -> Session:
        """A session that can take temporary tables: a new one for a reader, itself for a writer."""
        if self._role != READER:
            return self
        return Session(self._engine, self._role, self._database, self._limits, self._report)

    def close(self) -> None:
        """End the session."""
        self._connection.close()
        if self._aside is not None:
            self._aside.close()


def _blocks(data: bytes) -> Iterator[ResultBlock]:
    """Every block in the engine's bytes."""
    reader, start = memory_reader(data), 0
    while start < len(data):
        block = walk_block(reader, flagged=False)
        if block.names:
            yield ResultBlock(data, start, block, block.types)
        start = block.end


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return -1.0


def _set_statement(settings: Mapping[str, str]) -> str:
    values = (
        f"{name} = {value if value == 'DEFAULT' else quoted(value)}" for name, value in settings.items()
    )
    return "SET " + ", ".join(values)


def _engine_parameters(query: Query) -> dict[str, str]:
    """The driver writes None as the text NULL; the engine reads \\N for a Nullable parameter."""
    values = dict(query.parameters)
    for name in [name for name, value in values.items() if value == "NULL"]:
        if re.search(r"\{\s*" + re.escape(name) + r"\s*:\s*(LowCardinality\(\s*)?Nullable\b", query.text):
            values[name] = "\\N"
    return values


def _base_settings(engine: Engine, role: str, limits: Limits) -> dict[str, str]:
    settings = {
        "deduplicate_blocks_in_dependent_materialized_views": "1",
        "max_threads": str(engine.threads),
        "implicit_select": "0",
        # A row's month follows from its sort key, so copies of a row lie in one month: each is merged alone.
        "do_not_merge_across_partitions_select_final": "1",
        "allow_introspection_functions": "0",
        "allow_experimental_funnel_functions": "1",
    }
    if role == READER:
        # Reports read few columns of many rows: in blocks larger than the engine's own in a sixth less time.
        settings["max_block_size"] = "262144"
        settings["preferred_block_size_bytes"] = str(16 << 20)
        settings["max_execution_time"] = f"{limits.reader_seconds:g}"
        settings["max_memory_usage"] = str(limits.reader_memory)
    return settings
