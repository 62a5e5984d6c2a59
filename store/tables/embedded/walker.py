"""Where a Native block ends and where its columns start, without decoding a value.

The protocol gives an uncompressed block no length, and since revision 54454 each column has one more
byte (custom serialisation) than the engine's Native format. Both need the bounds of every column.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from store.tables.embedded.wire import ByteReader, ProtocolError, block_info, memory_reader, text, varint

Skip = Callable[[ByteReader, int], None]

_FIXED = {
    **dict.fromkeys(("UInt8", "Int8", "Bool", "Enum8", "Nothing"), 1),
    **dict.fromkeys(("UInt16", "Int16", "Date", "Enum16", "BFloat16"), 2),
    **dict.fromkeys(("UInt32", "Int32", "Float32", "DateTime", "Date32", "IPv4", "Time"), 4),
    **dict.fromkeys(("UInt64", "Int64", "Float64", "DateTime64", "Time64"), 8),
    **dict.fromkeys(("UInt128", "Int128", "UUID", "IPv6"), 16),
    **dict.fromkeys(("UInt256", "Int256"), 32),
    **{"Decimal32": 4, "Decimal64": 8, "Decimal128": 16, "Decimal256": 32},
}
_GEO = {
    "Point": "Tuple(Float64, Float64)",
    "Ring": "Array(Point)",
    "LineString": "Array(Point)",
    "MultiLineString": "Array(LineString)",
    "Polygon": "Array(Ring)",
    "MultiPolygon": "Array(Polygon)",
}
_DECIMAL_WIDTHS = ((9, 4), (18, 8), (38, 16), (76, 32))
_ADDITIONAL_KEYS = 1 << 9
_MAX_COLUMNS = 100_000
_MAX_ROWS = 1 << 40
_HEAD = re.compile(r"\s*([A-Za-z]\w*)\s*(?:\((.*)\))?\s*", re.DOTALL)
_NAMED = re.compile(r"(?:`(?:[^`\\]|\\.)*`|[A-Za-z_]\w*)\s+(?=[A-Z])", re.DOTALL)


class UnsupportedType(Exception):
    """A column type whose bytes this store cannot pass through."""


@dataclass(frozen=True)
class ColumnWalk:
    """How to pass over one type: `prefix` once a block, `values` for n rows."""

    prefix: Callable[[ByteReader], None] | None
    values: Skip


@dataclass(frozen=True)
class Block:
    """Bounds inside a block's bytes: for each column where its type's text lies, and all of its end."""

    rows: int
    names: tuple[str, ...]
    types: tuple[str, ...]
    type_spans: tuple[tuple[int, int], ...]
    end: int


def split_arguments(arguments: str) -> list[str]:
    """The arguments of a type, cut at top-level commas: quotes and brackets are respected."""
    parts, depth, start, quote, at = [], 0, 0, "", 0
    while at < len(arguments):
        char = arguments[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "'`\"":
            quote = char
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "," and not depth:
            parts.append(arguments[start:at].strip())
            start = at + 1
        at += 1
    last = arguments[start:].strip()
    return [*parts, last] if last or parts else []


def _unnamed(argument: str) -> str:
    """`name Type` → `Type`."""
    return _NAMED.sub("", argument, count=1) if _NAMED.match(argument) else argument


def _fixed(width: int) -> ColumnWalk:
    return ColumnWalk(None, lambda reader, rows: reader.skip(rows * width))


def _strings() -> ColumnWalk:
    return ColumnWalk(None, lambda reader, rows: reader.skip_strings(rows))


def _nullable(inner: ColumnWalk) -> ColumnWalk:
    def values(reader: ByteReader, rows: int) -> None:
        reader.skip(rows)
        inner.values(reader, rows)

    return ColumnWalk(inner.prefix, values)


def _tuple(parts: list[ColumnWalk]) -> ColumnWalk:
    prefixes = [part.prefix for part in parts if part.prefix]

    def prefix(reader: ByteReader) -> None:
        for one in prefixes:
            one(reader)

    def values(reader: ByteReader, rows: int) -> None:
        for part in parts:
            part.values(reader, rows)

    return ColumnWalk(prefix if prefixes else None, values) if parts else _fixed(1)


def _array(inner: ColumnWalk) -> ColumnWalk:
    def values(reader: ByteReader, rows: int) -> None:
        if rows:
            reader.skip(8 * (rows - 1))
            inner.values(reader, _bounded(reader.uint64()))

    return ColumnWalk(inner.prefix, values)


def _low_cardinality(keys: ColumnWalk) -> ColumnWalk:
    def values(reader: ByteReader, rows: int) -> None:
        if not rows:
            return
        flags = reader.uint64()
        if flags & _ADDITIONAL_KEYS:
            keys.values(reader, _bounded(reader.uint64()))
        reader.skip(_bounded(reader.uint64()) << (flags & 0xF))

    return ColumnWalk(lambda reader: reader.skip(8), values)


def _bounded(count: int) -> int:
    if count > _MAX_ROWS:
        raise ProtocolError(f"a block of {count} values")
    return count


@lru_cache(maxsize=4096)
def column_walk(type_name: str) -> ColumnWalk:
    """How to pass over a column of this type; UnsupportedType if that is not known."""
    match = _HEAD.fullmatch(type_name)
    if match is None:
        raise UnsupportedType(type_name)
    head, arguments = match[1], match[2] or ""
    if head in _FIXED:
        return _fixed(_FIXED[head])
    if head == "String":
        return _strings()
    if head in _GEO:
        return column_walk(_GEO[head])
    return _compound(head, arguments, type_name)


def _compound(head: str, arguments: str, type_name: str) -> ColumnWalk:
    parts = split_arguments(arguments)
    build = _COMPOUNDS.get(head)
    if build is not None and parts:
        return build(parts)
    if head == "Tuple":
        return _tuple([])
    if head.startswith("Interval"):
        return _fixed(8)
    raise UnsupportedType(type_name)


def _low_cardinality_of(parts: list[str]) -> ColumnWalk:
    keys = parts[0]
    return _low_cardinality(column_walk(keys[9:-1] if keys.startswith("Nullable(") else keys))


def _tuple_of(parts: list[str]) -> ColumnWalk:
    return _tuple([column_walk(_unnamed(part)) for part in parts])


def _decimal_of(parts: list[str]) -> ColumnWalk:
    return _fixed(next(width for digits, width in _DECIMAL_WIDTHS if int(parts[0]) <= digits))


_COMPOUNDS: dict[str, Callable[[list[str]], ColumnWalk]] = {
    "Nullable": lambda parts: _nullable(column_walk(parts[0])),
    "LowCardinality": _low_cardinality_of,
    "Array": lambda parts: _array(column_walk(parts[0])),
    "Tuple": _tuple_of,
    "Map": lambda parts: _array(_tuple_of(parts)),
    "Nested": lambda parts: _array(_tuple_of(parts)),
    "SimpleAggregateFunction": lambda parts: column_walk(parts[-1]),
    "FixedString": lambda parts: _fixed(int(parts[0])),
    "Decimal": _decimal_of,
}


def walk_block(reader: ByteReader, *, flagged: bool) -> Block:
    """Pass over one block; the reader must be recording. `flagged`: columns carry the extra byte."""
    columns, rows = reader.varint(), _bounded(reader.varint())
    if columns > _MAX_COLUMNS:
        raise ProtocolError(f"a block of {columns} columns")
    names, types, spans = [], [], []
    for _ in range(columns):
        names.append(reader.text())
        start = reader.offset()
        types.append(reader.text())
        spans.append((start, reader.offset()))
        if flagged and reader.byte():
            raise UnsupportedType(f"{types[-1]} in a custom serialisation")
        if rows:
            walk = column_walk(types[-1])
            if walk.prefix:
                walk.prefix(reader)
            walk.values(reader, rows)
    return Block(rows, tuple(names), tuple(types), tuple(spans), reader.offset())


def without_flags(data: bytes, block: Block) -> bytes:
    """A client's block as the engine's Native format: the extra bytes are taken out."""
    view, pieces, done = memoryview(data), [], 0
    for _, end in block.type_spans:
        pieces.append(view[done:end])
        done = end + 1
    pieces.append(view[done:])
    return b"".join(pieces)


def with_flags(  # noqa: PLR0913 - the hot path takes no record apart
    data: bytes, block: Block, start: int, types: tuple[str, ...], revision: int, *, flagged: bool
) -> bytes:
    """The engine's block (at `start` of data) as clients read it; `types` replaces the types' names."""
    view, done = memoryview(data), start
    pieces: list[bytes | memoryview] = [block_info(revision)]
    for (first, last), old, new in zip(block.type_spans, block.types, types, strict=True):
        if old == new:
            pieces.append(view[done:last])
        else:
            pieces += [view[done:first], text(new)]
        if flagged:
            pieces.append(b"\x00")
        done = last
    pieces.append(view[done : block.end])
    return b"".join(pieces)


def header_block(columns: list[tuple[str, str]], revision: int, *, flagged: bool) -> bytes:
    """A block of no rows: names and types only."""
    flag = b"\x00" if flagged else b""
    body = b"".join(text(name) + text(type_name) + flag for name, type_name in columns)
    return block_info(revision) + varint(len(columns)) + b"\x00" + body


def text_columns(data: bytes, count: int) -> list[tuple[str, ...]]:
    """The first `count` String columns of a Native block, as rows (for DESCRIBE)."""
    if not data:
        return []
    reader = memory_reader(data)
    _, rows = reader.varint(), reader.varint()
    columns = []
    for _ in range(count):
        reader.text()
        if (type_name := reader.text()) != "String":
            raise UnsupportedType(f"{type_name} where String was expected")
        columns.append([reader.text() for _ in range(rows)])
    return list(zip(*columns, strict=True))
