"""Lines of native events as columns: the fast form of native_event.py.

Polars reads a body of lines at the speed of its parser, but passes over what we must not: members nobody
knows, repeated ones, objects where a text is needed. A line whose count of `":` is not that of the values
found holds such a thing, and goes back, as every line the reader is not sure of, to the readable form; so
does one that escapes the count, by a name apart from its colon or a quote spelled \\u0022.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ingest.protocols.instants import LATEST_MS
from ingest.protocols.native_event import (
    COLUMNS,
    FLAGS,
    INTEGER_LIMIT,
    INTEGERS,
    JSON_TEXTS,
    MAX_DEPTH,
    MAX_TEXT,
    SITE,
    TEXTS,
    TIMES,
    TRUSTED_TEXTS,
)
from schemas.event import MAX_ID_BYTES

CHUNK = 1 << 20
SAMPLE = 1 << 17
SEPARATOR = b"\x01"
_SPAN = 1 << 18
_READ: dict[str, Any] = {
    **dict.fromkeys(SITE, pl.String()),
    **dict.fromkeys((*TEXTS, *TRUSTED_TEXTS, *JSON_TEXTS), pl.String()),
    **dict.fromkeys(INTEGERS, pl.Int64()),
    "value": pl.Float64(),
    "revenue": pl.String(),
    **dict.fromkeys(FLAGS, pl.Boolean()),
    **dict.fromkeys(TIMES, pl.Int64()),
}
_PERHAPS = r'"[ \t\r]|\\u|s":"[\[{]'
_ODD = r'"[ \t\r]+:|\\u(?:00[0-3]|[dD][89a-fA-F])|"(?:properties|items)":"'
Left = list[tuple[int, bytes]]


def read_lines(body: bytes, source: int) -> tuple[pl.DataFrame, Left]:
    """Events of a trusted sender's lines, and the lines (by index) left for the readable form."""
    empty = pl.DataFrame(schema={"_source": COLUMNS["_source"], "_part": COLUMNS["_part"]})
    frame, left = _read(body, source, 0) or (None, [])
    if frame is not None:
        return frame, left
    frames, left = [empty], []
    for first, chunk in _chunks(body):
        read = _read(chunk, source, first)
        if read is None:
            left += [(first + at, line) for at, line in enumerate(chunk.split(b"\n")) if line.strip()]
        else:
            frames.append(read[0])
            left += read[1]
    return pl.concat(frames, how="diagonal"), left


