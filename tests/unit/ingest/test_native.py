"""The native dialect: every body ends as events and failed events, in both forms the same."""

from __future__ import annotations

import gzip
import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.protocols import native
from ingest.protocols.base import Request, Source
from ingest.protocols.native_columns import read_lines
from ingest.protocols.native_event import (
    FLAGS,
    INTEGERS,
    TEXTS,
    TIMES,
    Defaults,
    Refused,
    event_row,
    frame_of,
)
from schemas.envelope import Envelope

NOW = 1_790_000_000_000


def request(body: bytes, **fields: Any) -> Source:
    return Source(Envelope(received_at=NOW, protocol="native", body=body, **fields), "log:0:0:0")


def answers(body: bytes, **fields: Any) -> tuple[list[str], list[str]]:
    """Types of the events, reasons of the failures."""
    decoded = native.decode([request(body, **fields)])
    events = decoded.events
    types = events["event_type"].to_list() if "event_type" in events.columns else [""] * events.height
    return types, [failure.reason for failure in decoded.failed]


EVENT = b'{"event_id":"1","site":"s","event_type":"click"}'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(EVENT, (["click"], []), id="one event"),
        pytest.param(b'{"events":[' + EVENT + b"," + EVENT + b"]}", (["click"] * 2, []), id="a batch"),
        pytest.param(EVENT + b"\r\n\n" + EVENT, (["click"] * 2, []), id="a line each, empty lines between"),
        pytest.param(json.dumps(json.loads(EVENT), indent=1).encode(), (["click"], []), id="over lines"),
        pytest.param(gzip.compress(EVENT), (["click"], []), id="gzip whatever the headers say"),
        pytest.param(gzip.compress(EVENT)[:-9], ([], ["malformed"]), id="half a gzip"),
        pytest.param(gzip.compress(bytes(65 << 20)), ([], ["too_large"]), id="a gzip bomb"),
        pytest.param(b"", ([], ["empty"]), id="nothing"),
        pytest.param(b" \n\t", ([], ["empty"]), id="blanks"),
        pytest.param(b'{"events":[]}', ([], ["empty"]), id="a batch of nothing"),
        pytest.param(b'{"site":"s"', ([], ["malformed"]), id="cut off"),
        pytest.param(b"[1,2]", ([], ["malformed"]), id="a list"),
        pytest.param(b"\xff\xfe\x00", ([], ["malformed"]), id="no text"),
        pytest.param(b'{"site":1,"events":[{}]}', ([], ["wrong_type"]), id="a site that is a number"),
        pytest.param(b'{"events":[1]}', ([], ["wrong_type"]), id="an event that is a number"),
        pytest.param(EVENT + b"\nnot\n" + EVENT, (["click"] * 2, ["malformed"]), id="one bad line of three"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, ([], ["too_deep"]), id="100,000 levels"),
        pytest.param(
            b'{"event_type":"click","a":' + b"[" * 63 + b"]" * 63 + b"}", (["click"], []), id="64 levels"
        ),
        pytest.param(b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", ([], ["too_deep"]), id="65 levels"),
        pytest.param(
            b'{"a":' + b"[" * 9000 + b"]" * 9000 + b"}\n" + EVENT,
            (["click"], ["too_deep"]),
            id="one deep line of two",
        ),
        pytest.param(b'{"event_type":"click","title":"\xff"}', ([], ["malformed"]), id="invalid UTF-8"),
        pytest.param(b'{"event_type":"click","title":"\\ud800"}', ([], ["malformed"]), id="half a surrogate"),
        pytest.param(b'{"event_type":"click","seq":"7"}', ([], ["wrong_type"]), id="a text for a number"),
        pytest.param(b'{"event_type":"click","seq":1.5}', ([], ["wrong_type"]), id="a broken whole number"),
        pytest.param(b'{"event_type":"click","title":{}}', ([], ["wrong_type"]), id="an object for a text"),
        pytest.param(b'{"event_type":"order","revenue":"x"}', ([], ["wrong_type"]), id="a word for money"),
        pytest.param(b'{"event_type":"order","revenue":1e30}', ([], ["wrong_type"]), id="too much money"),
        pytest.param(b'{"event_id":"%b"}' % (b"x" * 129), ([], ["too_large"]), id="an id of 129 bytes"),
    ],
)  # fmt: skip
def test_every_body_ends_as_events_and_failures(body: bytes, expected: tuple[list[str], list[str]]) -> None:
    assert answers(body) == expected


def test_lines_of_an_import_are_told_apart_like_bodies() -> None:
    lines = [
        EVENT,
        b"",
        b"not",
        b'{"event_id":"2","seq":"x"}',
        b'{"event_id":"3","a\\u0000b":1}',
        b"\xff",
        EVENT,
    ]
    decoded = native.decode([request(b"\n".join(lines), method="IMPORT", trusted=True)])
    assert sorted(decoded.events["_part"]) == [0, 4, 6]
    assert [(f.raw_ref, f.reason, f.raw) for f in decoded.failed] == [
        ("log:0:0:0:2", "malformed", b"not"),
        ("log:0:0:0:3", "wrong_type", b'{"event_id":"2","seq":"x"}'),
        ("log:0:0:0:5", "malformed", b"\xff"),
    ]
    assert native.PROTOCOL.raw(Envelope(0, "native", method="IMPORT", body=b"a\nb"), 1) == b"b"


def test_the_answer_says_how_many_events_came() -> None:
    def accepted(body: bytes) -> Any:
        return json.loads(native.answer(Request("POST", "/e", b"", {}, body)).body)["accepted"]

    assert accepted(b'{"events":[{},{}]}') == 2
    assert accepted(EVENT) == 1
    assert accepted(b"junk") == 0


