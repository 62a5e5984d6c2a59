"""clickhouse-driver with whole columns in both directions."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import polars as pl
import pyarrow as pa
from clickhouse_driver import Client
from clickhouse_driver.block import BlockInfo, ColumnOrientedBlock, RowOrientedBlock
from clickhouse_driver.columns.service import read_column
from clickhouse_driver.connection import Connection
from clickhouse_driver.protocol import ClientPacketTypes
from clickhouse_driver.reader import read_binary_str, read_binary_uint8, read_binary_uint64
from clickhouse_driver.streams.native import BlockInputStream
from clickhouse_driver.varint import read_varint, write_varint
from clickhouse_driver.writer import write_binary_str

from store.tables.native import DictionaryColumn, RawColumn, encode, is_raw, type_of

_FLAGGED_REVISION = 54454  # a byte before each column says how it is serialised


class FrameInputStream(BlockInputStream):
    """Reads blocks for Arrow without making a Python object of every instant and decimal."""

    def read(self, use_numpy: bool | None = None) -> ColumnOrientedBlock:
        """One block; as the driver does unless the query asked for Arrow."""
        if not self.context.client_settings.get("use_arrow") or use_numpy is False:
            return super().read(use_numpy=use_numpy)
        info = BlockInfo()
        info.read(self.fin)
        width, height = read_varint(self.fin), read_varint(self.fin)
        types, data = [], []
        for _ in range(width):
            name, spec = read_binary_str(self.fin), read_binary_str(self.fin)
            types.append((name, spec))
            flagged = self.context.server_info.used_revision >= _FLAGGED_REVISION
            custom = bool(flagged and read_binary_uint8(self.fin))
            if height:
                data.append(self._column(spec, height, custom))
        return ColumnOrientedBlock(columns_with_types=types, data=data, info=info)

    def _column(self, spec: str, height: int, custom: bool) -> object:
        if spec == "LowCardinality(String)" and not custom:
            return self._dictionary_column()
        nullable = spec.startswith("Nullable(")
        if custom or not is_raw(spec[9:-1] if nullable else spec):
            return read_column(self.context, spec, height, self.fin, has_custom_serialization=custom)
        nulls = self.fin.read(height) if nullable else None
        return RawColumn(self.fin.read(8 * height), nulls)

    def _dictionary_column(self) -> DictionaryColumn:
        self.fin.read(8)  # version of the keys
        key_type = read_binary_uint64(self.fin) & 0xF
        dictionary = read_column(self.context, "String", read_binary_uint64(self.fin), self.fin)
        height = read_binary_uint64(self.fin)
        return DictionaryColumn(dictionary, self.fin.read(height << key_type), key_type)


class FrameConnection(Connection):
    """A connection that sends frames; whoever holds it checks that it lives."""

    def force_connect(self) -> None:
        """Connect unless connected; without the driver's ping before every query."""
        self.check_query_execution()
        if not self.connected:
            self.connect()

    def get_block_in_stream(self) -> BlockInputStream:
        """How blocks are read."""
        return FrameInputStream(self.fin, self.context)

    def send_external_tables(
        self,
        tables: Mapping[str, pl.DataFrame] | None,
        types_check: bool = False,  # noqa: ARG002 - as in the driver
    ) -> None:
        """Send the frames a query reads by name, and the empty block that ends them."""
        for name, frame in (tables or {}).items():
            self.send_frame(frame, {column.name: type_of(column) for column in frame}, name)
        super().send_external_tables(None)

    def send_frame(self, frame: pl.DataFrame, types: Mapping[str, str], table: str = "") -> None:
        """One Data packet; `types`: ClickHouse type of each column to send."""
        out = self.fout
        # Encoded first: a column that cannot be sent must not leave half a packet behind.
        columns = [(name, spec, encode(frame[name], spec)) for name, spec in types.items()]
        write_varint(ClientPacketTypes.DATA, out)
        write_binary_str(table, out)
        BlockInfo().write(out)
        write_varint(len(columns), out)
        write_varint(frame.height, out)
        flag = b"\0" if self.server_info.used_revision >= _FLAGGED_REVISION else b""
        for name, spec, buffers in columns:
            write_binary_str(name, out)
            write_binary_str(spec, out)
            out.write(flag)
            for buffer in buffers if frame.height else ():
                out.write(bytes(buffer))
        out.flush()


class TransferClient(Client):
    """A client for one thread at a time."""

    def __init__(self, *address: Any, **options: Any) -> None:
        super().__init__(*address, **{**options, "settings": dict(options["settings"])})
        options.pop("settings")
        self.connection = FrameConnection(*address, **options)
        self.connection.context.settings = self.settings
        self.connection.context.client_settings = self.client_settings

    def is_alive(self) -> bool:
        """Whether the connection still answers."""
        return bool(self.connection.connected and self.connection.ping())

    def columns(
        self, sql: str, parameters: Mapping[str, Any], tables: Mapping[str, pl.DataFrame]
    ) -> pl.DataFrame:
        """A query's result with its column types, also when it has no rows.

        Text is String; a column with bytes that are not UTF-8 is Binary.
        """
        try:
            return self._columns(sql, parameters, tables, as_bytes=False)
        except pa.ArrowInvalid:
            self.disconnect()  # the rest of the answer is still on its way
            return _decoded(self._columns(sql, parameters, tables, as_bytes=True))

    def _columns(
        self, sql: str, parameters: Mapping[str, Any], tables: Mapping[str, pl.DataFrame], *, as_bytes: bool
    ) -> pl.DataFrame:
        settings = {"use_numpy": True, "strings_as_bytes": as_bytes}
        table = self.query_arrow(
            sql, parameters, external_tables=tables, settings=settings, field_metadata=False
        )
        frame = pl.from_arrow(table)
        assert isinstance(frame, pl.DataFrame)
        return frame

    def insert(
        self, statement: str, frame: pl.DataFrame, block_rows: int, settings: Mapping[str, Any]
    ) -> None:
        """Send the frame's rows in blocks of `block_rows`."""
        with self.disconnect_on_error(statement, settings):
            self.connection.send_query(statement)
            self.connection.send_external_tables(None)
            types = dict(self.receive_sample_block().columns_with_types)
            for block in frame.iter_slices(block_rows):
                self.connection.send_frame(block, types)
                self.receive_profile_events()
            self.connection.send_data(RowOrientedBlock())
            self.receive_profile_events()
            self.receive_end_of_insert_query()


def _decoded(frame: pl.DataFrame) -> pl.DataFrame:
    """Binary columns as String where all their values are text."""
    for column in frame.select(pl.col(pl.Binary)):
        with contextlib.suppress(pl.exceptions.ComputeError, pl.exceptions.InvalidOperationError):
            frame = frame.with_columns(column.cast(pl.String))
    return frame
