"""One visit: what a visitor did without a pause longer than the time-out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class Session:
    """One session; every column is a function of its member events, never of their order of arrival."""

    site_id: str
    visitor_id: str
    session_id: str  # 16 hex digits: hash of site, visitor and first event
    start: datetime
    end: datetime  # time of the last member event
    events: int = 0  # members
    page_views: int = 0  # page and screen views among them
    engaged_s: float = 0.0  # sum over page views of the longest visible time seen
    entry_path: str = ""  # of the first page view
    exit_path: str = ""  # of the last page view
    host: str = ""  # this and all below until country: of the first event
    channel: str = ""
    source: str = ""
    medium: str = ""
    campaign: str = ""
    channel_group: str = ""
    device_class: str = ""
    os: str = ""
    browser: str = ""
    country: str = ""
    orders: int = 0  # distinct order ids
    revenue: Decimal = Decimal(0)  # net of refunds, in the site's currency
    is_bounce: bool = False  # not engaged
    is_engaged: bool = False  # > 10 s, or 2 views, or a key event
    is_bot: bool = False
    version: int = 0
    is_deleted: bool = False  # a tombstone: this session is no more
