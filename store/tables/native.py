"""Polars columns as ClickHouse Native bytes and back: whole columns, no Python object for a value."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from clicktrail.errors import StoreError

_NUMBERS: dict[str, Any] = {
    "Int8": pl.Int8,
    "Int16": pl.Int16,
    "Int32": pl.Int32,
    "Int64": pl.Int64,
    "UInt8": pl.UInt8,
    "UInt16": pl.UInt16,
    "UInt32": pl.UInt32,
    "UInt64": pl.UInt64,
    "Float32": pl.Float32,
    "Float64": pl.Float64,
    "Bool": pl.UInt8,
}
_SCALES = {"ms": 3, "us": 6, "ns": 9}
_DATETIME64 = re.compile(r"DateTime64\((\d)")
_DECIMAL = re.compile(r"Decimal\((\d+), ?(\d+)\)$")
_DECIMAL64_DIGITS = 18
# LowCardinality on the wire: version of the keys, then flags beside the width of a key.
_KEYS_VERSION = (1).to_bytes(8, "little")
_OWN_DICTIONARY = 1 << 9 | 1 << 10
_KEY_TYPES = ((1 << 8, "<u1", 0), (1 << 16, "<u2", 1), (1 << 32, "<u4", 2))


def type_of(series: pl.Series) -> str:
    """The ClickHouse type that holds a column of an external table."""
    dtype = series.dtype
    inner = _scalar_type(dtype)
    if inner is None:
        raise StoreError(f"column {series.name}: {dtype} cannot be sent to the tables")
    return f"Nullable({inner})" if series.null_count() else inner


def _scalar_type(dtype: pl.DataType) -> str | None:
    if isinstance(dtype, (pl.String, pl.Binary, pl.Categorical, pl.Enum)):
        return "String"
    if isinstance(dtype, pl.Boolean):
        return "Bool"
    if isinstance(dtype, pl.Datetime):
        return f"DateTime64({_SCALES[dtype.time_unit]}, '{dtype.time_zone or 'UTC'}')"
    if isinstance(dtype, pl.Decimal):
        return f"Decimal({dtype.precision}, {dtype.scale})"
    if isinstance(dtype, pl.Date):
        return "Date32"
    name = str(dtype)
    return name if name in _NUMBERS else None


def encode(series: pl.Series, spec: str) -> list[Any]:
    """One column as the buffers that follow its name and type in a Native block. Raises StoreError."""
    try:
        if spec.startswith("Nullable("):
            return [_fixed(series.is_null(), pl.UInt8), *_encode_filled(series, spec[9:-1])]
        if not series.null_count():
            return _encode_filled(series, spec)
    except pl.exceptions.PolarsError as error:
        raise StoreError(f"column {series.name}: {error}") from error
    raise StoreError(f"column {series.name}: {series.null_count()} values are missing, {spec} has none")


def _encode_filled(series: pl.Series, spec: str) -> list[Any]:
    if spec == "String":
        return _strings(_arrow_binary(series))
    if spec == "LowCardinality(String)":
        return _low_cardinality(series)
    return [_encode_fixed(series, spec)]


def _encode_fixed(series: pl.Series, spec: str) -> bytes:
    if spec in _NUMBERS:
        return _fixed(series, _NUMBERS[spec])
    if ticks := _DATETIME64.match(spec):
        return _fixed(_instants(series, int(ticks[1])), pl.Int64)
    if spec.startswith("DateTime"):
        return _fixed(_instants(series, 3) // 1000, pl.UInt32)
    if spec in ("Date", "Date32"):
        return _fixed(series.cast(pl.Date).to_physical(), pl.UInt16 if spec == "Date" else pl.Int32)
    if (decimal := _DECIMAL.match(spec)) and int(decimal[1]) <= _DECIMAL64_DIGITS:
        unscaled = series.cast(pl.Decimal(int(decimal[1]), int(decimal[2]))).to_physical()
        return _fixed(unscaled, pl.Int64)
    raise StoreError(f"column {series.name}: the type {spec} cannot be written")


def _fixed(series: pl.Series, dtype: Any) -> bytes:
    filled = series.fill_null(False) if series.dtype == pl.Boolean else series.fill_null(0)
    return filled.cast(dtype).to_numpy().tobytes()


def _instants(series: pl.Series, scale: int) -> pl.Series:
    if not isinstance(series.dtype, pl.Datetime):
        raise StoreError(f"column {series.name}: {series.dtype} is not an instant")
    have = _SCALES[series.dtype.time_unit]
    ticks = series.to_physical()
    return ticks * 10 ** (scale - have) if scale >= have else ticks // 10 ** (have - scale)


def _arrow_binary(series: pl.Series) -> pa.Array:
    return _filled(series).to_arrow().cast(pa.large_binary())


def _filled(series: pl.Series) -> pl.Series:
    text = series if series.dtype == pl.Binary else series.cast(pl.String)
    return text.fill_null(b"" if series.dtype == pl.Binary else "")


def _strings(values: pa.Array) -> list[Any]:
    """Each value after its length as a varint."""
    if not len(values):
        return []
    offsets = np.frombuffer(values.buffers()[1], np.int64, len(values) + 1, values.offset * 8)
    joined = pc.binary_join_element_wise(
        _varints(np.diff(offsets)), values, pa.scalar(b"", pa.large_binary())
    )
    bounds = np.frombuffer(joined.buffers()[1], np.int64, len(joined) + 1, joined.offset * 8)
    return [joined.buffers()[2].slice(int(bounds[0]), int(bounds[-1] - bounds[0]))]


def _varints(sizes: np.ndarray[Any, Any]) -> pa.Array:
    if sizes.max() < 128:
        data = sizes.astype(np.uint8)
        ends = np.arange(len(sizes) + 1)
    else:
        width = np.ones(len(sizes), dtype=np.int64)
        for step in range(1, 5):
            width += sizes >> (7 * step) > 0
        ends = np.concatenate(([0], np.cumsum(width)))
        data = np.empty(int(ends[-1]), np.uint8)
        for step in range(5):
            has = width > step
            more = np.where(width[has] > step + 1, 128, 0)
            data[ends[:-1][has] + step] = (sizes[has] >> (7 * step) & 127) | more
    buffers = [None, pa.py_buffer(ends.astype(np.int64)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.large_binary(), len(sizes), buffers)


def _low_cardinality(series: pl.Series) -> list[Any]:
    """A dictionary and one key a row; Arrow builds both, from Polars' own views of the texts."""
    values = _filled(series).to_arrow(compat_level=pl.CompatLevel.newest())
    encoded = values.dictionary_encode()
    words = encoded.dictionary.cast(pa.large_binary())
    size = len(words)
    kind, width = next((kind, width) for bound, kind, width in _KEY_TYPES if size <= bound)
    head = np.array([_OWN_DICTIONARY | width, size], "<i8").tobytes()
    keys = encoded.indices.to_numpy().astype(kind)
    count = len(values).to_bytes(8, "little")
    return [_KEYS_VERSION, head, *_strings(words), count, keys.tobytes()]


