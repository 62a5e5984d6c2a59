"""How the store understands SQL text, without an engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.tables.embedded.roles import READER, WRITER, Denied, Roles
from store.tables.embedded.statements import Insert, read_statement
from store.tables.embedded.tokens import UnreadableText, tokenize

ROLES = Roles(lambda _sql: ("READ_ONLY", 1), ["file", "brandNewLake", "numbers"])


def denied(role: str, sql: str) -> bool:
    try:
        ROLES.check(role, sql)
    except Denied:
        return True
    return False


def test_strings_comments_and_names_are_told_apart() -> None:
    sql = "SELECT 'it''s \\' -- x', `a``b`, \"c\" /* 'y */, $t$ it's $t$ -- 'end\n, 1 # c\n"
    assert [(token.kind, token.text) for token in tokenize(sql)] == [
        ("word", "SELECT"),
        ("string", "'it''s \\' -- x'"),
        ("sign", ","),
        ("name", "`a``b`"),
        ("sign", ","),
        ("name", '"c"'),
        ("sign", ","),
        ("string", "$t$ it's $t$"),
        ("sign", ","),
        ("number", "1"),
    ]


@pytest.mark.parametrize("sql", ["'open", "`open", '"open', "/* open", "SELECT ‘x’", "a #b", "\0"])
def test_text_that_cannot_be_cut_is_refused(sql: str) -> None:
    with pytest.raises(UnreadableText):
        tokenize(sql)
    assert denied(READER, sql)
    assert read_statement(sql).text == sql


@given(st.text())
def test_tokens_cover_the_text_in_order(sql: str) -> None:
    try:
        tokens = tokenize(sql)
    except UnreadableText:
        return
    ends = [0, *(token.end for token in tokens)]
    assert all(sql[token.start : token.end] == token.text for token in tokens)
    assert all(end <= token.start for end, token in zip(ends, tokens, strict=False))


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("INSERT INTO t VALUES", None),
        ("insert into t (a, `b c`, n.d) values;", ("a", "b c", "n.d")),
        ("INSERT INTO TABLE db.t (a) FORMAT Native", ("a",)),
        ("INSERT INTO t (a) SETTINGS async_insert = 0 VALUES", ("a",)),
        ("/* x */ INSERT INTO t", None),
    ],
)
def test_an_insert_with_blocks_to_come_is_recognised(sql: str, columns: tuple[str, ...] | None) -> None:
    insert = read_statement(sql).insert
    assert isinstance(insert, Insert)
    assert insert.columns == columns
    assert not insert.statement.upper().rstrip(";").endswith(("VALUES", "NATIVE"))


@pytest.mark.parametrize(
    "sql",
    ["INSERT INTO t SELECT 1", "INSERT INTO t VALUES (1)", "INSERT INTO t FORMAT CSV 1,2", "SELECT 1", ""],
)
def test_other_statements_are_no_insert_with_blocks(sql: str) -> None:
    assert read_statement(sql).insert is None


def test_a_trailing_format_and_semicolon_are_left_out() -> None:
    assert read_statement("SELECT 1 FORMAT CSV ; -- end").text == "SELECT 1"
    assert read_statement("SELECT format FROM t").text == "SELECT format FROM t"
    assert read_statement("(SELECT 1)").streamed
    assert not read_statement("SHOW TABLES").streamed


@pytest.mark.parametrize("template", ["{}('x')", "`{}`('x')", '"{}" (1)', "{}/**/('x')", "{} -- c\n('x')"])
@pytest.mark.parametrize(
    "name", ["file", "FILE", "brandNewLake", "BRANDNEWLAKE", "dictGet", "aiGenerate", "url"]
)
def test_a_refused_function_is_found_in_any_spelling(template: str, name: str) -> None:
    assert denied(READER, f"SELECT * FROM {template.format(name)}")
    assert not denied(WRITER, f"SELECT * FROM {template.format(name)}")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT url, path, input FROM t",
        "SELECT * FROM numbers(3)",
        "SELECT 'file(1)' -- file(2)",
        "SELECT system FROM t",
    ],
)
def test_columns_and_strings_may_have_any_name(sql: str) -> None:
    assert not denied(READER, sql)


@pytest.mark.parametrize("role", [WRITER, READER])
@pytest.mark.parametrize("sql", ["SELECT 1 INTO OUTFILE 'x'", "INSERT INTO t FROM INFILE 'x' FORMAT CSV"])
def test_files_of_the_server_are_for_nobody(role: str, sql: str) -> None:
    assert denied(role, sql)


@pytest.mark.parametrize(
    ("query_class", "count"), [("MUTATING", 1), ("CONTROL", 1), ("UNKNOWN", 0), ("READ_ONLY", 2)]
)
def test_the_engines_own_judgement_counts_for_a_reader(query_class: str, count: int) -> None:
    with pytest.raises(Denied):
        Roles(lambda _sql: (query_class, count)).check(READER, "SELECT 1")
