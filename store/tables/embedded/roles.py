"""What the two users may run.

The engine has no users: its own readonly=1 stops table functions and writes but not file(), INTO OUTFILE
or the file-system database, so the text itself is judged. A reader's statement must be parsed by the
engine as one read-only statement and use only names on the lists below. The lists of table functions and
system tables are lists of what is allowed; what this file has never heard of is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from store.tables.embedded.tokens import NAME, WORD, Token, UnreadableText, tokenize

WRITER, READER = "writer", "reader"
ACCESS_DENIED = 497

_FIRST_WORDS = frozenset({"SELECT", "WITH", "FROM", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS"})
_SHOW = frozenset(
    "TABLES DATABASES COLUMNS FIELDS CREATE FULL EXTENDED INDEX INDEXES INDICES KEYS FUNCTIONS".split()
)
_TABLE_FUNCTIONS = frozenset(
    "numbers numbers_mt zeros zeros_mt generateseries generate_series primes values null view".split()
)
_SYSTEM_TABLES = frozenset(
    """one numbers numbers_mt zeros zeros_mt tables columns databases functions parts parts_columns
    table_engines table_functions data_type_families time_zones formats keywords build_options
    aggregate_function_combinators data_skipping_indices projections metrics events""".split()
)
_SCHEMA_TABLES = frozenset({"tables", "columns", "schemata", "views"})
# Functions that reach a file, an address, the process or tables named in a string.
_FUNCTIONS = frozenset(
    """file filesystem executable python input eval fuzzquery catboostevaluate modelevaluate evalmlmethod
    reversednsquery hascolumnintable joinget joingetornull getserversetting getclienthttpheader
    addresstoline addresstolinewithinlines addresstosymbol demangle lemmatize synonyms stem
    url s3 s3cluster remote remotesecure mysql postgresql mongodb redis odbc jdbc sqlite hdfs gcs oss cosn
    cluster clusterallreplicas filecluster urlcluster merge loop dictionary""".split()
)
# Names of functions that no column has: refused without brackets too (APPLY, functions as arguments).
_ANYWHERE = frozenset(
    "file filesystem reversednsquery catboostevaluate modelevaluate hascolumnintable".split()
)
_FUNCTION_PREFIXES = (
    "dictget",
    "dicthas",
    "dictisin",
    "ai",
    "joinget",
    "s3",
    "azure",
    "iceberg",
    "deltalake",
)
_PREFIXES_ANYWHERE = ("dictget", "dicthas", "dictisin")


class Denied(Exception):
    """The user may not run this; the text says what part of it."""


class Roles:
    """Judges statements. `known_table_functions`: every table function of the engine."""

    def __init__(
        self, classify: Callable[[str], tuple[str, int]], known_table_functions: Iterable[str] = ()
    ) -> None:
        self._classify = classify
        known = {name.lower() for name in known_table_functions}
        self._refused_calls = (known | _FUNCTIONS) - _TABLE_FUNCTIONS

    def check(self, role: str, sql: str) -> None:
        """Return if this user may run the statement, else raise Denied."""
        try:
            tokens = tokenize(sql)
        except UnreadableText as error:
            raise Denied(str(error)) from None
        while tokens and tokens[-1].is_sign(";"):
            tokens.pop()
        _check_files(tokens)
        if role != WRITER and not _is_use(tokens):
            self._check_reader(sql, tokens)

    def _check_reader(self, sql: str, tokens: list[Token]) -> None:
        _check_first_words(tokens)
        for at, token in enumerate(tokens):
            following = tokens[at + 1] if at + 1 < len(tokens) else None
            _check_token(token, following)
            if token.kind in (WORD, NAME):
                self._check_name(token.value.lower(), following)
                _check_database(token.value.lower(), tokens, at)
        query_class, count = self._classify(sql)
        if query_class != "READ_ONLY" or count != 1:
            raise Denied("a reader may run one read-only statement at a time")

    def _check_name(self, name: str, following: Token | None) -> None:
        called = following is not None and following.is_sign("(")
        refused = name in _ANYWHERE or name.startswith(_PREFIXES_ANYWHERE)
        if called:
            refused = refused or name in self._refused_calls or name.startswith(_FUNCTION_PREFIXES)
        if refused:
            raise Denied(f"a reader may not use {name}")


def _check_files(tokens: list[Token]) -> None:
    """INTO OUTFILE and FROM INFILE name files of the server: for nobody."""
    for token in tokens:
        if token.keyword in ("OUTFILE", "INFILE"):
            raise Denied(f"{token.keyword} is not available")


def _is_use(tokens: list[Token]) -> bool:
    """`USE clicktrail`-like statements, except of databases that show files or the engine itself."""
    if len(tokens) != 2 or tokens[0].keyword != "USE" or tokens[1].kind not in (WORD, NAME):
        return False
    name = tokens[1].value
    return "\\" not in name and name.lower() not in ("default", "system", "information_schema")


def _check_first_words(tokens: list[Token]) -> None:
    words = [token for token in tokens if not token.is_sign("(")]
    if not words or words[0].keyword not in _FIRST_WORDS:
        raise Denied("a reader may run SELECT, SHOW, DESCRIBE, EXPLAIN and EXISTS only")
    if words[0].keyword == "SHOW" and (len(words) < 2 or words[1].keyword not in _SHOW):
        raise Denied("a reader may not run this SHOW statement")


def _check_token(token: Token, following: Token | None) -> None:
    if token.kind == NAME and "\\" in token.text:
        raise Denied("a reader may not use escapes in names")
    if token.is_sign(";"):
        raise Denied("a reader may run one statement at a time")
    word = token.keyword
    if word == "SETTINGS" and following is not None and following.kind in (WORD, NAME):
        raise Denied("a reader may not use a SETTINGS clause")
    if word == "IDENTIFIER":
        raise Denied("a reader may not use parameters of type Identifier")
    if word == "OVERRIDE":
        raise Denied("a reader may not use TABLE OVERRIDE")


def _check_database(name: str, tokens: list[Token], at: int) -> None:
    if name == "default":
        raise Denied("a reader may not use the database default")
    allowed = {"system": _SYSTEM_TABLES, "information_schema": _SCHEMA_TABLES}.get(name)
    if allowed is None or at + 1 >= len(tokens) or not tokens[at + 1].is_sign("."):
        return
    table = tokens[at + 2].value.lower() if at + 2 < len(tokens) else ""
    if table not in allowed:
        raise Denied(f"a reader may not read {name}.{table}")