class RawColumn:
    """A column of 8-byte integers as received, which Arrow turns into instants or decimals in one step."""

    def __init__(self, values: bytes, nulls: bytes | None) -> None:
        self._values = np.frombuffer(values, "<i8")
        self._nulls = None if nulls is None else np.frombuffer(nulls, np.bool_)

    def __len__(self) -> int:
        return len(self._values)

    def __arrow_array__(self, type: pa.DataType | None = None) -> pa.Array:
        """The column as an array of this type (a timestamp or a decimal128)."""
        values = self._values
        if pa.types.is_decimal128(type):  # 16 bytes a value: the sign fills the upper half
            values = np.stack((values, values >> 63), axis=1)
        valid = None
        if self._nulls is not None:
            valid = pa.py_buffer(np.packbits(~self._nulls, bitorder="little"))
        return pa.Array.from_buffers(type, len(self), [valid, pa.py_buffer(np.ascontiguousarray(values))])


class DictionaryColumn:
    """A LowCardinality(String) column as received: a dictionary and a key for each row."""

    def __init__(self, dictionary: Any, keys: bytes, key_type: int) -> None:
        self._dictionary = dictionary  # the driver's buffers, or values where it has none
        self._keys = np.frombuffer(keys, f"<u{1 << key_type}")

    def __len__(self) -> int:
        return len(self._keys)

    def __arrow_array__(self, type: pa.DataType | None = None) -> pa.Array:
        """The column as text or bytes. Raises ArrowInvalid for text that is not UTF-8."""
        words = self._dictionary
        if hasattr(words, "offsets"):
            offsets = np.frombuffer(words.offsets, "<i8").astype("<i4")
            buffers = [None, pa.py_buffer(offsets), pa.py_buffer(words.data)]
            words = pa.Array.from_buffers(pa.binary(), len(offsets) - 1, buffers)
        return pa.array(words).cast(type).take(pa.array(self._keys))


def is_raw(spec: str) -> bool:
    """Whether values of this type (Nullable put aside) are read as a RawColumn."""
    if spec.startswith("DateTime64("):
        return spec[11] in "0369"
    decimal = _DECIMAL.match(spec)
    return bool(decimal and 10 <= int(decimal[1]) <= _DECIMAL64_DIGITS)
