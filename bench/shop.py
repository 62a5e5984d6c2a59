"""A made-up site straight into the tables: ten or a hundred million events without an import.

Events and sessions are two views of the same rows of `shop.sql`, so that the two tables agree. Columns that
no report reads keep their defaults.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from schemas.objects import Site
from store.objects import put_site
from store.tables.client import Store

SITE = "bench"
DAYS = 90
ENDS = datetime(2026, 4, 6, tzinfo=timezone.utc)
EVENTS_A_SESSION = 6.5
_SHOP = Path(__file__).with_name("shop.sql").read_text(encoding="utf-8")
_STEP = 400_000  # sessions of one insert
_EVENTS = """
INSERT INTO events (
    site_id, event_id, event_type, protocol, received_at, event_time, visitor_id, event_name, channel,
    page_view_id, engaged_ms, scroll_pct, host, path, source, medium, channel_group, utm_campaign,
    device_class, os, browser, country, is_bot, order_id, revenue, currency, seq, version
)
SELECT
    site_id, concat(session_id, '-', toString(k)) AS event_id, types[k], 'native',
    fromUnixTimestamp64Milli(times[k], 'UTC') AS at, at, visitor_id,
    if(types[k] = 'custom', concat('name-', toString(cityHash64(event_id) % 40)), ''), channel,
    if(types[k] = 'page_view', event_id, ''), cityHash64(event_id, 'e') % 60000,
    cityHash64(event_id, 's') % 100,
    'shop.example', paths[k], source, medium, channel_group, campaign, device_class, os, browser, country,
    is_bot, if(types[k] = 'order', event_id, ''), paid[k], if(types[k] = 'order', 'EUR', ''), places[k], 1
FROM ({shop}) ARRAY JOIN steps AS k
"""
_SESSIONS = """
INSERT INTO sessions (
    site_id, visitor_id, session_id, start, `end`, events, page_views, engaged_s, entry_path, exit_path, host,
    channel, source, medium, campaign, channel_group, device_class, os, browser, country, orders, revenue,
    is_bounce, is_engaged, is_bot, version
)
SELECT
    site_id, visitor_id, session_id, start, fromUnixTimestamp64Milli(times[-1], 'UTC'), length(steps),
    countEqual(types, 'page_view') AS views, length(steps) * 20, paths[1], paths[-1], 'shop.example',
    channel, source, medium, campaign, channel_group, device_class, os, browser, country,
    countEqual(types, 'order'), arraySum(paid), length(steps) = 1, length(steps) > 1, is_bot, 1
FROM ({shop})
"""


def fill(store: Store, events: int, visitors: int) -> None:
    """Write about `events` events of at most `visitors` visitors, and wait until merges are done."""
    put_site(store, Site(id=SITE))
    sessions = round(events / EVENTS_A_SESSION)
    begins = ENDS - timedelta(days=DAYS)
    for first in range(0, sessions, _STEP):
        given = {
            "site": SITE,
            "first": first,
            "sessions": min(_STEP, sessions - first),
            "visitors": visitors,
            "begin_ms": int(begins.timestamp() * 1000),
            "length_ms": DAYS * 86_400_000 - 3_600_000,
        }
        for insert in (_EVENTS, _SESSIONS):
            store.command(insert.replace("{shop}", _SHOP), **given)
    _settle(store)


def _settle(store: Store) -> None:
    """Parts of a busy import are merged in the background; reports are asked on a table at rest."""
    for table in ("events", "sessions"):
        store.command(f"OPTIMIZE TABLE {table}")
    while store.rows("SELECT count() AS n FROM system.merges")[0]["n"]:
        time.sleep(0.5)
