"""What an address asks of the page: options of the report, and what of it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from crm.lifecycle import STAGES
from dashboards.page import View
from dashboards.reports.churn.options import OPTIONS, PAGE, SORTS, ChurnOptions, Listing, Sort, parse

PARAMS = (*OPTIONS, "band", "stage", "sort", "above", "page")
"""Own parameters of the page."""

BANDS = ("low", "medium", "high")
STAGE_NAMES = tuple(stage.value for stage in STAGES)
ABOVE = 67  # per cent of risk from which people are contacted unless the address says otherwise
_LAST_PAGE = 1_000_000


@dataclass(frozen=True)
class Asked:
    """`above`: the threshold in per cent; `notes`: i18n keys of what could not be read."""

    options: ChurnOptions
    listing: Listing
    above: int
    page: int
    notes: tuple[str, ...]


def read(view: View) -> Asked:
    """Read the own parameters; ConfigError for an option of the report, a note for the rest."""
    state, notes = view.state, set[str]()

    def choice(name: str, allowed: tuple[str, ...]) -> str:
        value = state.one(name)
        if value and value not in allowed:
            notes.add("churn.note.choice")
        return value if value in allowed else ""

    above, page = _whole(state.one("above"), 100), _whole(state.one("page"), _LAST_PAGE)
    if above is None and state.one("above"):
        notes.add("churn.note.above")
    if not page and state.one("page"):
        notes.add("churn.note.choice")
    listing = Listing(
        sort=cast(Sort, choice("sort", SORTS) or "risk"),
        band=choice("band", BANDS),
        stage=choice("stage", STAGE_NAMES),
        offset=PAGE * ((page or 1) - 1),
    )
    options = parse({name: state.one(name) for name in OPTIONS if state.one(name)})
    return Asked(options, listing, ABOVE if above is None else above, page or 1, tuple(sorted(notes)))


def _whole(text: str, most: int) -> int | None:
    plain = text.isascii() and text.isdigit() and len(text) < 8
    return int(text) if plain and int(text) <= most else None
