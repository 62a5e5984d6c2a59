"""Access logs: lines of web servers, by import.

The readable truth is access_log_line.py (one line → one row); access_log_columns.py says the same of many
plain lines at once. Here lines get their ids, their visitors and, if nobody can read them, their failure.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec
import polars as pl

from ingest.protocols.access_log_columns import COLUMNS, INSTANT, read_lines, shown_path
from ingest.protocols.access_log_json import is_json_log
from ingest.protocols.access_log_line import read_line
from ingest.protocols.access_log_row import Unreadable, event_type
from ingest.protocols.base import Answer, Decoded, Protocol, Request, Source
from ingest.protocols.failure import failed
from schemas.envelope import Envelope
from schemas.failed_event import FailedEvent, Reason, Stage

REPEATS = "repeats"
"""Header of an import's envelope: `index:count,…`, how often a line of the body stood in the file before."""
BLANK = b"\r\t "
NOBODY = b"\0\0"
"""How a visitor ends of whom neither address nor agent is known."""
_NATIVE = frozenset(("event_type", "event_name", "event_id", "visitor_id", "anonymous_id", "events"))
_EVENTS = {
    "_source": pl.UInt32(),
    **COLUMNS,
    **dict.fromkeys(("event_id", "id_source", "_client_hash"), pl.String()),
}
del _EVENTS["_address"]


def decode(sources: Sequence[Source]) -> Decoded:
    """An event for each line that is one, a failed event for each other line that is not blank."""
    frames, failures = [pl.DataFrame(schema=_EVENTS)], list[FailedEvent]()
    for number, source in enumerate(sources):
        frame, refused = _decode(source)
        frames.append(frame.with_columns(_source=pl.lit(number, pl.UInt32)).select(*_EVENTS))
        failures += refused
    return Decoded(pl.concat(frames), failures)


def _decode(source: Source) -> tuple[pl.DataFrame, list[FailedEvent]]:
    lines = _split(source.envelope.body)
    texts = _texts(lines)
    frame, left = read_lines(texts)
    rows, failures = [], []
    for part, text in zip(left, texts.gather(left).to_list(), strict=True):
        if not lines[part].strip(BLANK):
            continue
        try:
            rows.append(_row(part, text))
        except Unreadable as error:
            failures.append(
                failed(source, part, lines[part], Stage.DECODE, Reason.MALFORMED, f"no log line: {error}")
            )
    if rows:
        others = pl.DataFrame(rows, schema=_ROW, orient="row").with_columns(
            pl.col("true_time").cast(INSTANT), path=shown_path()
        )
        frame = pl.concat([frame, others]).sort("_part")
    site = hashlib.blake2b(source.envelope.site_key.encode(), digest_size=16).digest()
    frame = frame.with_columns(
        _ids(frame["_part"], lines, _repeats(source.envelope), site), id_source=pl.lit("derived")
    )
    return _with_hashes(frame, site), failures


_ROW = {**COLUMNS, "true_time": pl.Int64()}


def _row(part: int, text: str) -> tuple[object, ...]:
    line = read_line(text)
    what = event_type(line.method, line.status, line.path)
    properties = msgspec.json.encode({"status": line.status, "bytes": line.size, "method": line.method})
    return (
        part, line.time, line.address, what, line.url, line.host, line.path,
        line.url if what == "download" else "", line.referrer, line.user_agent, line.language,
        properties.decode(),
    )  # fmt: skip


def _ids(parts: pl.Series, lines: Sequence[bytes], before: Mapping[int, int], site: bytes) -> pl.Series:
    """Hashes of site, line and how many identical lines stood before it in the file."""
    first = hashlib.blake2b(digest_size=16, salt=site)
    counts = _counts(lines, before)
    ids = []
    for at in parts.to_list():
        hashed = first.copy() if at not in counts else _again(counts[at], site)
        hashed.update(lines[at])
        ids.append(hashed.hexdigest())
    return pl.Series("event_id", ids, dtype=pl.String)


def _again(count: int, site: bytes) -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=16, salt=site, person=b"%d" % count)


