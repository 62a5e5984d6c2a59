"""A part of a request read alone is the same row, at the same place, as when it is read among the others."""

from __future__ import annotations

import gzip
import json

import pytest

from ingest.decode import decode
from ingest.protocols import BY_NAME, PROTOCOLS
from ingest.protocols.base import Decoded, Source
from ingest.protocols.failure import MAX_ENVELOPE, kept_envelope
from ingest.sites import SiteIndex, names
from schemas.arrow import complete
from schemas.envelope import Envelope, decode_block
from schemas.event import Event
from schemas.objects import Site

NOW = 1_790_000_000_000
SITES = SiteIndex([Site("shop", "shop.example")])
EVENTS: list[dict[str, object]] = [
    {"event_type": "click", "visitor_id": "a", "title": "é"},
    {"event_type": "click", "visitor_id": "a", "seq": "x"},
    {"visitor_id": "b"},
    {"event_type": "order", "visitor_id": "b", "event_id": "o", "revenue": "3", "odd": [1]},
]
BATCH = json.dumps({"site": "shop", "sent_at": NOW - 5, "events": EVENTS, "more": 1}).encode()
LINES = b"\n".join(
    [b"", *(json.dumps({**one, "site": "shop"}).encode() for one in EVENTS), b"7", b'{"events":[{}]}']
)
LOG = b'1.0.0.1 - - [01/Mar/2026:12:00:01 +0000] "GET /a HTTP/1.1" 200 5 "-" "M"\nbad\n' * 3
SAMPLES: dict[str, list[Envelope]] = {
    "native": [
        Envelope(NOW, "native", body=BATCH),
        Envelope(NOW, "native", "shop", body=gzip.compress(BATCH), trusted=True),
        Envelope(NOW, "native", body=LINES),
        Envelope(
            NOW,
            "native",
            body=b'{"site":"shop","sent_at":1e999,"events":[{"event_type":"click","visitor_id":"v"}]}',
        ),
        Envelope(NOW, "native", "shop", "IMPORT", body=LINES, trusted=True),
        Envelope(NOW, "native", body=b"\xff"),
    ],
    "access_log": [
        Envelope(NOW, "access_log", "shop", "IMPORT", body=LOG, headers=(("repeats", "0:1,3:9"),))
    ],
    "pixel": [Envelope(NOW, "pixel", "shop", "GET", "/p.gif", b"site=shop&v=a&e=x"), Envelope(NOW, "pixel")],
    "wap": [
        Envelope(NOW, "wap", "shop", "GET", "/w/shop.gif", b"p=/a&v=a"),
        Envelope(NOW, "wap", path="/w/no"),
    ],
}
"""Requests of each protocol: one with several events, where it has such, some of them refused."""


def outcome(decoded: Decoded) -> dict[str, object]:
    """What stands at each place: the row of the event, or the failed event."""
    found: dict[str, object] = {}
    if not decoded.events.is_empty():
        found |= {row["raw_ref"]: row for row in complete(decoded.events, Event).iter_rows(named=True)}
    return found | {one.raw_ref: one for one in decoded.failed}


def test_every_protocol_has_a_sample_here() -> None:
    assert {protocol.name for protocol in PROTOCOLS} == SAMPLES.keys(), (
        "add requests of the new protocol; where one has several events, it needs its own `alone`"
    )


@pytest.mark.parametrize("envelope", [one for some in SAMPLES.values() for one in some])
def test_a_part_alone_is_what_it_is_among_the_others(envelope: Envelope) -> None:
    protocol = BY_NAME[envelope.protocol]
    whole = outcome(decode([Source(envelope, "log:0:7:1")], SITES))
    assert whole
    for place, expected in whole.items():
        part = int(place.rpartition(":")[2])
        alone = protocol.alone(envelope, part)
        assert outcome(decode([Source(alone, "log:0:7:1", part)], SITES)) == {place: expected}
        assert protocol.raw(alone, 0) == protocol.raw(envelope, part)
        assert protocol.alone(alone, 0) == alone


def test_parts_of_one_request_are_read_together() -> None:
    envelope = SAMPLES["native"][0]
    alone = BY_NAME["native"].alone
    sources = [Source(alone(envelope, part), "log:0:7:1", part) for part in (3, 0, 1)]
    whole = outcome(decode([Source(envelope, "log:0:7:1")], SITES))
    found = outcome(decode(sources, SITES))
    assert found == {place: one for place, one in whole.items() if not place.endswith(":2")}


def test_a_request_is_kept_whole_or_not_at_all() -> None:
    for size in (0, MAX_ENVELOPE - 200, MAX_ENVELOPE, MAX_ENVELOPE + 1, 10 * MAX_ENVELOPE):
        envelope = Envelope(NOW, "native", "shop", body=b"x" * size)
        kept = kept_envelope(envelope)
        assert kept == b"" or decode_block(kept) == [envelope]
        assert bool(kept) == (size < MAX_ENVELOPE)


def test_the_names_of_a_site() -> None:
    assert names(Site("shop")) == ["shop"]
    assert names(Site("s", "WWW.Shop.example.", keys=(("matomo", "7"), ("ga4", "G-1")))) == [
        "s", "WWW.Shop.example.", "shop.example", "www.shop.example", "7", "G-1",
    ]  # fmt: skip
