"""Blocks and packets as bytes, without an engine; clickhouse-driver's own writers are the reference."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from clickhouse_driver.columns.service import write_column
from clickhouse_driver.context import Context
from clickhouse_driver.util.escape import escape_param
from clickhouse_driver.writer import write_binary_str
from hypothesis import given
from hypothesis import strategies as st

from store.tables.embedded import wire
from store.tables.embedded.frames import compress, frame_source
from store.tables.embedded.handshake import password_matches
from store.tables.embedded.requests import unquoted
from store.tables.embedded.walker import (
    UnsupportedType,
    column_walk,
    header_block,
    split_arguments,
    text_columns,
    walk_block,
    with_flags,
    without_flags,
)

texts = st.text(max_size=200)
TYPES: dict[str, st.SearchStrategy[Any]] = {
    "String": texts,
    "LowCardinality(String)": texts,
    "LowCardinality(Nullable(String))": st.none() | texts,
    "Nullable(String)": st.none() | texts,
    "Array(String)": st.lists(texts, max_size=4),
    "Array(Array(UInt8))": st.lists(st.lists(st.integers(0, 255), max_size=3), max_size=3),
    "Map(String, Int64)": st.dictionaries(texts, st.integers(-(2**63), 2**63 - 1), max_size=3),
    "Tuple(Int8, String)": st.tuples(st.integers(-128, 127), texts),
    "Tuple(a Int8, `b c` Nullable(String))": st.tuples(st.integers(-128, 127), st.none() | texts),
    "Enum8('a' = 1, 'b, (c)' = 2)": st.sampled_from(["a", "b, (c)"]),
    "UInt8": st.integers(0, 255),
    "UInt64": st.integers(0, 2**64 - 1),
    "Int32": st.integers(-(2**31), 2**31 - 1),
    "Float64": st.floats(allow_nan=False),
    "Date": st.dates(dt.date(1970, 1, 1), dt.date(2149, 1, 1)),
    "DateTime64(3, 'UTC')": st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2200, 1, 1)),
    "Decimal(18, 4)": st.integers(-(10**10), 10**10).map(lambda number: Decimal(number) / 10_000),
    "UUID": st.uuids(),
}
Columns = list[tuple[str, list[Any]]]


@st.composite
def blocks(draw: Callable[[Any], Any]) -> tuple[int, Columns]:
    rows = draw(st.integers(1, 5))
    names = draw(st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=5))
    return rows, [(name, draw(st.lists(TYPES[name], min_size=rows, max_size=rows))) for name in names]


class DriverContext(Context):
    """What the driver's writers ask of a connection."""

    def __init__(self) -> None:
        super().__init__()
        self.settings: dict[str, Any] = {}
        self.client_settings = {"strings_as_bytes": False, "strings_encoding": "utf-8", "use_numpy": False}


class Sink(io.BytesIO):
    """The driver writes strings through its own buffer's method."""

    def write_strings(self, items: Any, encoding: str | None = None) -> None:
        for item in items:
            write_binary_str(item, self)


def native(rows: int, columns: Columns, *, flagged: bool) -> bytes:
    out = Sink()
    out.write(wire.varint(len(columns)) + wire.varint(rows))
    for at, (type_name, values) in enumerate(columns):
        out.write(wire.text(f"column {at}") + wire.text(type_name) + (b"\x00" if flagged else b""))
        write_column(DriverContext(), "c", type_name, list(values), out)
    return out.getvalue()


def in_pieces(data: bytes, size: int) -> wire.ByteReader:
    pieces = iter([data[at : at + size] for at in range(0, len(data), size)])
    return wire.ByteReader(lambda: next(pieces, b""))


@given(blocks(), st.integers(1, 300))
def test_the_walker_finds_the_end_of_a_block_however_it_arrives(made: tuple[int, Columns], size: int) -> None:
    data = native(*made, flagged=True)
    reader = in_pieces(data + data + b"\x07", size)
    for _ in range(2):
        reader.record()
        block = walk_block(reader, flagged=True)
        assert reader.recorded() == data
        assert block.rows == made[0]
        assert block.types == tuple(type_name for type_name, _ in made[1])
    assert reader.byte() == 7


@given(blocks())
def test_flags_are_taken_out_and_put_in_again(made: tuple[int, Columns]) -> None:
    flagged, plain = native(*made, flagged=True), native(*made, flagged=False)
    client_block = walk_block(wire.memory_reader(flagged), flagged=True)
    assert without_flags(flagged, client_block) == plain
    block = walk_block(wire.memory_reader(plain), flagged=False)
    assert with_flags(plain, block, 0, block.types, 1, flagged=True) == flagged


