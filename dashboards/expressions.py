"""A condition (dashboards/conditions.py) → a parameterised ClickHouse expression.

This module makes SQL text (the only other one makes the funnel of n steps). The text consists of column names
and types from the lists of fields and of constants; whatever a person wrote reaches the engine as the value
of a parameter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dashboards.conditions import (
    COMPARISONS,
    EVENT_FIELDS,
    FLAG,
    INSTANT,
    MONEY,
    NUMBER,
    PROPERTY,
    TEXT,
    Clause,
    ConditionError,
    field_of,
    parse,
    typed,
)

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Expression:
    """SQL of a boolean with {name:Type} parameters, and their values."""

    sql: str
    parameters: Mapping[str, object] = field(default_factory=dict)


ONLY_PATHS = Expression("path IN {paths:Array(String)}")
"""Of events: their path is one of the parameter `paths`."""


def expression(
    text: str,
    fields: Mapping[str, str] = EVENT_FIELDS,
    *,
    prefix: str = "p",
    table: str = "",
) -> Expression:
    """A condition as SQL; parameters are called prefix0, prefix1 …; `table` is the alias of the columns."""
    return all_of(parse(text, fields), prefix=prefix, table=table)


def all_of(clauses: Iterable[Clause], *, prefix: str = "p", table: str = "") -> Expression:
    """Clauses joined by AND; none: true."""
    bag = _parameters(prefix, table)
    return Expression(" AND ".join(_compare(c, bag, table) for c in clauses) or "1", bag.values)


def text_of(
    name: str, fields: Mapping[str, str] = EVENT_FIELDS, *, prefix: str = "p", table: str = ""
) -> Expression:
    """The value of a field or of properties.key as text, '' where there is none; ConfigError if unknown."""
    if "\0" in name:
        raise ConditionError("nul")
    kind, field_name, key = field_of(name.strip(), fields)
    bag = _parameters(prefix, table)
    column = f"{table}.{field_name}" if table else field_name
    made = _property_text(key, column, bag) if kind == PROPERTY else f"ifNull(toString({column}), '')"
    return Expression(made, bag.values)


def fill(sql: str, **marks: Expression) -> str:
    """Put expressions in the place of their marks, `/*name*/ 1` in a static text."""
    for name, made in marks.items():
        mark = f"/*{name}*/ 1"
        if mark not in sql:
            raise ValueError(f"the text has no mark {mark}")
        sql = sql.replace(mark, f"({made.sql})")
    return sql


def both(first: Expression, second: Expression) -> Expression:
    """Two expressions with parameters of different names, joined by AND."""
    return Expression(f"({first.sql}) AND ({second.sql})", {**first.parameters, **second.parameters})


def any_and_every(expressions: Sequence[Expression]) -> tuple[Expression, Expression]:
    """For a group of rows: (a row that fits at least one, the group has a row for each)."""
    parameters = {name: value for made in expressions for name, value in made.parameters.items()}
    return (
        Expression(" OR ".join(f"({made.sql})" for made in expressions) or "1", parameters),
        Expression(" AND ".join(f"max({made.sql}) = 1" for made in expressions) or "1"),
    )


def which(expressions: Sequence[Expression]) -> tuple[Expression, Expression]:
    """(an array with the numbers, from 1, of those that hold; whether any does); none: (no number, false)."""
    parameters = {name: value for made in expressions for name, value in made.parameters.items()}
    numbers = ", ".join(f"if({made.sql}, {number}, 0)" for number, made in enumerate(expressions, 1))
    return (
        Expression(f"arrayFilter(n -> n > 0, [{numbers}])" if numbers else "emptyArrayUInt8()", parameters),
        Expression(" OR ".join(f"({made.sql})" for made in expressions) or "0"),
    )


class _Parameters:
    """Values on their way to the engine, each under a fresh name."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.values: dict[str, object] = {}

    def add(self, value: object, type_name: str = "String") -> str:
        name = f"{self.prefix}{len(self.values)}"
        self.values[name] = value
        return "{" + name + ":" + type_name + "}"


def _parameters(prefix: str, table: str) -> _Parameters:
    """A bag for names that are safe to stand in the text."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", prefix) or not re.fullmatch(r"[a-z]*", table):
        raise ValueError("prefix and alias are lower-case names of the program")
    return _Parameters(prefix)


_TYPES = {NUMBER: "Float64", MONEY: "Decimal(18, 4)", FLAG: "UInt8", INSTANT: "DateTime64(3, 'UTC')"}


def _compare(clause: Clause, bag: _Parameters, table: str) -> str:
    """SQL of one clause."""
    column = f"{table}.{clause.field}" if table else clause.field
    if clause.kind == PROPERTY:
        return _property(clause, column, bag)
    if clause.kind == TEXT:
        return _text(clause, column, bag)
    made = f"{column} {clause.operator} {bag.add(typed(clause), _TYPES[clause.kind])}"
    return f"ifNull({made}, 0)" if clause.kind == INSTANT else made


def _text(clause: Clause, column: str, bag: _Parameters) -> str:
    value = bag.add(clause.value)
    if clause.operator == "~":
        return f"match({column}, {value})"
    if clause.begins:
        return f"{'NOT ' if clause.operator == '!=' else ''}startsWith({column}, {value})"
    return f"{column} {clause.operator} {value}"


def _property(clause: Clause, column: str, bag: _Parameters) -> str:
    """A comparison with a key of the JSON text."""
    text = _property_text(clause.key, column, bag)
    if clause.operator in COMPARISONS:
        number = bag.add(typed(clause), "Float64")
        made = f"ifNull(toFloat64OrNull({text}) {clause.operator} {number}, 0)"
    else:
        made = _text(clause, text, bag)
    found = clause.operator in COMPARISONS or (clause.operator == "=" and clause.value != "")
    if not found or not _PLAIN_KEY.fullmatch(clause.key):
        return made
    # Looking for the key's letters first is twice as fast as reading every JSON text.
    return f"(position({column}, {bag.add(clause.key)}) > 0 AND {made})"


def _property_text(name: str, column: str, bag: _Parameters) -> str:
    """A key of the JSON text: a string as it is, another value as JSON writes it, absent as ''."""
    key = bag.add(name)
    text = _json_text(column, key)
    if "." in name:
        path = ", ".join(bag.add(part) for part in name.split("."))
        text = f"if(JSONHas({column}, {key}), {text}, {_json_text(column, path)})"
    return text


def _json_text(column: str, path: str) -> str:
    return (
        f"if(JSONType({column}, {path}) = 'String', "
        f"JSONExtractString({column}, {path}), JSONExtractRaw({column}, {path}))"
    )
