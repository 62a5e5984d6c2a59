"""Which people a page lists, in which order, and which part of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clicktrail.errors import ConfigError
from dashboards.reports.people.query import SORTS, Slice

PARAMS = ("from", "who", "sort", "page", "daily")
ROWS = 50
LAST_PAGE = 100_000
WITH = "with"
"""Value of `daily`: the export holds people whose id lasts one day, too."""


@dataclass(frozen=True)
class Options:
    """Behind which number (`of` is the name of a page; '' everybody of the period), in which order."""

    of: str = ""
    who: str = ""
    sort: str = "last_seen"
    page: int = 1
    with_daily: bool = False  # in the export

    @property
    def slice(self) -> Slice:
        """The rows of the page."""
        return Slice(ROWS, (self.page - 1) * ROWS, self.sort)


def parse(given: Mapping[str, Sequence[str]]) -> Options:
    """Read the page's parameters; ConfigError says what is wrong with one."""
    one = {name: values[-1].strip() for name, values in given.items() if values}
    sort = one.get("sort", "") or "last_seen"
    if sort not in SORTS:
        raise ConfigError(f"sort={sort[:40]}: people can be sorted by {', '.join(SORTS)}")
    return Options(
        of=one.get("from", ""),
        who=one.get("who", ""),
        sort=sort,
        page=page_number(one.get("page", "")),
        with_daily=one.get("daily") == WITH,
    )


def page_number(text: str) -> int:
    """The page of a list, 1 if there is no text; ConfigError for what is none."""
    if not text:
        return 1
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= LAST_PAGE:
        raise ConfigError(f"page={text[:40]}: pages are numbered from 1 on")
    return int(text[:9])