def test_a_type_can_be_renamed_on_the_way_out() -> None:
    plain = native(1, [("UInt8", [1]), ("UInt8", [2])], flagged=False)
    block = walk_block(wire.memory_reader(plain), flagged=False)
    renamed = with_flags(plain, block, 0, ("UInt8", "Bool"), 1, flagged=False)
    assert walk_block(wire.memory_reader(renamed), flagged=False).types == ("UInt8", "Bool")
    assert renamed.endswith(b"\x04Bool\x02")


def test_the_slow_way_past_strings_ends_at_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    data = native(3, [("String", ["a", "", "b" * 500])], flagged=False)
    monkeypatch.setattr(
        wire.ByteReader, "read_strings_arrow", property(lambda _: (_ for _ in ()).throw(AttributeError))
    )
    assert walk_block(in_pieces(data, 7), flagged=False).end == len(data)


@pytest.mark.parametrize(
    "name", ["AggregateFunction(sum, UInt8)", "JSON", "Variant(String, UInt8)", "Dynamic", "?"]
)
def test_types_that_cannot_be_walked_are_named(name: str) -> None:
    with pytest.raises(UnsupportedType):
        column_walk(name)


def test_a_custom_serialisation_is_refused() -> None:
    data = b"\x01\x01" + wire.text("a") + wire.text("UInt8") + b"\x01\x00"
    with pytest.raises(UnsupportedType, match="custom"):
        walk_block(wire.memory_reader(data), flagged=True)


def test_a_block_cut_short_is_an_end_of_file() -> None:
    data = native(2, [("String", ["abc", "def"])], flagged=False)
    for size in range(len(data)):
        with pytest.raises(EOFError):
            walk_block(wire.memory_reader(data[:size]), flagged=False)


@given(st.binary(max_size=200))
def test_noise_is_never_walked_for_long(noise: bytes) -> None:
    try:
        walk_block(wire.memory_reader(noise), flagged=True)
    except (EOFError, UnsupportedType, wire.ProtocolError):
        return


def test_type_arguments_are_cut_at_top_level_commas() -> None:
    assert split_arguments("a Enum8('x,y' = 1, 'it\\'s)' = 2), Map(String, Int8)") == [
        "a Enum8('x,y' = 1, 'it\\'s)' = 2)",
        "Map(String, Int8)",
    ]
    assert split_arguments("") == []


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=5))
def test_string_columns_are_read_as_rows(rows: list[tuple[str, str]]) -> None:
    columns = [("String", [row[0] for row in rows]), ("String", [row[1] for row in rows])]
    assert text_columns(native(len(rows), columns, flagged=False), 2) == rows


def test_a_header_is_a_block_without_rows() -> None:
    header = header_block([("a", "UInt8"), ("b", "Array(String)")], 0, flagged=True)
    block = walk_block(wire.memory_reader(header), flagged=True)
    assert (block.rows, block.names, block.types) == (0, ("a", "b"), ("UInt8", "Array(String)"))


@given(st.integers(0, 2**64 - 1), st.text())
def test_numbers_and_strings_come_back(number: int, value: str) -> None:
    reader = wire.memory_reader(wire.varint(number) + wire.text(value))
    assert (reader.varint(), reader.text()) == (number, value)


@given(st.binary(max_size=5000), st.integers(1, 700))
def test_compressed_frames_come_back(data: bytes, size: int) -> None:
    raw = in_pieces(compress(data), size)
    read_frame = frame_source(raw)
    out = b""
    while len(out) < len(data):
        out += read_frame()
    assert out == data


def test_a_damaged_frame_is_refused() -> None:
    frame = bytearray(compress(b"some text" * 10))
    frame[-1] ^= 1
    with pytest.raises(wire.ProtocolError, match="checksum"):
        frame_source(wire.memory_reader(bytes(frame)))()


@given(texts | st.integers() | st.uuids())
def test_parameters_lose_the_drivers_outer_quotes(value: str | int | uuid.UUID) -> None:
    sent = escape_param(value, Context(), for_server=True)
    inner = escape_param(value, Context())
    assert unquoted(sent) == (inner[1:-1] if isinstance(value, str) else str(value))


def test_progress_is_sent_as_differences() -> None:
    first, second = wire.Progress(read_rows=10, elapsed_ns=5), wire.Progress(read_rows=25, elapsed_ns=9)
    assert second.since(first) == wire.Progress(read_rows=15, elapsed_ns=4)


def test_only_the_right_password_of_a_known_user_matches() -> None:
    assert password_matches("secret", "secret")
    assert not password_matches("secret", "")
    assert not password_matches(None, "")
