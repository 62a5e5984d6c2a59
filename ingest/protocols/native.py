"""Our own dialect: `POST /e`, and NDJSON files of imports.

A body is `{"site", "sent_at", "events": [...]}`, one event object, or one object a line. The readable
truth is `event_of` (one object → one row). Blocks of plain lines go through native_columns.py, which
says the same on columns and hands every line it is not sure of to this file.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qs

import msgspec
import polars as pl

from ingest.failure import failed
from ingest.protocols.base import Answer, Decoded, Protocol, Request, Route, Source
from ingest.protocols.instants import instant_ms
from schemas.envelope import Envelope
from schemas.event import CHANNELS
from schemas.failed_event import FailedEvent, Reason, Stage

MAX_INFLATED = 64 << 20
MAX_TEXT = 8192
MAX_KEYS_DEPTH = 64
INT_MAX = 2**53

TEXTS = (
    "event_id", "event_type", "event_name", "visitor_id", "anonymous_id", "user_id", "client_session",
    "page_view_id", "url", "title", "referrer", "utm_source", "utm_medium", "utm_campaign", "utm_term",
    "utm_content", "click_id", "screen", "language", "timezone", "target", "search_term", "order_id", "currency",
    "consent", "gateway", "uaprof",
)  # fmt: skip
TRUSTED_TEXTS = ("user_agent", "channel", "country", "id_quality")
INTEGERS = ("seq", "engaged_ms", "scroll_pct")
TIMES = ("event_time", "device_time", "sent_at", "received_at")
COLUMNS: dict[str, Any] = {
    "_source": pl.UInt32,
    "_part": pl.UInt32,
    "site_key": pl.String,
    **dict.fromkeys((*TEXTS, *TRUSTED_TEXTS), pl.String),
    **dict.fromkeys(INTEGERS, pl.Int64),
    "value": pl.Float64,
    "revenue": pl.Decimal(18, 4),
    "items": pl.String,
    "properties": pl.String,
    "gpc": pl.Boolean,
    "_webdriver": pl.Boolean,
    "_bad_time": pl.Boolean,
    **dict.fromkeys(("true_time", "device_time", "sent_at", "received_at"), pl.Datetime("ms", "UTC")),
}
"""Helper columns and fields this protocol gives, in the order of its frames."""
