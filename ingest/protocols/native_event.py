"""One native event: a JSON object → a row. The readable truth of the dialect."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import polars as pl

from ingest.protocols.instants import instant_ms
from schemas.event import MAX_ID_BYTES
from schemas.failed_event import Reason, Stage

MAX_TEXT = 8192
MAX_DEPTH = 64
"""Objects and lists in one another, the event included."""
INTEGER_LIMIT = 1 << 53
MONEY_LIMIT = Decimal(10) ** 14
CENT = Decimal("0.0001")

TEXTS = (
    "event_id", "event_type", "event_name", "visitor_id", "anonymous_id", "user_id", "client_session",
    "page_view_id", "url", "path", "title", "referrer", "utm_source", "utm_medium", "utm_campaign",
    "utm_term", "utm_content", "click_id", "screen", "language", "timezone", "target", "search_term",
    "order_id", "currency", "consent",
)  # fmt: skip
TRUSTED_TEXTS = ("user_agent", "channel", "country", "id_quality", "gateway", "uaprof")
"""Fields that only a trusted sender may set; of others they are passed over."""
INTEGERS = ("seq", "engaged_ms", "scroll_pct")
TIMES = ("event_time", "device_time", "sent_at", "received_at")
JSON_TEXTS = {"properties": dict, "items": list}
FLAGS = {"gpc": "gpc", "webdriver": "_webdriver"}
SITE = ("site", "site_id")
INSTANT = pl.Datetime("ms", "UTC")

COLUMNS: dict[str, Any] = {
    "_source": pl.UInt32(),
    "_part": pl.UInt32(),
    "site_key": pl.String(),
    **dict.fromkeys((*TEXTS, *TRUSTED_TEXTS, *JSON_TEXTS), pl.String()),
    **dict.fromkeys(INTEGERS, pl.Int64()),
    "value": pl.Float64(),
    "revenue": pl.Decimal(18, 4),
    **dict.fromkeys(FLAGS.values(), pl.Boolean()),
    "_bad_time": pl.Boolean(),
    "id_source": pl.String(),
    **dict.fromkeys(("true_time", "device_time", "sent_at", "received_at"), INSTANT),
}
"""What a frame of this dialect may hold."""


_TOO_DEEP = f"more than {MAX_DEPTH} levels of objects and lists"


class Refused(Exception):
    """An event or a body that cannot be taken; the text names the field."""

    def __init__(self, reason: Reason, detail: str, stage: Stage = Stage.DECODE) -> None:
        super().__init__(detail)
        self.reason, self.detail, self.stage = reason, detail, stage


@dataclass(frozen=True)
class Defaults:
    """What the body says for all of its events."""

    source: int
    site: str
    sent_at: object
    trusted: bool
    site_key: str
    second: int  # of the arrival, for ids made of the bytes


def frame_of(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Rows as columns; a field no row has is left out."""
    names = {name for row in rows for name in row} | {"_source", "_part"}
    data = {name: [row.get(name) for row in rows] for name in COLUMNS if name in names}
    return pl.DataFrame(data, schema={name: COLUMNS[name] for name in data})


def event_row(raw: bytes, part: int, defaults: Defaults) -> dict[str, object]:
    """The row of one event object. Raises Refused."""
    members = _members(raw)
    row: dict[str, object] = {"_source": defaults.source, "_part": part}
    row["site_key"] = next(
        (_text(name, members.pop(name)) for name in SITE if name in members), defaults.site
    )
    times = {name: members.pop(name, None) for name in TIMES}
    if times["sent_at"] is None:
        times["sent_at"] = defaults.sent_at
    members.pop("ip", None)  # would place the visitor; never kept
    for name in [name for name in members if name in _READERS]:
        _READERS[name](row, name, members.pop(name))
    if not defaults.trusted:
        for name in TRUSTED_TEXTS:
            row.pop(name, None)
    _put_times(row, times, defaults.trusted)
    _put_rest(row, members)
    _put_id(row, raw, defaults)
    return row


def _members(raw: bytes) -> dict[str, Any]:
    try:
        members = msgspec.json.decode(raw)
    except RecursionError:
        raise Refused(Reason.TOO_DEEP, _TOO_DEEP) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(Reason.MALFORMED, str(error)) from None
    if _deeper(members, MAX_DEPTH):
        raise Refused(Reason.TOO_DEEP, _TOO_DEEP)
    if not isinstance(members, dict):
        raise Refused(Reason.WRONG_TYPE, f"an event is an object, not {_kind(members)}", Stage.SCHEMA)
    return {name: value for name, value in members.items() if value is not None}


def _deeper(value: object, levels: int) -> bool:
    """Whether a value holds more levels of objects and lists; the answer depends on no stack."""
    level = [value]
    for _ in range(levels + 1):
        nested = [one for one in level if isinstance(one, (dict, list))]
        if not nested:
            return False
        level = [one for some in nested for one in (some.values() if isinstance(some, dict) else some)]
    return True


