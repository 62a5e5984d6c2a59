"""What changed against the period before: the few differences that chance does not explain. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from dashboards.reports.overview.query import Overview, PageRow, TopRow

LIST_LENGTH = 10
_CLEAR = 3.0  # standard deviations of a difference of two counts
LISTS = ("sources", "channel_groups", "devices", "countries", "campaigns", "pages")
FIELDS = {
    "sources": "source", "channel_groups": "channel_group", "devices": "device_class", "browsers": "browser",
    "os": "os", "countries": "country", "campaigns": "campaign", "pages": "path", "entry_pages": "entry_path",
}  # fmt: skip
"""List of the overview → session field it is about."""


@dataclass(frozen=True)
class Change:
    """One value whose visitors changed clearly."""

    list: str  # one of LISTS
    value: str
    condition: str
    before: int
    now: int

    @property
    def share(self) -> float | None:
        """Relative change; None for what is new."""
        return self.now / self.before - 1 if self.before else None

    @property
    def clarity(self) -> float:
        """The difference in its standard deviations (two Poisson counts)."""
        return abs(self.now - self.before) / sqrt(max(1, self.now + self.before))


def before(rows: Sequence[TopRow | PageRow], value: str) -> int | None:
    """Visitors of a value in the list of the period before; None when a full list leaves it open."""
    found = next((row.visitors for row in rows if row.value == value), None)
    return 0 if found is None and len(rows) < LIST_LENGTH else found


def share(now: int, earlier: int | None) -> float | None:
    """Relative change; None when it is new or unknown."""
    return now / earlier - 1 if earlier else None


def changes(now: Overview, then: Overview, most: int = 4) -> list[Change]:
    """The clearest changes, each list at most once at the front, then by clarity."""
    found = sorted((c for name in LISTS for c in _of_list(name, now, then)), key=lambda c: -c.clarity)
    firsts: Mapping[str, Change] = {c.list: c for c in reversed(found)}
    front = sorted(firsts.values(), key=lambda c: -c.clarity)
    return [*front, *(c for c in found if c not in front)][:most]


def _of_list(name: str, now: Overview, then: Overview) -> list[Change]:
    rows, earlier = getattr(now, name), getattr(then, name)
    there = {row.value for row in rows}
    found = [
        Change(name, row.value, row.condition, count, row.visitors)
        for row in rows
        if row.value and (count := before(earlier, row.value)) is not None
    ]
    if len(rows) < LIST_LENGTH:
        found += [
            Change(name, row.value, row.condition, row.visitors, 0)
            for row in earlier
            if row.value and row.value not in there
        ]
    return [change for change in found if change.clarity >= _CLEAR]
