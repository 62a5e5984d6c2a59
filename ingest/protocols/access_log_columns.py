"""Lines of an access log as columns: the plain ones, many at once; the others are left for the readable form.

Says the same as access_log_line.py. Cuts at quotes and spaces, because that is several times as fast as a
regular expression with groups.
"""

from __future__ import annotations

import polars as pl

from ingest.protocols.access_log_row import ASSETS, DOWNLOADS, MAX_TEXT
from ingest.protocols.instants import LATEST_MS

INSTANT = pl.Datetime("ms", "UTC")
TEXTS = (
    "_address", "event_type", "url", "host", "path", "target", "referrer", "user_agent", "language",
    "properties",
)  # fmt: skip
COLUMNS = {"_part": pl.UInt32(), "true_time": INSTANT, **dict.fromkeys(TEXTS, pl.String())}
"""What both forms give."""
SLICE = 1 << 16
"""Lines that one thread reads at a time."""
_TIME_CHARS = 30
_TIME = r"^ \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-5][0-9] [+-][01][0-9][0-5][0-9]\] $"
_HEAD = r"^[!-Z^-z|~][!-Z^-~]*(?: [!-Z^-~]+){2,3}$"
_RESULT = r"^ [0-9]{3} (?:[0-9]{1,18}|-)[ \r]?$"
_ADDRESS = r"^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F.]*:[0-9a-fA-F.]*:[0-9a-fA-F:.]*)$"
_HOST = r"^(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+(?::[0-9]+)?|localhost(?::[0-9]+)?)$"


def read_lines(lines: pl.Series) -> tuple[pl.DataFrame, list[int]]:
    """COLUMNS of the plain lines (`_part` is the index), and the indexes of the lines left over."""
    whole = pl.DataFrame({"line": lines}).with_row_index("_part").lazy()
    # Slices keep all threads busy: within one, most of the work is a chain of steps on the same texts.
    slices = pl.collect_all(_read(whole.slice(at, SLICE)) for at in range(0, len(lines) or 1, SLICE))
    read = pl.concat(slices, rechunk=False)
    left = read.filter(~pl.col("plain"))["_part"].to_list()
    return read.filter("plain").drop("plain"), left


def _read(lines: pl.LazyFrame) -> pl.LazyFrame:
    cut = lines.with_columns(
        _parts("line", '"', ("head", "request", "result", "referrer", "gap", "user_agent", "rest")),
        odd=(pl.col("line").str.len_bytes() > MAX_TEXT) | pl.col("line").str.contains(r"[\\\x00]"),
    ).unnest("_line")
    cut = cut.with_columns(
        when=pl.col("head").str.tail(_TIME_CHARS), who=pl.col("head").str.head(-_TIME_CHARS)
    ).with_columns(
        _parts("who", " ", ("who_1", "who_2", "who_3", "who_4")),
        _parts("request", " ", ("method", "uri", "http")),
        true_time=pl.col("when").str.to_datetime(
            " [%d/%b/%Y:%H:%M:%S %z] ", strict=False, time_unit="ms", time_zone="UTC"
        ),
    )
    return _columns(cut.unnest("_who", "_request").with_columns(plain=_is_plain()))


def _parts(name: str, at: str, names: tuple[str, ...]) -> pl.Expr:
    return pl.col(name).str.splitn(at, len(names)).struct.rename_fields(list(names)).alias(f"_{name}")


def _is_plain() -> pl.Expr:
    """Whether a line is sure to be read as the readable form would."""
    rest = pl.col("rest")
    combined = (
        pl.col("result").str.ends_with(" ")
        & (pl.col("gap") == " ")
        & ((rest == "") | (rest == "\r") | rest.str.starts_with(" "))
    )
    uri = pl.col("uri")
    checks = (
        ~pl.col("odd"),
        pl.col("who").str.contains(_HEAD),
        pl.col("when").str.contains(_TIME),
        pl.col("true_time").cast(pl.Int64).is_between(0, LATEST_MS - 1),
        pl.col("method").str.contains(r"^[A-Z]{1,20}$"),
        uri.str.starts_with("/") & ~uri.str.starts_with("//"),
        pl.col("http").str.contains(r"^HTTP/[0-9](?:\.[0-9])?$"),
        pl.col("result").str.contains(_RESULT),
        combined | pl.col("referrer").is_null(),
    )
    return pl.all_horizontal(check.fill_null(False) for check in checks)


def _columns(lines: pl.LazyFrame) -> pl.LazyFrame:
    first, second = pl.col("who_1"), pl.col("who_2")
    virtual = pl.col("who_4").is_not_null() & (second.str.contains(_ADDRESS) | ~first.str.contains(_ADDRESS))
    host = pl.when(virtual).then(first).when(second.str.contains(_HOST)).then(second).otherwise(pl.lit(""))
    address = pl.when(virtual).then(second).otherwise(first)
    result = pl.col("result").str.strip_chars()
    lines = lines.with_columns(
        _address=_given(address),
        host=_given(host).str.replace(r":[0-9]*$", "").str.to_lowercase(),
        path=pl.col("uri").str.splitn("?", 2).struct.field("field_0"),
        status=result.str.head(3).cast(pl.Int64, strict=False),
        size=result.str.slice(4).cast(pl.Int64, strict=False).fill_null(0),
        referrer=_given(pl.col("referrer").fill_null("")),
        user_agent=_given(pl.col("user_agent").fill_null("")),
        language=pl.lit(""),
    ).with_columns(
        event_type=_event_type(),
        url=pl.when(pl.col("host") == "")
        .then("uri")
        .otherwise(pl.concat_str(pl.lit("https://"), "host", "uri")),
        properties=pl.concat_str(
            pl.lit('{"status":'),
            "status",
            pl.lit(',"bytes":'),
            "size",
            pl.lit(',"method":"'),
            "method",
            pl.lit('"}'),
        ),
    )
    return lines.with_columns(
        path=shown_path(),
        target=pl.when(pl.col("event_type") == "download").then("url").otherwise(pl.lit("")),
    ).select("plain", *(pl.col(name).cast(dtype) for name, dtype in COLUMNS.items()))


def shown_path() -> pl.Expr:
    """'' for a path that may name a person: the enrichment then takes a clean one from the url."""
    named = pl.col("path").str.contains(r"@|%40|;")
    return pl.when(named).then(pl.lit("")).otherwise("path")


def _given(value: pl.Expr) -> pl.Expr:
    return pl.when(value == "-").then(pl.lit("")).otherwise(value)


def _event_type() -> pl.Expr:
    status = pl.col("status")
    extension = (
        pl.col("path").str.tail(12).str.extract(r"\.([A-Za-z0-9]{1,11})$").str.to_lowercase().fill_null("")
    )
    served = (pl.col("method") == "GET") & (status.is_between(200, 299) | (status == 304))
    return (
        pl.when(status >= 400)
        .then(pl.lit("error"))
        .when(~served | extension.is_in(sorted(ASSETS)))
        .then(pl.lit("asset"))
        .when(extension.is_in(sorted(DOWNLOADS)))
        .then(pl.lit("download"))
        .otherwise(pl.lit("page_view"))
    )