def _chunks(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Pieces of whole lines, each with the index of its first line."""
    start = first = 0
    while start < len(body):
        end = body.find(b"\n", start + CHUNK) + 1 or len(body)
        chunk = body[start:end]
        yield first, chunk
        first += chunk.count(b"\n")
        start = end


def _read(body: bytes, source: int, first: int) -> tuple[pl.DataFrame, Left] | None:
    """The columns, and the lines left over; None if the parser refuses the body as a whole."""
    lines = _lines(body)
    if lines is None:
        return None
    lines = lines.with_row_index("_part", first)
    odd = lines.select(
        pl.col("line").is_null()
        | _spelled_oddly(lines["line"])
        | (pl.col("line").str.count_matches(r"[\[{]") > MAX_DEPTH)
    ).to_series()
    strange = lines.filter(odd & pl.col("line").is_not_null())
    if odd.any():
        lines = lines.filter(~odd)
        body = "\n".join(lines["line"].to_list()).encode()
    frame = _parsed(body)
    if frame is None or frame.height != lines.height:
        return None
    frame = frame.with_columns(lines.get_columns())
    sure = frame.select(_sure(frame, body)).to_series()
    if strange.is_empty() and sure.all():
        return _columns(frame, source), []
    unsure = pl.concat([strange, frame.filter(~sure).select("_part", "line")])
    left = [(part, line.encode()) for part, line in unsure.iter_rows()]
    return _columns(frame.filter(sure), source), left


def _spelled_oddly(lines: pl.Series) -> pl.Series:
    """Whether a name stands apart from its colon, a mark is spelled as a number, or JSON stands in a text."""
    suspect = lines.str.contains(_PERHAPS).fill_null(False)
    return suspect & lines.str.contains(_ODD) if suspect.any() else suspect


def _lines(body: bytes) -> pl.DataFrame | None:
    """The lines as one column, empty ones null; None if they are no text."""
    try:
        if SEPARATOR in body:
            return pl.DataFrame({"line": body.decode().removesuffix("\n").split("\n")}).select(
                pl.when(pl.col("line").str.strip_chars() != "").then("line")
            )
        # A table of one column: the CSV reader cuts lines far faster than any split.
        return pl.read_csv(
            body,
            has_header=False,
            separator=SEPARATOR.decode(),
            quote_char=None,
            schema={"line": pl.String()},
        )
    except (UnicodeDecodeError, OSError, pl.exceptions.PolarsError):  # OSError: as if gzip
        return None


def _parsed(body: bytes) -> pl.DataFrame | None:
    """Known members that the first lines have; what only later ones have makes those unsure."""
    try:
        sample = body[: body.find(b"\n", SAMPLE) + 1] or body
        if not sample.strip():
            return pl.DataFrame(schema=_READ)
        names = pl.read_ndjson(sample, infer_schema_length=None).columns
        known = {name: _READ[name] for name in names if name in _READ}
        return pl.read_ndjson(body, schema=known) if "event_id" in known else None
    except (OSError, pl.exceptions.PolarsError):
        return None


def _sure(frame: pl.DataFrame, body: bytes) -> pl.Expr:
    """Whether a row is all that its line says, and nothing in it needs a second look."""
    found = [name for name in frame.columns if name in _READ]
    checks = [_CHECKS[name].fill_null(name != "event_id") for name in found if name in _CHECKS]
    nested = [pl.col(name).str.count_matches('":', literal=True) for name in JSON_TEXTS if name in found]
    within = [count.fill_null(0) for count in nested]
    values = sum(frame.height - frame[name].null_count() for name in found)
    # No line has fewer names than values, so lines that have as many in all have as many each.
    if within:
        values += sum(frame.select(count.sum().alias(str(n)) for n, count in enumerate(within)).row(0))
    if values != _names(body):
        here = pl.sum_horizontal(pl.col(name).is_not_null().cast(pl.UInt32) for name in found)
        names = pl.col("line").str.count_matches('":', literal=True)
        checks.append(names == pl.sum_horizontal(here, *within))
    return pl.all_horizontal(pl.col("line").str.len_bytes() <= MAX_TEXT, *checks)


def _names(body: bytes) -> int:
    """How often `":` stands in the lines."""
    count, marks = 0, np.frombuffer(body, np.uint8)
    for at in range(0, len(marks), _SPAN):  # a span stays in the processor's cache
        colon = marks[at + 1 : at + 1 + _SPAN] == ord(":")
        quote = marks[at : at + len(colon)] == ord('"')
        count += int(np.count_nonzero(colon & quote))
    return count


def _check(name: str) -> pl.Expr:
    value = pl.col(name)
    if name in TIMES:
        return value.is_between(0, LATEST_MS - 1)
    if name in INTEGERS:
        return value.is_between(-INTEGER_LIMIT, INTEGER_LIMIT)
    if name in JSON_TEXTS:
        return value.str.starts_with("{" if name == "properties" else "[")
    if name == "revenue":
        return value.str.contains(r"^-?\d{1,14}(\.\d{1,4})?$")
    nothing_nested = ~(value.str.starts_with("{") | value.str.starts_with("["))
    if name == "event_id":
        return nothing_nested & value.str.len_bytes().is_between(1, MAX_ID_BYTES)
    return nothing_nested


_CHECKS = {name: _check(name) for name in _READ if name not in FLAGS and name != "value"}


def _columns(frame: pl.DataFrame, source: int) -> pl.DataFrame:
    """The rows in the columns of the readable form; columns without a value are left out."""
    has = frame.columns
    made = {name: pl.col(name).cast(pl.Datetime("ms", "UTC")) for name in TIMES if name in has}
    made |= {name: pl.col(name).replace({"{}": "", "[]": ""}) for name in JSON_TEXTS if name in has}
    if "revenue" in has:
        made["revenue"] = pl.col("revenue").str.to_decimal(scale=4).cast(pl.Decimal(18, 4))
    if sites := [name for name in SITE if name in has]:
        made["site_key"] = pl.coalesce(sites)
    frame = frame.with_columns(_source=pl.lit(source, pl.UInt32), id_source=pl.lit("client"), **made)
    frame = frame.rename({"event_time": "true_time", "webdriver": "_webdriver"}, strict=False)
    kept = [name for name in COLUMNS if name in frame.columns and frame[name].null_count() < frame.height]
    return frame.select(kept or ["_source", "_part"])
