"""The Query packet."""

from __future__ import annotations

import re
from dataclasses import dataclass

from store.tables.embedded import wire
from store.tables.embedded.wire import ByteReader, ProtocolError

_IMPORTANT = 1
_ESCAPES = {"b": "\b", "f": "\f", "r": "\r", "n": "\n", "t": "\t", "0": "\0", "a": "\a", "v": "\v"}
_ESCAPED = re.compile(r"\\(.)|''", re.DOTALL)


@dataclass(frozen=True)
class Setting:
    """One setting of a query; an important one must be known to the engine."""

    name: str
    value: str
    important: bool


@dataclass(frozen=True)
class Query:
    """A client's query: text, settings, values of parameters, and whether blocks are compressed."""

    text: str
    settings: tuple[Setting, ...]
    parameters: dict[str, str]
    compressed: bool


def read_query(reader: ByteReader, revision: int) -> Query:
    """The packet after its number."""
    reader.text()
    _skip_client_info(reader, revision)
    if revision < wire.SETTINGS_AS_STRINGS:
        raise ProtocolError("clients before revision 54429 (20.1) are not supported")
    settings = _read_settings(reader)
    if revision >= wire.INTERSERVER_SECRET:
        reader.text()
    reader.varint()
    compressed = reader.varint() != 0
    text = reader.text()
    parameters = _read_settings(reader) if revision >= wire.PARAMETERS else ()
    return Query(text, settings, {p.name: unquoted(p.value) for p in parameters}, compressed)


def _read_settings(reader: ByteReader) -> tuple[Setting, ...]:
    settings = []
    while name := reader.text():
        flags = reader.varint()
        settings.append(Setting(name, reader.text(), bool(flags & _IMPORTANT)))
    return tuple(settings)


def unquoted(value: str) -> str:
    """A parameter comes as a quoted literal; one level of quoting is taken off."""
    if len(value) < 2 or value[0] != "'" or value[-1] != "'":
        return value
    return _ESCAPED.sub(lambda m: _ESCAPES.get(m[1], m[1]) if m[1] else "'", value[1:-1])


def _skip_client_info(reader: ByteReader, revision: int) -> None:
    if not reader.byte():
        return
    for _ in range(3):
        reader.text()
    if revision >= wire.QUERY_START_TIME:
        reader.uint64()
    if reader.byte() != 1:
        raise ProtocolError("only the TCP interface is spoken here")
    for _ in range(3):
        reader.text()
    for _ in range(3):
        reader.varint()
    if revision >= wire.QUOTA_KEY:
        reader.text()
    if revision >= wire.DISTRIBUTED_DEPTH:
        reader.varint()
    if revision >= wire.VERSION_PATCH:
        reader.varint()
    _skip_tracing(reader, revision)


def _skip_tracing(reader: ByteReader, revision: int) -> None:
    if revision >= wire.OPENTELEMETRY and reader.byte():
        reader.skip(24)
        reader.text()
        reader.skip(1)
    if revision >= wire.PARALLEL_REPLICAS:
        for _ in range(3):
            reader.varint()
