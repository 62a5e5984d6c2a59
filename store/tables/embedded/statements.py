"""What kind of statement a text is, as far as the protocol must know."""

from __future__ import annotations

from dataclasses import dataclass

from store.tables.embedded.tokens import NAME, WORD, Token, UnreadableText, tokenize

_STREAMED = frozenset({"SELECT", "WITH", "FROM", "("})


@dataclass(frozen=True)
class Insert:
    """An INSERT whose rows follow as blocks: the target as written and its columns, if named."""

    target: str
    columns: tuple[str, ...] | None
    column_list: str
    statement: str


@dataclass(frozen=True)
class Statement:
    """A statement without a trailing `;` and FORMAT clause."""

    text: str
    first: str
    insert: Insert | None = None

    @property
    def streamed(self) -> bool:
        """Whether the engine can return its result block by block."""
        return self.first in _STREAMED


def read_statement(sql: str) -> Statement:
    """The statement of a text; one that cannot be cut into tokens is left to the engine to refuse."""
    try:
        tokens = tokenize(sql)
    except UnreadableText:
        return Statement(sql, "")
    while tokens and tokens[-1].is_sign(";"):
        tokens.pop()
    if not tokens:
        return Statement(sql, "")
    first = tokens[0].keyword or tokens[0].text
    if first == "INSERT" and (insert := _insert(sql, tokens)):
        return Statement(insert.statement, first, insert)
    if first != "INSERT":
        tokens = _without_format(tokens)
    return Statement(sql[: tokens[-1].end], first)


def _without_format(tokens: list[Token]) -> list[Token]:
    """FORMAT says how a client shows a result; over this protocol every result is Native."""
    if len(tokens) > 2 and tokens[-2].keyword == "FORMAT" and tokens[-1].kind in (WORD, NAME):
        return tokens[:-2]
    return tokens


def _insert(sql: str, tokens: list[Token]) -> Insert | None:
    """The insert if its data follows as blocks, None for INSERT … SELECT and inline values."""
    body = _without_data_clause(tokens)
    if body is None or any(token.keyword in ("SELECT", "FUNCTION", "WITH", "INFILE") for token in body):
        return None
    at = 1
    while at < len(body) and body[at].keyword in ("INTO", "TABLE"):
        at += 1
    start = at
    while at < len(body) and (body[at].kind in (WORD, NAME) or body[at].is_sign(".")):
        if body[at].keyword == "SETTINGS" and at > start:
            break
        at += 1
    if at == start:
        return None
    columns, column_list = _columns(sql, body, at)
    target = sql[body[start].start : body[at - 1].end]
    return Insert(target, columns, column_list, sql[: body[-1].end])


def _without_data_clause(tokens: list[Token]) -> list[Token] | None:
    """Tokens before a final VALUES or FORMAT x; None when values are written in the text."""
    if tokens[-1].keyword == "VALUES":
        return tokens[:-1]
    if tokens[-2].keyword == "FORMAT":
        return tokens[:-2]
    if any(token.keyword in ("VALUES", "FORMAT") for token in tokens):
        return None
    return tokens


def _columns(sql: str, body: list[Token], at: int) -> tuple[tuple[str, ...] | None, str]:
    """Column names between the brackets; None if there is no list or it is an expression (`* EXCEPT`)."""
    if at >= len(body) or not body[at].is_sign("("):
        return None, ""
    end = _closing(body, at)
    inner = body[at + 1 : end]
    listed = sql[body[at].start : body[end].end]
    if not all(token.kind in (WORD, NAME) or token.text in (".", ",") for token in inner):
        return None, listed
    names = [""]
    for token in inner:
        if token.is_sign(","):
            names.append("")
        else:
            names[-1] += token.value
    return tuple(name for name in names if name), listed


def _closing(body: list[Token], at: int) -> int:
    """The index of the bracket that closes the one at `at`."""
    depth = 0
    for index in range(at, len(body)):
        if body[index].is_sign("("):
            depth += 1
        elif body[index].is_sign(")"):
            depth -= 1
            if not depth:
                return index
    return len(body) - 1
