"""One client: its packets in, results out. Runs in a thread of its own."""

from __future__ import annotations

import itertools
import logging
import socket
from dataclasses import dataclass

from store.tables.embedded import wire
from store.tables.embedded.engine import NOT_IMPLEMENTED, QUERY_WAS_CANCELLED, Engine, EngineError
from store.tables.embedded.frames import compress, frame_source
from store.tables.embedded.handshake import (
    Hello,
    hello_packet,
    password_matches,
    read_addendum,
    read_hello,
)
from store.tables.embedded.insert import InsertStream
from store.tables.embedded.merges import Merges
from store.tables.embedded.requests import Query, read_query
from store.tables.embedded.roles import ACCESS_DENIED, READER, Denied, Roles
from store.tables.embedded.scope import QueryScope
from store.tables.embedded.session import Limits, ResultBlock, Session
from store.tables.embedded.statements import Insert, Statement, read_statement
from store.tables.embedded.walker import (
    Block,
    UnsupportedType,
    header_block,
    walk_block,
    with_flags,
    without_flags,
)
from store.tables.embedded.watcher import Watch, Watcher
from store.tables.embedded.wire import ByteReader, Progress, ProtocolError, text, varint

AUTHENTICATION_FAILED = 516

_RECEIVE_BYTES = 1 << 18
_tags = itertools.count(1)
log = logging.getLogger("clicktrail.store")


@dataclass(frozen=True)
class Shared:
    """What all connections of a server share. `passwords`: by user."""

    engine: Engine
    roles: Roles
    watcher: Watcher
    merges: Merges
    passwords: dict[str, str]
    limits: Limits


