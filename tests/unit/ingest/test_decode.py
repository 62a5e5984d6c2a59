"""From requests to events: sites, types, times and visitors, and what becomes of odd lines."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode import decode, put_time
from ingest.identity import put_visitor
from ingest.protocols.base import Source
from ingest.protocols.instants import LATEST_MS
from ingest.sites import SiteIndex
from schemas.arrow import INSTANT
from schemas.envelope import Envelope
from schemas.objects import Site

ODDITIES = Path(__file__).parents[2] / "golden" / "native_oddities.ndjson"
SITES = SiteIndex([Site("shop")])
NOW = 1_790_000_000_000
EXPECTED = (
    "click", "malformed", "malformed", "wrong_type", "wrong_type", "wrong_type", "wrong_type", "wrong_type",
    "wrong_type", "wrong_type", "wrong_type", "wrong_type", "malformed", "malformed", "click", "malformed",
    "bad_time", "bad_time", "bad_time", "bad_time", "click", "no_type", "custom", "no_visitor", "no_visitor",
    "click", "click", "too_deep", "too_deep", "order", "", "", "", "click", "too_large", "click", "click",
    "wrong_type", "malformed",
)  # fmt: skip
"""The type of the event, the reason of the failure, or '' for nothing: line by line of an import."""
ELSEWHERE = 25
"""The line that names a site: fixed for an import, unknown for a client."""
CLIENTS_TIMES = range(16, 20)
"""Lines with an impossible event_time: of a client it is only the reading of its clock."""


def outcome(body: bytes, **fields: Any) -> dict[int, str]:
    """Index of the line → type of its event or reason of its failure."""
    decoded = decode([Source(Envelope(NOW, "native", "shop", body=body, **fields), "place")], SITES)
    found = {int(one.raw_ref.rsplit(":", 1)[1]): one.reason for one in decoded.failed}
    kinds = [] if decoded.events.is_empty() else decoded.events.select("raw_ref", "event_type").rows()
    return found | {int(ref.rsplit(":", 1)[1]): kind for ref, kind in kinds}


def test_odd_lines_of_an_import_end_as_they_should() -> None:
    expected = {at: word for at, word in enumerate(EXPECTED) if word}
    assert outcome(ODDITIES.read_bytes(), method="IMPORT", trusted=True) == expected


@pytest.mark.parametrize("at", range(len(EXPECTED)))
def test_an_odd_line_ends_the_same_way_alone_and_among_many(at: int) -> None:
    line = ODDITIES.read_bytes().split(b"\n")[at]
    plain = b'{"event_id":"%d","event_type":"click","visitor_id":"v"}\n'
    many = b"".join(plain % n for n in range(500)) + line + b"\n"
    alone = outcome(line, method="IMPORT", trusted=True)
    assert alone == ({0: EXPECTED[at]} if EXPECTED[at] else {})
    assert outcome(many, method="IMPORT", trusted=True).get(500, "") == EXPECTED[at]


def test_odd_lines_a_client_posts_end_the_same_way_but_for_times_and_sites() -> None:
    expected = {at: word for at, word in enumerate(EXPECTED) if word}
    expected |= dict.fromkeys(CLIENTS_TIMES, "click") | {ELSEWHERE: "unknown_site"}
    assert outcome(ODDITIES.read_bytes(), method="POST") == expected


instants = st.none() | st.integers(-(10**9), LATEST_MS + 10**9) | st.integers(NOW - 400_000, NOW + 400_000)


@given(
    true=instants,
    device=instants,
    sent=instants,
    received=instants,
    imported=st.booleans(),
    bad=st.booleans(),
)
def test_times_follow_the_rule(
    true: int | None, device: int | None, sent: int | None, received: int | None, imported: bool, bad: bool
) -> None:
    times = {
        "true_time": true,
        "device_time": device,
        "sent_at": sent,
        "received_at": received,
        "_arrived": NOW,
    }
    row = pl.DataFrame(
        {name: [value] for name, value in times.items()}, schema=dict.fromkeys(times, pl.Int64)
    )
    row = row.cast(INSTANT).with_columns(_import=pl.lit(imported), _bad_time=pl.lit(bad))
    found = put_time(row, SITES).row(0, named=True)
    arrived, happened, quality = rule_of_times(true, device, sent, received, imported)
    moments = tuple(_ms(found[name]) for name in ("received_at", "event_time"))
    assert (*moments, found["time_quality"]) == (arrived, happened, quality)
    assert (found["_refused"] is not None) == bad


def rule_of_times(
    true: int | None, device: int | None, sent: int | None, received: int | None, imported: bool
) -> tuple[int, int, str]:
    """The rule as a person would say it: (received_at, event_time, time_quality), in ms."""
    arrived = received
    if arrived is None and imported:
        arrived = true if true is not None else device
    if arrived is None:
        arrived = NOW
    if true is not None:
        guess, quality = true, "true"
    elif device is None:
        return arrived, arrived, "received"
    elif sent is not None:
        guess, quality = arrived - (sent - device), "corrected"
    else:
        guess, quality = device, "device"
    too_late = guess > arrived + 5 * 60_000
    return (
        (arrived, arrived, "received")
        if too_late or not 0 <= guess < LATEST_MS
        else (arrived, guess, quality)
    )


def _ms(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("said", "visitor"),
    [
        ({"visitor_id": "v", "anonymous_id": "a", "_hash": "h"}, ("v", "cookie")),
        ({"visitor_id": "v", "id_quality": "subscriber"}, ("v", "subscriber")),
        ({"visitor_id": "v", "id_quality": "nonsense"}, ("v", "cookie")),
        ({"visitor_id": "v", "id_quality": "url", "_hash": "h"}, ("v", "url")),
        ({"visitor_id": "v", "id_quality": "url", "_cookie": "c"}, ("c", "cookie")),
        ({"anonymous_id": "a", "_cookie": "c"}, ("a", "cookie")),
        ({"_subscriber": "s", "_hash": "h"}, ("s", "subscriber")),
        ({"_client_hash": "l", "_hash": "h", "user_id": "u"}, ("l", "salted_daily")),
        ({"_hash": "h", "user_id": "u"}, ("h", "salted_daily")),
        ({"user_id": "u"}, ("user:u", "user")),
        ({"user_id": " Undefined "}, None),
        ({}, None),
        ({"consent": "denied", "visitor_id": "v", "_cookie": "c", "_hash": "h"}, ("h", "salted_daily")),
        ({"consent": "denied", "visitor_id": "v"}, ("v", "cookie")),
    ],
)
def test_the_best_id_names_the_visitor_alone_and_among_others(
    said: dict[str, str], visitor: tuple[str, str] | None
) -> None:
    names = (
        "visitor_id", "anonymous_id", "_cookie", "_subscriber", "_client_hash", "_hash", "user_id", "consent",
        "id_quality",
    )  # fmt: skip
    rich = dict.fromkeys(names, "x")
    for others in ([], [rich]):
        rows = [{name: row.get(name) for name in names} for row in (said, *others)]
        frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))
        found = put_visitor(frame, SITES).row(0, named=True)
        assert (found["_refused"] is None) == (visitor is not None)
        if visitor is not None:
            assert (found["visitor_id"], found["id_quality"]) == visitor
        if said.get("consent") and said.get("_hash"):
            assert (found["user_id"], found["anonymous_id"]) == ("", "")
