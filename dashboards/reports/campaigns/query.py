"""Campaigns: where sessions came from, whether they reached the goal, and what they brought."""

from __future__ import annotations

from collections.abc import Mapping

from clicktrail.errors import ConfigError
from dashboards import listing
from dashboards.breakdown import SORTS
from dashboards.listing import Listing

BYS = ("channel_group", "source", "medium", "source_medium", "campaign")
"""By what campaigns are listed: each a field of `dashboards.breakdown`."""

OPTIONS = ("by", "goal", *listing.OPTIONS)
"""Names of the report's own options, as they are written."""


def by_of(options: Mapping[str, str]) -> str:
    """By what is listed, source without a wish; ConfigError for what we do not list."""
    by = options.get("by", "") or "source"
    if by not in BYS:
        raise ConfigError(f"by={by}: choose {', '.join(BYS)}")
    return by


def parse(options: Mapping[str, str], rows: int) -> tuple[str, Listing]:
    """(by what, which page of the list in which order); ConfigError says what cannot be read."""
    return by_of(options), listing.parse(options, SORTS, "sessions", rows)
