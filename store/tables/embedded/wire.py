"""Bytes of the native protocol: numbers, strings and the packets a server sends."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from clickhouse_driver.bufferedreader import BufferedReader

REVISION = 54468

BLOCK_INFO = 51903
TIMEZONE = 54058
QUOTA_KEY = 54060
DISPLAY_NAME = 54372
VERSION_PATCH = 54401
WRITE_INFO = 54420
SETTINGS_AS_STRINGS = 54429
INTERSERVER_SECRET = 54441
OPENTELEMETRY = 54442
DISTRIBUTED_DEPTH = 54448
QUERY_START_TIME = 54449
PARALLEL_REPLICAS = 54453
CUSTOM_SERIALIZATION = 54454
PROFILE_EVENTS_IN_INSERT = 54456
ADDENDUM = 54458
PARAMETERS = 54459
QUERY_TIME_IN_PROGRESS = 54460
PASSWORD_RULES = 54461
INTERSERVER_NONCE = 54462
TOTAL_BYTES_IN_PROGRESS = 54463

CLIENT_HELLO, CLIENT_QUERY, CLIENT_DATA, CLIENT_CANCEL, CLIENT_PING = range(5)
CLIENT_TABLES_STATUS = 5
(SERVER_HELLO, SERVER_DATA, SERVER_EXCEPTION, SERVER_PROGRESS, SERVER_PONG, SERVER_END) = range(6)
SERVER_PROFILE_INFO = 6
SERVER_PROFILE_EVENTS = 14

EMPTY_BLOCK = b"\x00\x00"
MAX_STRING = 64 << 20
_BLOCK_INFO_BYTES = b"\x01\x00\x02\xff\xff\xff\xff\x00"
_U64 = struct.Struct("<Q")


class ProtocolError(Exception):
    """The peer sent bytes that are no packet of the protocol; the connection cannot go on."""


class ByteReader(BufferedReader):
    """Buffered bytes of a peer; `more()` returns the next piece, b"" at the end.

    While recording, every byte read is kept, so that a block can be passed on undecoded.
    """

    def __init__(self, more: Callable[[], bytes]) -> None:
        super().__init__(0)
        self.buffer: bytearray
        self.position: int
        self.current_buffer_size: int
        self._more = more
        self._base = 0
        self._kept: list[bytes] | None = None
        self._start = 0

    def read_into_buffer(self) -> None:
        """Replace the buffer by the next piece; EOFError at the end (the base class calls this)."""
        piece = self._more()
        if not piece:
            raise EOFError("the peer closed the connection")
        self._base += self.current_buffer_size
        self.buffer = bytearray(piece)
        self.current_buffer_size = len(piece)
        if self._kept is not None:
            self._kept.append(piece)

    def pending(self) -> int:
        """Bytes that are read from the peer already."""
        return self.current_buffer_size - self.position

    def peek(self) -> int | None:
        """The next byte if it is here already."""
        return self.buffer[self.position] if self.pending() else None

    def record(self) -> None:
        """Keep every byte from here on, until `recorded` is called."""
        self._start = self._base + self.position
        self._kept = [bytes(memoryview(self.buffer)[self.position : self.current_buffer_size])]

    def recorded(self) -> bytes:
        """All bytes since `record`, and stop keeping them."""
        size = self.offset()
        kept, self._kept = self._kept or [], None
        whole = kept[0] if len(kept) == 1 else b"".join(kept)
        return whole if len(whole) == size else whole[:size]

    def offset(self) -> int:
        """Bytes read since `record`."""
        return self._base + self.position - self._start

    def skip(self, size: int) -> None:
        """Pass over `size` bytes."""
        left = self.pending()
        while size > left:
            size -= left
            self.position = self.current_buffer_size
            self.read_into_buffer()
            self.position = 0
            left = self.current_buffer_size
        self.position += size

    def skip_strings(self, count: int) -> None:
        """Pass over `count` length-prefixed strings."""
        if hasattr(self, "read_strings_arrow"):
            self.read_strings_arrow(count)
        else:
            self.read_strings(count)

    def byte(self) -> int:
        """One byte as a number."""
        return int(self.read_one())

    def varint(self) -> int:
        """An unsigned LEB128 number."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ProtocolError("a number of more than 64 bits")

    def uint64(self) -> int:
        """A little-endian unsigned 64-bit number."""
        return int(_U64.unpack(self.read(8))[0])

    def text(self) -> str:
        """A length-prefixed string; bytes that are no UTF-8 are kept as surrogates."""
        size = self.varint()
        if size > MAX_STRING:
            raise ProtocolError(f"a string of {size} bytes")
        return bytes(self.read(size)).decode("utf-8", "surrogateescape") if size else ""


def memory_reader(data: bytes) -> ByteReader:
    """A reader over bytes that are all here."""
    pieces = [data]
    return ByteReader(lambda: pieces.pop() if pieces else b"")


def varint(value: int) -> bytes:
    """An unsigned LEB128 number."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def text(value: str) -> bytes:
    """A length-prefixed string."""
    data = value.encode("utf-8", "surrogateescape")
    return varint(len(data)) + data


def block_info(revision: int) -> bytes:
    """What precedes every block for clients of this revision."""
    return _BLOCK_INFO_BYTES if revision >= BLOCK_INFO else b""


def exception(code: int, message: str) -> bytes:
    """The packet of a failed query, in the form drivers know."""
    name = "DB::Exception"
    body = struct.pack("<i", code) + text(name) + text(f"{name}: {message}") + text("") + b"\x00"
    return varint(SERVER_EXCEPTION) + body


def profile_info(rows: int, blocks: int, size: int) -> bytes:
    """Totals of a result. The last byte must be 1: old clients fail on 0."""
    head = varint(SERVER_PROFILE_INFO) + varint(rows) + varint(blocks) + varint(size)
    return head + b"\x00" + varint(rows) + b"\x01"


@dataclass(frozen=True)
class Progress:
    """How far a query is; each packet carries the difference to the one before."""

    read_rows: int = 0
    read_bytes: int = 0
    total_rows: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    elapsed_ns: int = 0

    def since(self, before: Progress) -> Progress:
        """The part that `before` did not have."""
        return Progress(
            max(0, self.read_rows - before.read_rows),
            max(0, self.read_bytes - before.read_bytes),
            max(0, self.total_rows - before.total_rows),
            max(0, self.written_rows - before.written_rows),
            max(0, self.written_bytes - before.written_bytes),
            max(0, self.elapsed_ns - before.elapsed_ns),
        )

    def packet(self, revision: int) -> bytes:
        """The packet for clients of this revision."""
        out = varint(SERVER_PROGRESS) + varint(self.read_rows) + varint(self.read_bytes)
        out += varint(self.total_rows)
        if revision >= TOTAL_BYTES_IN_PROGRESS:
            out += varint(0)
        if revision >= WRITE_INFO:
            out += varint(self.written_rows) + varint(self.written_bytes)
        if revision >= QUERY_TIME_IN_PROGRESS:
            out += varint(self.elapsed_ns)
        return out