def _put_times(row: dict[str, object], times: Mapping[str, object], trusted: bool) -> None:
    """A trusted event_time is the truth; anybody else's is the reading of a client's clock."""
    given = {name: value for name, value in times.items() if value is not None}
    if not trusted:
        given.pop("received_at", None)
        if "event_time" in given:
            given.setdefault("device_time", given["event_time"])
            given.pop("event_time")
    for name, value in given.items():
        moment = instant_ms(value)
        if moment is not None:
            row["true_time" if name == "event_time" else name] = moment
        elif name in ("event_time", "received_at"):
            row["_bad_time"] = True


def _put_rest(row: dict[str, object], rest: Mapping[str, object]) -> None:
    """Members nobody knows join the properties."""
    if not rest:
        return
    properties = msgspec.json.decode(str(row.get("properties") or "{}"))
    row["properties"] = _json({**rest, **properties})


def _put_id(row: dict[str, object], raw: bytes, defaults: Defaults) -> None:
    given = str(row.get("event_id") or "")
    if len(given.encode()) > MAX_ID_BYTES:
        raise Refused(Reason.TOO_LARGE, f"event_id: more than {MAX_ID_BYTES} bytes", Stage.SCHEMA)
    row["id_source"] = "client" if given else "derived"
    if not given:
        site = row["site_key"] or defaults.site_key
        text = f"{site}\0{defaults.second}\0".encode() + raw.strip()
        row["event_id"] = hashlib.blake2b(text, digest_size=16).hexdigest()


def _read_text(row: dict[str, object], name: str, value: object) -> None:
    row[name] = _text(name, value)


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(int(value) if value == int(value) else value)
    if not isinstance(value, str):
        raise Refused(Reason.WRONG_TYPE, f"{name}: a text is needed, not {_kind(value)}", Stage.SCHEMA)
    return value.replace("\0", "")[:MAX_TEXT]


def _read_integer(row: dict[str, object], name: str, value: object) -> None:
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(number, bool) or not isinstance(number, int) or abs(number) > INTEGER_LIMIT:
        raise Refused(
            Reason.WRONG_TYPE, f"{name}: a whole number is needed, not {_kind(value)}", Stage.SCHEMA
        )
    row[name] = number


def _read_number(row: dict[str, object], name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused(Reason.WRONG_TYPE, f"{name}: a number is needed, not {_kind(value)}", Stage.SCHEMA)
    row[name] = float(value)


def _read_money(row: dict[str, object], name: str, value: object) -> None:
    try:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise InvalidOperation
        amount = Decimal(str(value).strip())
        if not amount.is_finite() or abs(amount) >= MONEY_LIMIT:
            raise InvalidOperation
    except InvalidOperation:
        text = f"{name}: an amount is needed, not {_kind(value)}"
        raise Refused(Reason.WRONG_TYPE, text, Stage.SCHEMA) from None
    row[name] = amount.quantize(CENT)


def _read_json(row: dict[str, object], name: str, value: object) -> None:
    wanted = JSON_TEXTS[name]
    if isinstance(value, str):  # some clients send the object as text
        try:
            value = msgspec.json.decode(value or ("{}" if wanted is dict else "[]"))
        except msgspec.DecodeError:
            raise Refused(Reason.WRONG_TYPE, f"{name}: a text that is no JSON", Stage.SCHEMA) from None
        except RecursionError:
            raise Refused(Reason.TOO_DEEP, _TOO_DEEP) from None
        if _deeper(value, MAX_DEPTH - 1):
            raise Refused(Reason.TOO_DEEP, _TOO_DEEP)
    if not isinstance(value, wanted):
        kind = "an object" if wanted is dict else "a list"
        raise Refused(Reason.WRONG_TYPE, f"{name}: {kind} is needed, not {_kind(value)}", Stage.SCHEMA)
    row[name] = _json(value) if value else ""


def _read_flag(row: dict[str, object], name: str, value: object) -> None:
    if not isinstance(value, bool):
        text = f"{name}: true or false is needed, not {_kind(value)}"
        raise Refused(Reason.WRONG_TYPE, text, Stage.SCHEMA)
    row[FLAGS[name]] = value


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _kind(value: object) -> str:
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    return f"{value!r:.40}"


_READERS = {
    **dict.fromkeys((*TEXTS, *TRUSTED_TEXTS), _read_text),
    **dict.fromkeys(INTEGERS, _read_integer),
    **dict.fromkeys(JSON_TEXTS, _read_json),
    **dict.fromkeys(FLAGS, _read_flag),
    "value": _read_number,
    "revenue": _read_money,
}