def _counts(lines: Sequence[bytes], before: Mapping[int, int]) -> dict[int, int]:
    """Index of a line → how many identical ones stood before it, where any did."""
    counts = dict(before)
    seen = Counter[bytes]()
    suspects = pl.Series(lines, dtype=pl.Binary).hash().is_duplicated().arg_true()
    for at in suspects.to_list():
        line = lines[at]
        if stood := seen[line]:
            counts[at] = before.get(at, 0) + stood
        seen[line] = stood + 1
    return counts


def _repeats(envelope: Envelope) -> dict[int, int]:
    return _pairs(dict(envelope.headers).get(REPEATS, ""))


def _pairs(said: str) -> dict[int, int]:
    pairs = (pair.partition(":") for pair in said.split(",") if pair)
    return {int(at): int(count) for at, _, count in pairs if at.isdecimal() and count.isdecimal()}


def _with_hashes(frame: pl.DataFrame, site: bytes) -> pl.DataFrame:
    """The cookieless visitor: a hash of the UTC day, the full address and the agent, keyed by the site."""
    day = pl.col("true_time").dt.epoch("d")
    who = pl.concat_str(day, "_address", "user_agent", separator="\0").cast(pl.Binary)
    who_of = frame.select(who.alias("_who"))
    people = who_of.unique()
    keyed = hashlib.blake2b(key=site, digest_size=16)
    hashes = [_visitor(keyed.copy(), one) for one in people["_who"].to_list()]
    people = people.with_columns(pl.Series("_client_hash", hashes, dtype=pl.String))
    visitors = who_of.join(people, on="_who", how="left", maintain_order="left")["_client_hash"]
    return frame.drop("_address").with_columns(visitors)


def _visitor(keyed: hashlib.blake2b, who: bytes) -> str:
    if who.endswith(NOBODY):
        return ""  # decode.py refuses it
    keyed.update(who)
    return keyed.hexdigest()


def _texts(lines: list[bytes]) -> pl.Series:
    try:
        return pl.Series(lines, dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:  # not all is UTF-8
        return pl.Series([line.decode("utf-8", "replace") for line in lines], dtype=pl.String)


@lru_cache(maxsize=1)
def _split(body: bytes) -> list[bytes]:
    return body.split(b"\n")


def raw(envelope: Envelope, part: int) -> bytes:
    """The line of an index."""
    lines = _split(envelope.body)
    return lines[part] if part < len(lines) else b""


def alone(envelope: Envelope, part: int) -> Envelope:
    """One line, and how many identical ones stood before it."""
    line = raw(envelope, part)
    stood = _stood(envelope.body, dict(envelope.headers).get(REPEATS, "")).get(part, 0)
    headers = [one for one in envelope.headers if one[0] != REPEATS]
    headers += [(REPEATS, f"0:{stood}")] if stood else []
    return msgspec.structs.replace(envelope, body=line, headers=tuple(headers))


@lru_cache(maxsize=1)
def _stood(body: bytes, said: str) -> dict[int, int]:
    return _counts(_split(body), _pairs(said))


def detect(lines: Sequence[bytes]) -> str | None:
    """What most of these lines of a file are: `native` events, `combined` (any access log), or None."""
    votes = Counter(found for line in lines if (found := _detect(line)))
    return votes.most_common(1)[0][0] if votes else None


def _detect(line: bytes) -> str | None:
    text = line.decode("utf-8", "replace")
    try:
        if not text.strip("\ufeff\0\r\t ").startswith("{"):
            read_line(text)
            return "combined"
        members = msgspec.json.decode(text.strip("\ufeff\0\r\t ").encode())
    except (Unreadable, msgspec.DecodeError, RecursionError):
        return None
    if not _NATIVE.isdisjoint(members):
        return "native"
    return "combined" if is_json_log(members) else None


def site_key(request: Request) -> str:  # noqa: ARG001 - the same for every request
    """Logs come by import, whose envelope names the site."""
    return ""


def answer(request: Request) -> Answer:  # noqa: ARG001 - nobody asks
    """There is no route to answer on."""
    return Answer(404, (), b"")


PROTOCOL = Protocol(
    name="access_log",
    channel="log",
    routes=(),
    site_key=site_key,
    answer=answer,
    decode=decode,
    raw=raw,
    alone=alone,
)
