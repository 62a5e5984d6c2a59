"""A condition as a person writes it, read and checked.

path=/pricing            equal                      path!=/pricing     other than
path=/blog/*             begins with                path!=/blog/*      does not
path~^/p/[0-9]+$         regular expression (re2)   value>10           also >=, <, <=
properties.plan=pro      a key of the client's own properties (absent = empty)
country=DE & os=Android  both
title="a & b*"           in double quotes (a JSON string): the text itself, no `*` and no ` & `
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from math import isfinite

import msgspec

from clicktrail.errors import ConfigError, StoreError
from dashboards.i18n import Text
from schemas.arrow import DTYPES
from schemas.event import Event

TEXT, NUMBER, MONEY, FLAG, INSTANT, PROPERTY = "text", "number", "money", "flag", "instant", "property"
_KINDS = {"str": TEXT, "int": NUMBER, "float": NUMBER, "Decimal": MONEY, "bool": FLAG}
_INTERNAL = ("version", "is_deleted")

EVENT_FIELDS: dict[str, str] = {
    name: _KINDS.get(str(kind), INSTANT)
    for name, kind in Event.__annotations__.items()
    if name not in _INTERNAL and str(kind) in DTYPES
}
"""Field of an event → kind of its values."""

SESSION_FIELDS: dict[str, str] = {
    **dict.fromkeys(
        "source medium campaign channel channel_group device_class os browser country".split(), TEXT
    ),
    **dict.fromkeys("host entry_path exit_path visitor_id session_id".split(), TEXT),
    **dict.fromkeys("events page_views engaged_s orders".split(), NUMBER),
    **dict.fromkeys("is_bounce is_engaged is_bot".split(), FLAG),
}
"""Field that a report on sessions compares with the session itself; any other is looked for in its events."""

_CLAUSE = re.compile(r"(?P<field>[^=!~<>]*?)\s*(?P<operator>!=|>=|<=|=|~|>|<)\s*(?P<value>.*)", re.DOTALL)
_NOT_RE2 = re.compile(r"\(\?(?:<?[=!]|>|#)|(?<!\\)(?:\\\\)*\\[1-9]")
COMPARISONS = (">", ">=", "<", "<=")


class ConditionError(ConfigError):
    """A condition that cannot be read; `said` tells it in the language of a page."""

    def __init__(self, key: str, **values: str) -> None:
        self.key, self.values = key, values
        super().__init__(self.said(Text("en")))

    def said(self, text: Text) -> str:
        """What is wrong, and how to write it."""
        kind = {"kind": text(f"condition.kind.{self.values['kind']}")} if "kind" in self.values else {}
        return text(f"condition.{self.key}", **{**self.values, **kind})


def refusal(error: Exception, text: Text) -> str:
    """What an error says: that of a condition in the language of a page, any other as it is."""
    return error.said(text) if isinstance(error, ConditionError) else str(error)


@dataclass(frozen=True)
class Clause:
    """One comparison; `begins` says that the value ended in an unquoted `*` (which is cut off)."""

    field: str  # of the list of fields, or "properties"
    operator: str  # = != ~ > >= < <=
    value: str
    kind: str
    key: str = ""  # of properties
    begins: bool = False


def parse(text: str, fields: Mapping[str, str] = EVENT_FIELDS) -> tuple[Clause, ...]:
    """Read a condition over the given fields; ConfigError says what cannot be read and how to write it."""
    if "\0" in text:
        raise ConditionError("nul")
    return tuple(_clause(part.strip(), fields) for part in _parts(text))


def condition(field: str, value: str) -> str:
    """The text of `field` equals `value`, quoted where it needs to be."""
    plain = value == value.strip() and '"' not in value and " & " not in value and not value.endswith("*")
    return f"{field}={value if plain else msgspec.json.encode(value).decode()}"


def patterns(clauses: Iterable[Clause]) -> list[str]:
    """The regular expressions among the clauses."""
    return [clause.value for clause in clauses if clause.operator == "~"]


def check_patterns(clauses: Iterable[Clause], match: Callable[[str], object]) -> None:
    """Let the engine compile each pattern (`match(pattern)`); its refusal becomes a ConfigError."""
    for pattern in dict.fromkeys(patterns(clauses)):
        try:
            match(pattern)
        except StoreError as error:
            if error.retryable:
                raise
            raise ConditionError("pattern", pattern=repr(pattern), error=_short(error)) from None


def _parts(text: str) -> list[str]:
    """Cut at ` & ` outside double quotes that open a value."""
    found, start, at, quoted = [], 0, 0, False
    while at < len(text):
        if quoted:
            if text[at] == "\\":
                at += 1
            elif text[at] == '"':
                quoted = False
        elif text[at] == '"' and text[start:at].rstrip()[-1:] in ("=", "~", "<", ">"):
            quoted = True
        elif text.startswith(" & ", at):
            found.append(text[start:at])
            start = at = at + 3
            continue
        at += 1
    return [*found, text[start:]]


def _clause(text: str, fields: Mapping[str, str]) -> Clause:
    match = _CLAUSE.fullmatch(text)
    if match is None or not match["field"]:
        raise ConditionError("form", text=repr(text))
    name, operator, value = match["field"], match["operator"], match["value"]
    kind, name, key = field_of(name, fields)
    value, quoted = _value(value, text)
    begins = operator in ("=", "!=") and not quoted and value.endswith("*")
    clause = Clause(name, operator, value[:-1] if begins else value, kind, key, begins)
    _check(clause, text)
    return clause


def field_of(name: str, fields: Mapping[str, str]) -> tuple[str, str, str]:
    """(kind, field, key) of a name."""
    if name.startswith("properties.") and len(name) > len("properties.") and "properties" in fields:
        return PROPERTY, "properties", name.removeprefix("properties.")
    if name in fields:
        return fields[name], name, ""
    near = difflib.get_close_matches(name.lower(), fields, 1, 0.5)
    if near:
        raise ConditionError("near", name=repr(name), plain=name, near=near[0])
    raise ConditionError("unknown", name=repr(name), plain=name)


def _value(text: str, whole: str) -> tuple[str, bool]:
    """(value, whether it was quoted)."""
    if not text.startswith('"') or len(text) == 1:
        return text, False
    try:
        return msgspec.json.decode(text.encode(), type=str), True
    except msgspec.DecodeError:
        raise ConditionError("quoted", text=repr(whole)) from None


def _check(clause: Clause, text: str) -> None:
    """Refuse what cannot be meant: ConfigError."""
    if clause.operator == "~":
        if clause.kind not in (TEXT, PROPERTY):
            raise ConditionError("needs_text", text=repr(text), field=clause.field, kind=clause.kind)
        if _NOT_RE2.search(clause.value):
            raise ConditionError("look_around", text=repr(text))
    if clause.begins and clause.kind not in (TEXT, PROPERTY):
        raise ConditionError("prefix", text=repr(text), field=clause.field, kind=clause.kind)
    if clause.operator in COMPARISONS and clause.kind in (TEXT, FLAG):
        raise ConditionError(
            "needs_number", text=repr(text), operator=clause.operator, field=clause.field, kind=clause.kind
        )
    if clause.kind != TEXT and not (clause.kind == PROPERTY and clause.operator not in COMPARISONS):
        typed(clause, text)


def typed(clause: Clause, text: str = "") -> object:
    """The value as its field holds it: ConfigError if it is none."""
    kind = NUMBER if clause.kind == PROPERTY else clause.kind
    try:
        return _READ[kind](clause.value.strip())
    except (ValueError, InvalidOperation, KeyError):
        raise ConditionError(f"no_{kind}", text=repr(text), value=repr(clause.value)) from None


def _number(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(text)
    return value


def _money(text: str) -> str:
    value = Decimal(text)
    if not value.is_finite() or abs(value) >= 10**14 or value != round(value, 4):
        raise ValueError(text)
    return f"{value:.4f}"


def _flag(text: str) -> int:
    return {"true": 1, "1": 1, "yes": 1, "false": 0, "0": 0, "no": 0}[text.lower()]


def _instant(text: str) -> str:
    instant = datetime.fromisoformat(text.replace("Z", "+00:00"))
    instant = instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)
    if not 1901 <= instant.year <= 2298:
        raise ValueError(text)
    return instant.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


_READ: dict[str, Callable[[str], object]] = {
    NUMBER: _number,
    MONEY: _money,
    FLAG: _flag,
    INSTANT: _instant,
}


def _short(error: StoreError) -> str:
    """The engine's sentence about the pattern, without its stack."""
    found = re.search(r"error: ([^.\n]{1,160})", str(error))
    return found[1] if found else str(error).splitlines()[0][:200]