class ClientConnection:
    """The protocol's state machine for one socket."""

    def __init__(self, client: socket.socket, shared: Shared) -> None:
        self._socket = client
        self._shared = shared
        self._reader = ByteReader(lambda: client.recv(_RECEIVE_BYTES))
        self._frames = ByteReader(frame_source(self._reader))
        self._revision = 0
        self._role = READER
        self._compressed = False
        self._progress = Progress()
        self._progress_wanted = False

    def serve(self) -> None:
        """Answer until the client leaves; never raises for what a client does."""
        session = None
        try:
            session = self._greet()
            if session is not None:
                self._answer_all(session)
        except (EOFError, OSError):
            pass
        except ProtocolError as error:
            log.warning("closed a connection: %s", error)
        finally:
            if session is not None:
                session.close()
            self._socket.close()

    def _greet(self) -> Session | None:
        hello = read_hello(self._reader)
        self._revision = hello.revision
        if not password_matches(self._shared.passwords.get(hello.user), hello.password):
            self._fail(AUTHENTICATION_FAILED, f"{hello.user}: Authentication failed: wrong user or password")
            return None
        try:
            session = self._open_session(hello)
        except EngineError as error:
            self._fail(error.code, str(error))
            return None
        engine = self._shared.engine
        self._send(hello_packet(engine.version, engine.timezone, self._revision))
        read_addendum(self._reader, self._revision)
        return session

    def _open_session(self, hello: Hello) -> Session:
        self._role = hello.user
        if self._role == READER and hello.database.lower() in ("system", "information_schema"):
            raise EngineError(ACCESS_DENIED, f"a reader may not use the database {hello.database}")
        shared = self._shared
        session = Session(shared.engine, self._role, hello.database, shared.limits, self._on_progress)
        session.seal()
        return session

    def _answer_all(self, session: Session) -> None:
        while True:
            packet = self._reader.varint()
            if packet == wire.CLIENT_QUERY:
                query = read_query(self._reader, self._revision)
                self._compressed = query.compressed
                self._answer(session, query)
            elif packet == wire.CLIENT_PING:
                self._send(varint(wire.SERVER_PONG))
            elif packet == wire.CLIENT_DATA:
                self._read_data()  # the rest of an INSERT that has failed already
            elif packet != wire.CLIENT_CANCEL:
                self._fail(NOT_IMPLEMENTED, f"packet {packet} is not supported")
                raise ProtocolError(f"unsupported packet {packet}")

    def _answer(self, session: Session, query: Query) -> None:
        scope = QueryScope(session)
        try:
            self._receive_tables(scope)
            self._shared.roles.check(self._role, query.text)
            scope.prepare(query.settings)
            self._run(scope.session, read_statement(query.text), query)
        except EngineError as error:
            self._fail(error.code, str(error))
        except Denied as error:
            self._fail(ACCESS_DENIED, f"Not enough privileges: {error}")
        except UnsupportedType as error:
            self._fail(NOT_IMPLEMENTED, f"the embedded store cannot transfer the type {error}")
        finally:
            scope.close()

    def _run(self, session: Session, statement: Statement, query: Query) -> None:
        if statement.insert is not None:
            self._insert(session, statement.insert)
        else:
            self._select(session, statement, query)

    def _receive_tables(self, scope: QueryScope) -> None:
        """Temporary tables come as blocks before the empty block that ends every query packet."""
        while True:
            if self._reader.varint() != wire.CLIENT_DATA:
                raise ProtocolError("a query without its closing block")
            name, data, block = self._read_data()
            if not block.names:
                return
            scope.add(name, data, block)

    def _read_data(self) -> tuple[str, bytes, Block]:
        """A Data packet after its number: table name, the block as the engine reads it, its bounds."""
        name = self._reader.text()
        reader = self._frames if self._compressed else self._reader
        if self._revision >= wire.BLOCK_INFO:
            _skip_block_info(reader)
        flagged = self._revision >= wire.CUSTOM_SERIALIZATION
        reader.record()
        block = walk_block(reader, flagged=flagged)
        data = reader.recorded()
        return name, without_flags(data, block) if flagged else data, block

    def _select(self, session: Session, statement: Statement, query: Query) -> None:
        watch = Watch(self._socket, _next_tag())
        watch.cancelled = self._reader.peek() == wire.CLIENT_CANCEL
        self._shared.watcher.add(watch)
        self._progress, self._progress_wanted = Progress(), True
        try:
            rows, blocks, size = self._send_result(session, statement, query, watch)
        except EngineError:
            if not watch.cancelled:
                raise
            rows = blocks = size = 0
        finally:
            self._progress_wanted = False
            self._shared.watcher.remove(watch)
        if watch.cancelled:
            self._reader.varint()
        self._send(wire.profile_info(rows, blocks, size) + varint(wire.SERVER_END))

    def _send_result(
        self, session: Session, statement: Statement, query: Query, watch: Watch
    ) -> tuple[int, int, int]:
        rows = blocks = size = 0
        for found in session.result(statement, query, watch.tag):
            if watch.stopped:
                break
            if not blocks:
                self._send_header(found)  # clients take names and types from a first block without rows
            if found.block.rows:
                self._send_block(self._encode(found))
            rows += found.block.rows
            blocks += 1
            size += found.block.end - found.start
        return rows, blocks, size

    def _send_header(self, found: ResultBlock) -> None:
        columns = list(zip(found.block.names, found.types, strict=True))
        flagged = self._revision >= wire.CUSTOM_SERIALIZATION
        self._send_block(header_block(columns, self._revision, flagged=flagged))

    def _encode(self, found: ResultBlock) -> bytes:
        flagged = self._revision >= wire.CUSTOM_SERIALIZATION
        return with_flags(found.data, found.block, found.start, found.types, self._revision, flagged=flagged)

    def _insert(self, session: Session, insert: Insert) -> None:
        columns = session.insert_header(insert)
        flagged = self._revision >= wire.CUSTOM_SERIALIZATION
        self._send_block(header_block(columns, self._revision, flagged=flagged))
        stream: InsertStream | None = None
        finished = False
        try:
            while (block := self._next_block()) is not None:
                if stream is None:
                    stream = session.begin_insert(insert, columns, _next_tag())
                stream.append(block)
                self._send_profile_events()
            written = stream.finish() if stream else (0, 0)
            finished = True
            self._shared.merges.wrote(written[0])
        finally:
            if stream is not None and not finished:
                stream.cancel()
        self._send_profile_events()
        progress = Progress(written_rows=written[0], written_bytes=written[1])
        self._send(progress.packet(self._revision) + varint(wire.SERVER_END))

    def _next_block(self) -> bytes | None:
        """The next block of an INSERT, None at its end."""
        packet = self._reader.varint()
        if packet == wire.CLIENT_CANCEL:
            raise EngineError(QUERY_WAS_CANCELLED, "Query was cancelled")
        if packet != wire.CLIENT_DATA:
            raise ProtocolError(f"packet {packet} within an INSERT")
        try:
            _, data, block = self._read_data()
        except UnsupportedType as error:
            self._fail(NOT_IMPLEMENTED, f"the embedded store cannot transfer the type {error}")
            raise ProtocolError(f"a block with an unknown end: {error}") from error
        return data if block.names else None

    def _send_profile_events(self) -> None:
        """Newer clients wait for this packet after every block; it is never compressed."""
        if self._revision >= wire.PROFILE_EVENTS_IN_INSERT:
            head = varint(wire.SERVER_PROFILE_EVENTS) + text("")
            self._send(head + wire.block_info(self._revision) + wire.EMPTY_BLOCK)

    def _send_block(self, block: bytes) -> None:
        body = compress(block) if self._compressed else block
        self._send(varint(wire.SERVER_DATA) + text("") + body)

    def _on_progress(self, values: dict[str, int]) -> None:
        if not self._progress_wanted:
            return
        now = Progress(
            values["read_rows"],
            values["read_bytes"],
            values["total_rows_to_read"],
            values["written_rows"],
            values["written_bytes"],
            values["elapsed_ns"],
        )
        step, self._progress = now.since(self._progress), now
        try:
            self._send(step.packet(self._revision))
        except OSError:
            self._progress_wanted = False  # the watcher notices that the client has gone

    def _fail(self, code: int, message: str) -> None:
        self._send(wire.exception(code, message))

    def _send(self, data: bytes) -> None:
        self._socket.sendall(data)


def _next_tag() -> str:
    """A comment that marks one query in system.processes."""
    return f"/*clicktrail:{next(_tags)}*/"


def _skip_block_info(reader: ByteReader) -> None:
    while field := reader.varint():
        if field not in (1, 2):
            raise ProtocolError(f"block info field {field}")
        reader.skip(1 if field == 1 else 4)
