"""SQL text as tokens, the way the ClickHouse lexer cuts it: enough to know names from strings."""

from __future__ import annotations

import re
from dataclasses import dataclass

WORD, NAME, STRING, NUMBER, SIGN = "word", "name", "string", "number", "sign"

_LEXER = re.compile(
    r"""
      (?P<space>   \s+ | --[^\n]*(?:\n|\Z) | \#[ !][^\n]*(?:\n|\Z) | /\*.*?\*/ )
    | (?P<string>  [xXbB]?'(?:[^'\\]|\\.|'')*' | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
    | (?P<name>    `(?:[^`\\]|\\.|``)*` | "(?:[^"\\]|\\.|"")*" )
    | (?P<word>    [A-Za-z_][A-Za-z0-9_$]* )
    | (?P<number>  [0-9][A-Za-z0-9_]* )
    | (?P<sign>    /(?!\*) | [-+*%=<>!|,;.:?^&@(){}\[\]~\\] )
    """,
    re.DOTALL | re.VERBOSE,
)


class UnreadableText(Exception):
    """The text has a character that starts no token, or a quote or comment without an end."""


@dataclass(frozen=True)
class Token:
    """One token: its kind, its text as written and where it lies."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def value(self) -> str:
        """A name without its quotes; everything else as written."""
        return self.text[1:-1] if self.kind == NAME else self.text

    @property
    def keyword(self) -> str:
        """The upper-case word, "" for anything that is no bare word."""
        return self.text.upper() if self.kind == WORD else ""

    def is_sign(self, sign: str) -> bool:
        """Whether this is that one-character sign."""
        return self.kind == SIGN and self.text == sign


def tokenize(sql: str) -> list[Token]:
    """All tokens without spaces and comments; UnreadableText when the text cannot be cut."""
    tokens, at = [], 0
    while at < len(sql):
        match = _LEXER.match(sql, at)
        if match is None or match.end() == at:
            raise UnreadableText(f"cannot read the statement at position {at + 1}")
        kind = "string" if match.lastgroup == "tag" else str(match.lastgroup)
        if kind != "space":
            tokens.append(Token(kind, match[0], at, match.end()))
        at = match.end()
    return tokens
