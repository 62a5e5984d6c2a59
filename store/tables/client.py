"""The tables, whoever serves them: columns in, columns out, through clickhouse-driver."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal
from urllib.parse import unquote, urlparse

import polars as pl
from clickhouse_driver.errors import (
    Error,
    NetworkError,
    PartiallyConsumedQueryError,
    ServerException,
    SocketTimeoutError,
    UnexpectedPacketFromServerError,
)

from clicktrail.errors import ConfigError, StoreError
from clicktrail.settings import Settings
from schemas.migrations import migrations
from store.tables.embedded.launch import store_address
from store.tables.transfer import TransferClient

Role = Literal["writer", "reader"]
BLOCK_ROWS = 65_536
"""Rows of one block of an insert: the engine reads one while the next is encoded."""

_IDLE_CLIENTS = 8
_PAUSES_S = (0.05, 0.2, 0.5)
_AWAY = (OSError, EOFError, NetworkError, SocketTimeoutError, PartiallyConsumedQueryError)
_BROKEN = (UnexpectedPacketFromServerError,)
# Too many queries, parts or tables in use, memory or disk short, read-only for now, replica or keeper away.
_PASSING_CODES = frozenset({32, 159, 202, 209, 210, 241, 242, 243, 252, 279, 319, 373, 425, 473, 999})
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INSERT_SETTINGS = {
    "async_insert": 0,
    "optimize_on_insert": 0,  # merging each block before it is written halves the speed; FINAL reads the same
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "max_partitions_per_insert_block": 0,  # an import may span decades
}
_CREATE_JOURNAL = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(applied_at) ORDER BY name
"""


@dataclass
class Cost:
    """What queries cost so far: rows the engine read, and wall time."""

    rows: int = 0
    seconds: float = 0.0


_COST: ContextVar[Cost | None] = ContextVar("cost", default=None)


@contextmanager
def measured(cost: Cost) -> Iterator[None]:
    """Add to `cost` what the queries of the block cost that this thread asks."""
    began, token = time.perf_counter(), _COST.set(cost)
    try:
        yield
    finally:
        _COST.reset(token)
        cost.seconds += time.perf_counter() - began


@dataclass(frozen=True)
class Address:
    """Where and as whom to connect; `database` '' is the server's choice."""

    host: str
    port: int
    user: str
    password: str
    database: str = ""
    secure: bool = False


class Store:
    """The tables for any number of threads; a connection that was lost is made again by the next call."""

    def __init__(self, find: Callable[[], Address]) -> None:
        self._find = find
        self._idle: list[TransferClient] = []
        self._lock = threading.Lock()
        self._closed = False

    def query(
        self, sql: str, /, tables: Mapping[str, pl.DataFrame] | None = None, **parameters: object
    ) -> pl.DataFrame:
        """The result as columns; `tables` are sent along and can be read by name. Raises StoreError."""
        with self._client() as client:
            return client.columns(sql, _texts(parameters), tables or {})

    def rows(self, sql: str, /, **parameters: object) -> list[dict[str, Any]]:
        """The result as one dict a row, any type the server knows. Raises StoreError."""
        with self._client() as client:
            values, columns = client.execute(sql, _texts(parameters), with_column_types=True)
        names = [name for name, _ in columns]
        return [dict(zip(names, row, strict=True)) for row in values]

    def command(self, sql: str, /, **parameters: object) -> None:
        """Run a statement without a result. Raises StoreError."""
        with self._client() as client:
            client.execute(sql, _texts(parameters))

    def insert(self, table: str, frame: pl.DataFrame, *, token: str = "") -> None:
        """Append the rows; columns the frame lacks take the table's default. Raises StoreError.

        With a token the same insert sent again changes nothing. A failure that is retryable may have
        written the rows.
        """
        if frame.is_empty():
            return
        settings: dict[str, Any] = dict(_INSERT_SETTINGS)
        if token:
            settings["insert_deduplication_token"] = token
        statement = _insert_statement(table, frame.columns)
        with self._client() as client:
            client.insert(statement, frame, BLOCK_ROWS, settings)

    def migrate(self) -> None:
        """Bring the tables to this program's version. Idempotent; two programs may do it at once."""
        self.command(_CREATE_JOURNAL)
        applied = {row["name"] for row in self.rows("SELECT name FROM schema_migrations")}
        for name, statements in migrations():
            if name in applied:
                continue
            for statement in statements:
                self.command(statement)
            self.insert("schema_migrations", pl.DataFrame({"name": [name]}))

    def ping(self) -> None:
        """Raise StoreError unless the tables answer."""
        self.rows("SELECT 1")

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for client in idle:
            client.disconnect()

    @contextmanager
    def _client(self) -> Iterator[TransferClient]:
        """A connected client for the block, back in the pool after it; failures become StoreError."""
        client = None
        try:
            client = self._take()
            yield client
            cost, last = _COST.get(), client.last_query
            if cost is not None and last is not None:
                cost.rows += last.progress.rows
        except StoreError:
            raise
        except ServerException as error:
            raise StoreError(_first_line(error), retryable=error.code in _PASSING_CODES) from error
        except (*_AWAY, *_BROKEN) as error:
            raise StoreError(f"the store is away: {error}", retryable=True) from error
        except Error as error:
            raise StoreError(f"the store's answer cannot be read: {error}") from error
        finally:
            if client is not None:
                self._give_back(client)

    def _take(self) -> TransferClient:
        while True:
            with self._lock:
                if self._closed:
                    raise StoreError("the store is closed")
                client = self._idle.pop() if self._idle else None
            if client is None:
                return self._connect_in_time()
            if client.is_alive():
                return client
            client.disconnect()

    def _connect_in_time(self) -> TransferClient:
        # A store that was killed takes connections for a moment more; nothing is lost by asking again.
        for pause in _PAUSES_S:
            try:
                return self._connect()
            except _AWAY:
                time.sleep(pause)
        return self._connect()

    def _connect(self) -> TransferClient:
        # Asked anew for every connection: an embedded store that was restarted listens elsewhere.
        address = self._find()
        client = TransferClient(
            address.host,
            address.port,
            database=address.database,
            user=address.user,
            password=address.password,
            secure=address.secure,
            client_name="clicktrail",
            settings={"server_side_params": True},
        )
        try:
            client.connection.connect()
        except BaseException:
            client.disconnect()
            raise
        return client

    def _give_back(self, client: TransferClient) -> None:
        if client.connection.connected and not client.connection.is_query_executing:
            with self._lock:
                if not self._closed and len(self._idle) < _IDLE_CLIENTS:
                    self._idle.append(client)
                    return
        client.disconnect()


