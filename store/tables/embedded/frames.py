"""Compressed frames of the native protocol: checksum, method, sizes, data."""

from __future__ import annotations

import struct
from collections.abc import Callable

import lz4.block
from clickhouse_cityhash.cityhash import CityHash128

from store.tables.embedded.wire import ByteReader, ProtocolError

LZ4 = 0x82
_NONE = 0x02
_HEADER = struct.Struct("<BII")
_HASH = struct.Struct("<QQ")
_PIECE = 1 << 20
_MAX_FRAME = 1 << 30
_LOW = (1 << 64) - 1


def compress(data: bytes) -> bytes:
    """The data as LZ4 frames of at most 1 MiB each."""
    view = memoryview(data)
    return b"".join(_frame(view[at : at + _PIECE]) for at in range(0, len(data), _PIECE))


def _frame(piece: memoryview) -> bytes:
    packed = bytes(lz4.block.compress(piece, store_size=False))
    body = _HEADER.pack(LZ4, len(packed) + _HEADER.size, len(piece)) + packed
    return _checksum(body) + body


def _checksum(body: bytes) -> bytes:
    value = int(CityHash128(body))
    return _HASH.pack(value >> 64, value & _LOW)


def frame_source(raw: ByteReader) -> Callable[[], bytes]:
    """A function that reads one frame from the peer and returns its content."""

    def read_frame() -> bytes:
        checksum = raw.read(16)
        header = raw.read(_HEADER.size)
        method, packed_size, size = _HEADER.unpack(header)
        if not _HEADER.size <= packed_size <= _MAX_FRAME or size > _MAX_FRAME:
            raise ProtocolError(f"a compressed frame of {packed_size} bytes")
        body = bytes(header) + bytes(raw.read(packed_size - _HEADER.size))
        if _checksum(body) != bytes(checksum):
            raise ProtocolError("a compressed frame with a wrong checksum")
        return _unpack(method, body[_HEADER.size :], size)

    return read_frame


def _unpack(method: int, packed: bytes, size: int) -> bytes:
    if method == LZ4:
        return bytes(lz4.block.decompress(packed, uncompressed_size=size))
    if method == _NONE:
        return packed
    raise ProtocolError(f"compression method {method:#x} (only LZ4 and none are read)")