def test_only_a_trusted_sender_says_when_and_where_it_was() -> None:
    body = b'{"event_type":"click","event_time":1000,"received_at":2000,"country":"DE","user_agent":"x"}'
    stranger = native.decode([request(body)]).events
    assert "true_time" not in stranger.columns
    assert stranger["device_time"].dt.epoch("ms").to_list() == [1000]
    assert not {"country", "user_agent", "received_at"} & set(stranger.columns)
    trusted = native.decode([request(body, trusted=True)]).events
    assert trusted["true_time"].dt.epoch("ms").to_list() == [1000]
    assert trusted["received_at"].dt.epoch("ms").to_list() == [2000]
    assert trusted["country"].to_list() == ["DE"]


def test_an_event_without_an_id_gets_one_from_its_bytes() -> None:
    body = b'{"event_type":"click","site":"s"}'

    def derived(body: bytes) -> str:
        return str(native.decode([request(body)]).events["event_id"][0])

    assert derived(body) == derived(body) == derived(body + b" ")
    others = [body.replace(b"click", b"order"), body.replace(b':"s"', b':"t"')]
    assert len({derived(one) for one in (body, *others)}) == 3
    assert native.decode([request(body)]).events["id_source"].to_list() == ["derived"]


def test_a_path_may_be_given_without_an_address() -> None:
    for method in ("POST", "IMPORT"):
        decoded = native.decode(
            [request(b'{"site":"s","event_type":"page_view","path":"/cup"}', method=method)]
        )
        assert decoded.events["path"].to_list() == ["/cup"]
        assert "properties" not in decoded.events.columns


def test_members_nobody_knows_become_properties() -> None:
    body = b'{"event_type":"click","colour":"red","properties":{"size":1}}'
    event = native.decode([request(body)]).events
    assert json.loads(event["properties"][0]) == {"colour": "red", "size": 1}


texts = st.text(st.sampled_from('ab":{}[],\\/\n\t\0\x01é中😀 \x7f'), max_size=8)
scalars = st.one_of(st.none(), st.booleans(), st.integers(-(2**55), 2**55), texts)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
as_texts = ["", "{", '{"a":1}', "[", "[1]", "x", "[" * 63 + "]" * 63, "[" * 64 + "]" * 64]
objects = st.dictionaries(
    st.sampled_from(
        [*TEXTS, *INTEGERS, *FLAGS, *TIMES, "site", "site_id", "value", "revenue", "user_agent", "new"]
    ),
    st.one_of(texts, st.integers(0, 2_000_000_000_000), st.booleans(), values),
    max_size=6,
).flatmap(
    lambda event: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(texts, values, max_size=2) | st.sampled_from(as_texts),
            "items": st.lists(values, max_size=2) | st.sampled_from(as_texts),
        },
    ).map(lambda nested: {**event, **nested})
)


@st.composite
def lines(draw: Any) -> bytes:
    written = json.dumps(
        draw(objects),
        ensure_ascii=draw(st.booleans()),
        separators=draw(st.sampled_from([(",", ":"), (", ", ": "), (",", " :")])),
    ).encode()
    return draw(st.sampled_from([written, written, written, written[:-1], b"", written + b"\r", b"null"]))


def readable(body: bytes) -> dict[int, Any]:
    """Part → row of the readable form, or the reason of its refusal."""
    result: dict[int, Any] = {}
    for part, line in enumerate(body.split(b"\n")):
        if line.strip():
            try:
                result[part] = plain(frame_of([event_row(line, part, Defaults(0, "", None, True, "", 0))]))[0]
            except Refused as refused:
                result[part] = refused.reason
    return result


def plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    rows = [{name: value for name, value in row.items() if value is not None} for row in frame.to_dicts()]
    for row in rows:
        row.pop("_source")
        if not row.get("site_key"):
            row.pop("site_key", None)
        for name in ("properties", "items"):
            if row.get(name):
                row[name] = json.loads(row[name])
    return rows


@given(st.lists(lines(), max_size=6))
def test_the_columnar_form_says_what_the_readable_form_says(found: list[bytes]) -> None:
    body = b"\n".join(found)
    frame, left = read_lines(body, 0)
    expected = readable(body)
    columnar = {row["_part"]: row for row in plain(frame)}
    assert columnar == {part: expected[part] for part in columnar}
    assert sorted([*columnar, *(part for part, _ in left)]) == sorted(expected)
    assert [line.rstrip(b"\r") for _, line in left] == [
        body.split(b"\n")[part].rstrip(b"\r") for part, _ in left
    ]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b'{"event_id":"a","visitor_id" : "x","plan":"pro"}', id="a colon apart from its name"),
        pytest.param(
            b'{"event_id":"a","plan":1,"properties":{"a":"b\\u0022:"}}', id="a quote spelled as a number"
        ),
        pytest.param(
            b'{"event_id":"a","plan":1,"properties":{"a":"\\"\\u003a"}}', id="a colon spelled as a number"
        ),
    ],
)
def test_no_member_hides_behind_an_odd_spelling(line: bytes) -> None:
    frame, left = read_lines(line + b"\n", 0)
    assert frame.is_empty()
    assert left == [(0, line)]


def test_plain_lines_take_the_columnar_form() -> None:
    body = b"\n".join(b'{"event_id":"%d","event_type":"click","seq":%d}' % (n, n) for n in range(1000))
    frame, left = read_lines(body, 0)
    assert (frame.height, left) == (1000, [])
