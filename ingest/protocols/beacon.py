"""Beacons: requests for an image whose query is one event. What the pixel and the WAP image share."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote_to_bytes

import polars as pl

from ingest.protocols.base import Source
from schemas.event import EVENT_TYPES

MAX_TEXT = 8192
NAMING = re.compile("@|%40|;")
"""What in a path may belong to a person: an e-mail address or the id of a session."""
COLUMNS = {
    "_source": pl.UInt32(),
    "_part": pl.UInt32(),
    **dict.fromkeys(
        (
            "site_key", "event_id", "id_source", "event_type", "event_name", "url", "path", "title",
            "referrer", "visitor_id", "id_quality", "user_id", "user_agent", "gateway", "uaprof",
        ),
        pl.String(),
    ),
}  # fmt: skip
"""What a frame of beacons holds."""


def parameters(query: bytes) -> dict[str, str]:
    """The parameters of a query, decoded; the first of a name counts. Takes any bytes.

    `&amp;` separates like `&`: pages and decks that were escaped twice send it. NUL is removed.
    """
    found: dict[str, str] = {}
    for pair in query.replace(b"&amp;", b"&").split(b"&"):
        name, _, value = pair.partition(b"=")
        found.setdefault(_text(name), _text(value))
    return found


def fields(said: Mapping[str, str]) -> dict[str, str]:
    """What the parameters of every beacon say: `e` event, `t` or `title`, `r` or `referrer`, `u` user.

    `v` is the visitor and `n` any number that makes a cache fetch the image again.
    """
    return {
        **event_of(said.get("e", "")),
        "title": said.get("t") or said.get("title", ""),
        "referrer": said.get("r") or said.get("referrer", ""),
        "visitor_id": said.get("v", ""),
        "user_id": said.get("u", ""),
    }


def event_of(word: str) -> dict[str, str]:
    """Type and name of the event a beacon names; '' is a page view."""
    word = word.strip()
    if not word or word in EVENT_TYPES:
        return {"event_type": word or "page_view"}
    return {"event_type": "custom", "event_name": word}


def beacon_id(source: Source, referrer: str) -> str:
    """The id of a beacon: a hash of what it said, who sent it and when it came (32 hex digits)."""
    envelope = source.envelope
    said = (envelope.path.encode(), envelope.query, referrer.encode(), envelope.client_hash.encode())
    text = b"\0".join((*said, b"%d" % envelope.received_at))
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def frame_of(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Rows as columns; absent text is ''."""
    data = {name: [row.get(name, "") for row in rows] for name in COLUMNS}
    return pl.DataFrame(data, schema=COLUMNS)


def _text(raw: bytes) -> str:
    text = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8", "replace")
    return text.replace("\0", "")[:MAX_TEXT]
