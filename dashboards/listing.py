"""What a list is asked: words to look for, the column it is ordered by, which of its pages. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clicktrail.errors import ConfigError

OPTIONS = ("q", "sort", "page")
"""Names of the options, as they are written."""

MOST_PAGES = 100_000
UP = ":up"
VALUE = "value"
"""The sort that orders by the name of a row."""


@dataclass(frozen=True)
class Listing:
    """One page of a list."""

    sort: str  # a column, the largest first
    q: str = ""  # rows whose value holds this, in whatever case
    up: bool = False  # the smallest first
    page: int = 1
    rows: int = 25  # of a page

    def parameters(self) -> dict[str, object]:
        """As the SQL of a list reads them."""
        return {
            "q": self.q,
            "sort": self.sort,
            "up": int(self.up),
            "skip": (self.page - 1) * self.rows,
            "most": self.rows,
        }


def parse(options: Mapping[str, str], columns: Sequence[str], default: str, rows: int) -> Listing:
    """Read the options of a list: `sort` is one of the columns or value, with `:up` the smallest first.

    ConfigError says which one cannot be read.
    """
    word = options.get("sort", "") or default
    sort = word.removesuffix(UP)
    if sort not in (*columns, VALUE):
        raise ConfigError(f"sort={word}: choose {', '.join((VALUE, *columns))}; with {UP} the smallest first")
    page = options.get("page", "") or "1"
    if not (page.isascii() and page.isdigit() and 1 <= int(page[:9]) <= MOST_PAGES):
        raise ConfigError(f"page={page[:40]}: a number from 1 to {MOST_PAGES}")
    q = options.get("q", "")
    if "\0" in q:
        raise ConfigError("q: no NUL byte")
    return Listing(sort, q.strip(), word.endswith(UP), int(page), rows)
