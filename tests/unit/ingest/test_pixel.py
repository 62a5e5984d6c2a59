"""The pixel: one image, one event, whatever the query holds."""

from __future__ import annotations

from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clicktrail.demo.catalogue import SITE
from clicktrail.demo.people import Crowd, Visit
from clicktrail.demo.visits import visit_events
from clicktrail.demo.wire import requests
from ingest.decode import decode
from ingest.protocols import pixel
from ingest.protocols.base import Request, Source
from ingest.sites import SiteIndex
from schemas.envelope import Envelope
from schemas.objects import Site

SITES = SiteIndex([Site(id="shop")])
ARRIVED = 1_800_000_000_000


def source(query: bytes, received_at: int = ARRIVED, client_hash: str = "c1", **headers: str) -> Source:
    kept = tuple(headers.items())
    envelope = Envelope(
        received_at, "pixel", "shop", "GET", "/p.gif", query, headers=kept, client_hash=client_hash
    )
    return Source(envelope, "log:0:0:0")


def one(query: bytes, **fields: Any) -> dict[str, Any]:
    decoded = decode([source(query, **fields)], SITES)
    assert (decoded.events.height, decoded.failed) == (1, [])
    return decoded.events.row(0, named=True)


def test_the_answer_is_a_gif_of_43_bytes_that_nobody_keeps() -> None:
    answer = pixel.answer(Request("GET", "/p.gif", b"", {}, b""))
    assert (answer.status, len(answer.body), answer.body[:6], answer.body[-1:]) == (200, 43, b"GIF89a", b";")
    headers = dict(answer.headers)
    assert headers["content-type"] == "image/gif"
    assert "no-store" in headers["cache-control"]
    assert headers["expires"] == "0"


def test_the_site_is_in_the_query() -> None:
    assert pixel.site_key(Request("GET", "/p.gif", b"url=x&site=shop.example", {}, b"")) == "shop.example"
    assert pixel.site_key(Request("GET", "/p.gif", b"%zz&=&&site", {}, b"")) == ""


def test_every_parameter_reaches_its_field() -> None:
    event = one(
        b"site=shop&url=https%3A%2F%2Fshop.example%2Fhats%3Fa%3D1&t=Hats+%26+caps&r=https://www.google.com/"
        b"&v=v1&u=anna&e=product_view&n=17"
    )
    want = {
        "site_id": "shop", "protocol": "pixel", "channel": "web", "event_type": "product_view",
        "event_name": "", "url": "https://shop.example/hats?a=1", "title": "Hats & caps",
        "referrer": "https://www.google.com/", "visitor_id": "v1", "user_id": "anna", "id_source": "derived",
    }  # fmt: skip
    assert {name: event[name] for name in want} == want


def test_title_and_referrer_may_be_written_out() -> None:
    event = one(b"site=shop&title=Hats&referrer=https://a.example/")
    assert (event["title"], event["referrer"]) == ("Hats", "https://a.example/")
    assert one(b"site=shop&title=Hats&t=Caps")["title"] == "Caps"


def test_the_images_of_the_simulated_shop_say_which_page_they_stand_on() -> None:
    rng = Random(1)
    shoppers = Crowd(rng)
    for person in (shoppers.crawler(), shoppers.residents(2)[-1]):
        visit = Visit(ARRIVED, person, 0, "direct")
        happened = visit_events(visit, rng, lambda: "1", leaks=False)
        sent = requests(visit, happened)
        assert sent
        for outgoing, event in zip(sent, happened, strict=True):
            path, _, query = outgoing.target.partition("?")
            protocol = "pixel" if path == "/p.gif" else "wap"
            envelope = Envelope(ARRIVED, protocol, "", "GET", path, query.encode(), client_hash="c1")
            decoded = decode([Source(envelope, "log:0:0:0")], SiteIndex([Site(id=SITE)])).events
            assert decoded["title"].to_list() == [event["title"]]
            assert decoded["url"][0] in (event["url"], urlsplit(event["url"]).path)
            assert decoded["event_type"].to_list() == [event["event_type"]]


def test_a_bare_pixel_is_a_view_of_the_page_in_the_referer_by_the_visitor_of_the_day() -> None:
    event = one(b"site=shop", referer="https://shop.example/mail", **{"user-agent": "reader"})
    assert (event["event_type"], event["url"]) == ("page_view", "https://shop.example/mail")
    assert (event["visitor_id"], event["id_quality"], event["user_agent"]) == ("c1", "salted_daily", "reader")


def test_a_word_that_is_no_type_is_a_custom_event() -> None:
    event = one(b"site=shop&e=newsletter%20opened")
    assert (event["event_type"], event["event_name"]) == ("custom", "newsletter opened")


def test_the_id_is_made_of_query_page_client_and_arrival() -> None:
    ids = [
        one(b"site=shop")["event_id"],
        one(b"site=shop&n=2")["event_id"],
        one(b"site=shop", received_at=ARRIVED + 1)["event_id"],
        one(b"site=shop", client_hash="c2")["event_id"],
        one(b"site=shop", referer="https://shop.example/")["event_id"],
    ]
    assert len(set(ids)) == 5
    assert {len(one_id) for one_id in ids} == {32}
    assert one(b"site=shop")["event_id"] == ids[0]


@pytest.mark.parametrize(
    ("query", "title"),
    [(b"t=%zz%", "%zz%"), (b"t=%ff\xfe", "��"), (b"t=a%00b\x00c", "abc"), (b"t=1&t=2", "1"), (b"&&=&t", "")],
)
def test_what_is_no_utf_8_or_no_escape_is_read_all_the_same(query: bytes, title: str) -> None:
    assert one(query).get("title", "") == title


@given(st.binary(max_size=80))
def test_any_query_is_one_event_or_one_failure(query: bytes) -> None:
    pixel.site_key(Request("GET", "/p.gif", query, {}, b""))
    decoded = decode([source(b"site=shop&" + query)], SITES)
    assert decoded.events.height + len(decoded.failed) == 1
