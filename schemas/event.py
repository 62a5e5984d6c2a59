"""One click event: a flat row, whatever it came from."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal

INTERACTIVE = (
    "page_view", "screen_view", "click", "outlink", "download", "form", "search", "product_view", "list_view",
    "add_to_cart", "remove_from_cart", "checkout", "order", "rating", "complaint", "custom",
)  # fmt: skip
PASSIVE = (
    "ping", "refund", "identify", "group", "alias", "consent", "error", "performance", "message", "contact",
    "delivery", "asset",
)  # fmt: skip
EVENT_TYPES = INTERACTIVE + PASSIVE
VIEWS = ("page_view", "screen_view")
PROTOCOLS = (
    "native", "segment", "rudderstack", "snowplow", "matomo", "ga4", "plausible", "umami", "posthog", "wap",
    "pixel", "access_log",
)  # fmt: skip
CHANNELS = ("web", "wap", "app", "server", "log", "email", "call_center", "store")
OUTSIDE_SESSIONS = ("server", "email", "call_center", "store")
"""Channels whose events are never members of a session; they are shown with the session that spans them."""
MAX_ID_BYTES = 128


@dataclass(frozen=True)
class Event:
    """One client event. Absent text is '', absent numbers are 0, absent instants None; instants are UTC."""

    site_id: str
    event_id: str  # verbatim from the client (at most 128 bytes), else derived
    event_type: str  # one of EVENT_TYPES
    protocol: str  # one of PROTOCOLS
    received_at: datetime  # when the collector had it; imports without one: event_time
    event_time: datetime  # corrected for the client's clock
    visitor_id: str  # device-level id, verbatim
    id_source: str = "client"  # client | derived
    event_name: str = ""  # the owner's own word, for custom events
    channel: str = "web"  # one of CHANNELS
    device_time: datetime | None = None  # the client's clock when it happened
    sent_at: datetime | None = None  # the client's clock when it was sent
    time_quality: str = "received"  # true | corrected | device | received
    id_quality: str = "cookie"  # user | cookie | url | subscriber | salted_daily
    anonymous_id: str = ""
    user_id: str = ""  # the known customer, as the site names them
    client_session: str = ""  # a hint only: sessions are cut by the pipeline
    page_view_id: str = ""
    seq: int = 0  # order inside one page, given by the client
    engaged_ms: int = 0  # visible time on the page so far
    scroll_pct: int = 0  # 0-100, deepest so far
    url: str = ""
    host: str = ""
    path: str = ""
    title: str = ""
    referrer: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""
    click_id: str = ""  # name=value of the advertiser's parameter
    source: str = ""  # derived: google, newsletter, direct …
    medium: str = ""  # derived: organic, social, email, referral, none …
    channel_group: str = ""  # derived: Organic search, Direct …
    user_agent: str = ""
    device_class: str = ""  # desktop | phone | tablet | feature_phone | tv | bot | other
    brand: str = ""
    model: str = ""
    os: str = ""
    browser: str = ""
    screen: str = ""  # 1440x900
    language: str = ""
    timezone: str = ""
    country: str = ""  # ISO 3166 alpha-2
    is_bot: bool = False
    bot_reason: str = ""  # agent | library | headless | webdriver | spam_referrer
    gateway: str = ""  # the WAP gateway that carried the request
    uaprof: str = ""  # address of the handset's profile
    target: str = ""  # what was clicked or downloaded; the other id of an alias
    value: float = 0.0
    search_term: str = ""
    order_id: str = ""
    revenue: Decimal = Decimal(0)  # of an order; of a refund the amount given back
    currency: str = ""  # ISO 4217; '' is the site's
    items: str = ""  # JSON array of {sku, name, price, quantity, …}
    consent: str = ""  # '' unknown | granted | denied
    gpc: bool = False  # Global Privacy Control was on
    properties: str = ""  # JSON object of everything else the client said
    raw_ref: str = ""  # where the request lies in the log, or file and line of an import
    version: int = 0  # of the row: epoch of the lease and number of the batch
    is_deleted: bool = False  # a retracted row (a copy received earlier took its place)


CONTENT = tuple(f.name for f in fields(Event) if f.name not in ("version", "is_deleted"))
"""What a row says of the event, not of itself."""
