"""The text of a condition and the SQL it becomes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clicktrail.errors import ConfigError, StoreError
from dashboards.conditions import (
    EVENT_FIELDS,
    check_patterns,
    condition,
    parse,
)
from dashboards.expressions import expression, fill

HOSTILE = "x'; DROP TABLE events; -- {p0:String} \\' \" /*sessions*/ 1"


def made(text: str) -> tuple[str, dict[str, Any]]:
    found = expression(text)
    return found.sql, dict(found.parameters)


@pytest.mark.parametrize(
    ("text", "sql", "values"),
    [
        ("path=/a", "path = {p0:String}", {"p0": "/a"}),
        (" path = /a ", "path = {p0:String}", {"p0": "/a"}),
        ("path=", "path = {p0:String}", {"p0": ""}),
        ("path!=/a", "path != {p0:String}", {"p0": "/a"}),
        ("path=/blog/*", "startsWith(path, {p0:String})", {"p0": "/blog/"}),
        ("path!=/blog/*", "NOT startsWith(path, {p0:String})", {"p0": "/blog/"}),
        ("path=/a*b", "path = {p0:String}", {"p0": "/a*b"}),
        ('path="/a*"', "path = {p0:String}", {"p0": "/a*"}),
        ("path~^/p/[0-9]+$", "match(path, {p0:String})", {"p0": "^/p/[0-9]+$"}),
        ("url=https://a.example/?x=1&y=2", "url = {p0:String}", {"p0": "https://a.example/?x=1&y=2"}),
        ("value>10", "value > {p0:Float64}", {"p0": 10.0}),
        ("scroll_pct>=50", "scroll_pct >= {p0:Float64}", {"p0": 50.0}),
        ("revenue<9.99", "revenue < {p0:Decimal(18, 4)}", {"p0": "9.9900"}),
        ("is_bot=false", "is_bot = {p0:UInt8}", {"p0": 0}),
        (
            "country=DE & os=Android",
            "country = {p0:String} AND os = {p1:String}",
            {"p0": "DE", "p1": "Android"},
        ),
        ('title="a & b" & os=iOS', "title = {p0:String} AND os = {p1:String}", {"p0": "a & b", "p1": "iOS"}),
    ],
)
def test_a_condition_becomes_an_expression(text: str, sql: str, values: dict[str, Any]) -> None:
    assert made(text) == (sql, values)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "field=value"),
        ("path", "field=value"),
        ("=x", "field=value"),
        ("path=/a & ", "field=value"),
        ("pth=/a", "did you mean path"),
        ("utm_sorce=x", "did you mean utm_source"),
        ("plan=pro", "properties.plan"),
        ("path>3", "needs a number"),
        ("value>many", "no number"),
        ("value>nan", "no number"),
        ("value=1*", "needs a text"),
        ("value~1", "needs a text"),
        ("revenue>1.23456", "no amount"),
        ("is_bot=perhaps", "no true or false"),
        ("event_time>soon", "no time"),
        ("properties.n>x", "no number"),
        ("path~(?=x)", "look-around"),
        (r"path~(a)\1", "look-around and back references"),
        ('path="a', "no JSON string"),
        ("path=a\0b", "NUL"),
        ("version=1", "unknown field"),
        ("is_deleted=1", "unknown field"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        parse(text)


TEMPLATES = ["path={}", "path!={}", "path={}*", "properties.k={}", "properties.{}=v", "title={} & path={}"]


@pytest.mark.parametrize("template", TEMPLATES)
@given(
    value=st.text() | st.just(HOSTILE) | st.sampled_from(["'", "\\", "{p9:String}", ") OR 1", "/*any*/ 1"])
)
def test_what_a_person_wrote_never_stands_in_the_sql(template: str, value: str) -> None:
    try:
        hostile = expression(template.replace("{}", value))
    except ConfigError:
        return
    names = dict.fromkeys(hostile.parameters, "")
    left = re.sub(r"\{(\w+):[A-Za-z0-9(), ']+\}", lambda m: names[m[1]], hostile.sql)
    words = set(re.findall(r"\w+|[^\w\s(),=!<>]", left))
    allowed = {*EVENT_FIELDS, *"AND NOT if match startsWith position 0 '".split(), "String"}
    assert words <= allowed | {"JSONHas", "JSONType", "JSONExtractString", "JSONExtractRaw"}


@pytest.mark.parametrize("field", [HOSTILE, "path OR 1", "(path)", "path`", "1", "properties", "properties."])
def test_a_field_is_one_of_the_list_or_refused(field: str) -> None:
    if field == "properties":
        assert made("properties={}")[0] == "properties = {p0:String}"
        return
    with pytest.raises(ConfigError, match=r"unknown field|cannot be read"):
        parse(f"{field}=1")


def test_prefix_and_alias_come_from_the_program_only() -> None:
    with pytest.raises(ValueError, match="names of the program"):
        expression("path=/a", table="e; DROP")
    with pytest.raises(ValueError, match="names of the program"):
        expression("path=/a", prefix="{")
    assert expression("path=/a", table="e", prefix="s1_").sql == "e.path = {s1_0:String}"


@given(value=st.text().filter(lambda text: "\0" not in text))
def test_the_condition_of_a_value_is_read_back_as_that_value(value: str) -> None:
    (clause,) = parse(condition("title", value))
    assert (clause.field, clause.operator, clause.value, clause.begins) == ("title", "=", value, False)


def test_an_expression_takes_the_place_of_its_mark_and_a_lost_mark_is_an_error() -> None:
    assert fill("WHERE a AND /*any*/ 1", any=expression("path=/a")) == "WHERE a AND (path = {p0:String})"
    with pytest.raises(ValueError, match="no mark"):
        fill("WHERE a", any=expression("path=/a"))


def test_a_refusal_of_the_engine_is_about_the_pattern_but_an_outage_is_not() -> None:
    clauses = parse("path~[")

    def refuse(pattern: str) -> None:
        raise StoreError("cannot compile re2: [, error: missing ]: [. Look at the manual")

    def away(pattern: str) -> None:
        raise StoreError("away", retryable=True)

    with pytest.raises(ConfigError, match=r"missing \]"):
        check_patterns(clauses, refuse)
    with pytest.raises(StoreError):
        check_patterns(clauses, away)
