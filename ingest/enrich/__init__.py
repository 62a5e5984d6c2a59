"""Everything known from the event alone. Adding one is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from ingest.enrich.bot import put_bot
from ingest.enrich.channel import put_channel
from ingest.enrich.device import put_device
from ingest.enrich.location import put_location, put_privacy
from ingest.sites import SiteIndex

Enrichment = Callable[[pl.DataFrame, SiteIndex], pl.DataFrame]
ENRICHMENTS: tuple[Enrichment, ...] = (put_location, put_channel, put_device, put_bot, put_privacy)
"""In this order: channel needs the host of the page, and privacy takes away what the others read."""


def enrich(events: pl.DataFrame, sites: SiteIndex) -> pl.DataFrame:
    """The events with what their own fields tell; helper columns (`_…`) are dropped."""
    if not events.is_empty():
        for step in ENRICHMENTS:
            events = step(events, sites)
    return events.select(name for name in events.columns if not name.startswith("_"))
