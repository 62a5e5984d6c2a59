"""How a number was made: its definition and the very query that gave it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from importlib.resources import files
from textwrap import indent
from typing import Any

import polars as pl

from store.tables.client import Cost, Store, measured


@dataclass(frozen=True)
class Computed:
    """One query of a report: what it counts in a sentence, its text and its parameters.

    `ahead`: a WITH clause for the tables that are otherwise sent along with the text.
    """

    name: str
    definition: str
    sql: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    ahead: str = ""
    cost: Cost = field(default_factory=Cost, compare=False)

    @property
    def whole(self) -> str:
        """The text as anyone can run it."""
        return (self.ahead + self.sql).strip()

    def used(self) -> dict[str, object]:
        """The parameters that the whole text names."""
        return {name: value for name, value in self.parameters.items() if f"{{{name}:" in self.whole}

    def columns(self, store: Store, tables: Mapping[str, pl.DataFrame] | None = None) -> pl.DataFrame:
        """The same as columns: for many rows, of types that polars knows."""
        with measured(self.cost):
            return store.query(self.sql if tables else self.whole, tables, **self.used())

    def rows(self, store: Store, tables: Mapping[str, pl.DataFrame] | None = None) -> list[dict[str, Any]]:
        """Run it and note what it cost; `tables` stand for what is `ahead`."""
        if tables:
            return self.columns(store, tables).to_dicts()
        with measured(self.cost):
            return store.rows(self.whole, **self.used())


def read_sql(package: str, name: str) -> str:
    """The text of a static `.sql` file beside the module of a package, what all packages share filled in.

    `/*persons*/ 1` gives the hash of a person (ph) for that of each visitor (vh) who is joined to others,
    `/*daily*/ 1` the hashes of visitors whose id lasts one day only.
    """
    return _SHARED_MARK.sub(_shared, _text(package, name))


def _text(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")


_SHARED = {name: _text("dashboards", f"{name}.sql").rstrip() for name in ("persons", "daily")}
_SHARED_MARK = re.compile(rf"^( *)(.*)/\*({'|'.join(_SHARED)})\*/ 1", re.MULTILINE)


def _shared(mark: re.Match[str]) -> str:
    margin, before, name = mark.groups()
    return f"{margin}{before}(\n{indent(_SHARED[name], f'{margin}    ')}\n{margin})"


def sql_instant(instant: datetime) -> str:
    """An instant as the value of a {name:DateTime64(3, 'UTC')} parameter."""
    return f"{instant:%Y-%m-%d %H:%M:%S}.{instant.microsecond // 1000:03d}"


def iso(instant: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds: 2026-11-01T12:00:00.000Z."""
    return None if instant is None else f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}Z"


def jsonable(value: object) -> object:
    """A value as JSON holds it: instants by `iso`, money as text with 2 to 4 decimals."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    return money(value) if isinstance(value, Decimal) else value


def money(amount: Decimal) -> str:
    """An amount with at least 2 and at most 4 decimals: 12.50, 0.0005."""
    text = f"{amount:.4f}"
    return text[:-2] if text.endswith("00") else text.removesuffix("0")