def open_store(settings: Settings, *, role: Role = "writer", wait_s: float = 30.0) -> Store:
    """The store of the settings: a server's, or the embedded one of the data folder, started if need be.

    Waits up to `wait_s` seconds for the embedded one. Raises StoreError, and ConfigError for a bad URL.
    """
    if settings.store_url:
        server = _server_address(settings.store_url)
        store = Store(lambda: server)
    else:
        data, memory = settings.data.resolve(), settings.store_memory

        def find() -> Address:
            found = store_address(data, wait_s=wait_s, memory=memory)
            password = found.writer_password if role == "writer" else found.reader_password
            return Address(found.host, found.port, role, password)

        store = Store(find)
    store.ping()
    return store


def _server_address(url: str) -> Address:
    form = "clickhouse://user:password@host:9000/database"
    try:
        parts = urlparse(url)
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"CLICKTRAIL_STORE_URL: {error}; it looks like {form}") from None
    if parts.scheme not in ("clickhouse", "clickhouses") or not parts.hostname:
        raise ConfigError(f"CLICKTRAIL_STORE_URL is not of the form {form}")
    secure = parts.scheme == "clickhouses"
    return Address(
        parts.hostname,
        port or (9440 if secure else 9000),
        unquote(parts.username or "default"),
        unquote(parts.password or ""),
        unquote(parts.path.strip("/")) or "default",
        secure,
    )


def _insert_statement(table: str, columns: list[str]) -> str:
    for name in (table, *columns):
        if not _IDENTIFIER.fullmatch(name):
            raise StoreError(f"{name!r} is no name of a table or column")
    return f"INSERT INTO `{table}` (`{'`, `'.join(columns)}`) VALUES"


def _texts(parameters: Mapping[str, object]) -> dict[str, Any]:
    return {name: _text(value) for name, value in parameters.items()}


def _text(value: object) -> object:
    """What the driver would write wrongly (it cuts instants to seconds), as text that it leaves alone."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        utc = value.astimezone(timezone.utc) if value.tzinfo else value
        milliseconds = f".{utc.microsecond // 1000:03}" if utc.microsecond else ""
        return utc.strftime("%Y-%m-%d %H:%M:%S") + milliseconds
    if isinstance(value, (list, tuple)):
        return [_text(item) for item in value]
    return value


def _first_line(error: ServerException) -> str:
    text = str(error.message).split("Stack trace:")[0].strip()
    return f"the store refused (code {error.code}): {text.removeprefix('DB::Exception:').strip()}"


logging.getLogger("clickhouse_driver").setLevel(logging.ERROR)  # it warns of every connection that has gone
