"""What changed against the period before: the few differences that chance does not explain. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from crm.rate import relative
from dashboards.reports.overview.records import Overview, PageRow, TopRow

_CLEAR = 3.0  # standard deviations of a difference of two counts
_NEAR = 0.1  # of a change: two rows that differ by less tell of the same visitors
LISTS = ("campaigns", "sources", "pages", "countries", "devices", "channel_groups")
"""Lists that are looked at; of rows about the same visitors the one of the first list tells the story."""
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
        return relative(self.now, self.before)

    @property
    def clarity(self) -> float:
        """The difference in its standard deviations (two Poisson counts)."""
        return abs(self.now - self.before) / sqrt(max(1, self.now + self.before))

    def tells_of(self, other: Change) -> bool:
        """Whether the two are likely about the same visitors: as many more, or as many fewer, in both."""
        one, two = self.now - self.before, other.now - other.before
        return abs(one - two) <= _NEAR * max(abs(one), abs(two))


def changes(found: Overview, most: int = 4) -> list[Change]:
    """The clearest changes, each story once; a row that only follows the whole site is none."""
    whole = Change("", "", "", found.previous.visitors, found.totals.visitors)
    told: list[Change] = []
    for change in sorted(_clear(found, whole), key=lambda c: (-c.clarity, LISTS.index(c.list))):
        same = next((at for at, story in enumerate(told) if change.tells_of(story)), None)
        if same is None:
            told.append(change)
        elif LISTS.index(change.list) < LISTS.index(told[same].list):
            told[same] = change
    return told[:most]


def _clear(found: Overview, whole: Change) -> Iterable[Change]:
    """Rows whose change is clear, and clearly more than that of the site in the same direction."""
    growth = whole.now / whole.before if whole.before else 0.0
    for name in LISTS:
        rows: tuple[TopRow | PageRow, ...] = (*getattr(found, name), *found.faded.get(name, ()))
        for row in rows:
            change = Change(name, row.value, row.condition, row.visitors_before, row.visitors)
            expected = growth * change.before
            way = 1 if change.now > change.before else -1
            beyond = way * (change.now - expected) / sqrt(max(1.0, change.now + growth * expected))
            if row.value and change.clarity >= _CLEAR and beyond >= _CLEAR:
                yield change
