"""The WAP image: what phones and gateways send, and the image each of them can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode import decode
from ingest.protocols import wap
from ingest.protocols.base import Request, Source
from ingest.sites import SiteIndex
from schemas.envelope import Envelope
from schemas.objects import Site

SITES = SiteIndex([Site(id="shop"), Site(id="3", domain="m.shop.example")])
ARRIVED = 1_800_000_000_000
KANNEL = {
    "connection": "keep-alive",
    "accept": "*/*, text/vnd.wap.wml, text/vnd.wap.wmlscript",
    "accept-charset": "utf-8",
    "x-wap-network-client-ip": "192.0.2.1",
    "via": "WAP/1.1 gw.example (Kannel/1.4.5)",
    "x-wap-gateway": "Kannel/1.4.5",
}
WAPUA = {"accept": "image/vnd.wap.wbmp; level=0", "user-agent": "wApua/0.06.4"}
NOKIA = {
    "accept": "application/vnd.wap.wmlc, image/vnd.wap.wbmp, text/plain, text/html, text/vnd.wap.wml",
    "accept-language": "fi",
    "user-agent": "Nokia6210/1.0 (04.40)",
    "via": "Nokia WAP Server 1.1.1 (build 2271A)",
}


def request(path: str, headers: Mapping[str, str] | None = None) -> Request:
    return Request("GET", path, b"", headers or {}, b"")


def source(
    path: str, query: bytes = b"", headers: Mapping[str, str] | None = None, received_at: int = ARRIVED
) -> Source:
    kept = tuple((name, value) for name, value in (headers or {}).items() if name != "accept")
    envelope = Envelope(received_at, "wap", "", "GET", path, query, headers=kept, client_hash="c1")
    return Source(envelope, "log:0:0:0")


def one(
    path: str = "/w/shop", query: bytes = b"", headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    decoded = decode([source(path, query, headers)], SITES)
    assert (decoded.events.height, decoded.failed) == (1, [])
    return decoded.events.row(0, named=True)


@pytest.mark.parametrize(
    ("path", "headers", "kind"),
    [
        ("/w/shop.wbmp", {}, "wbmp"),
        ("/w/shop.WBMP", {"accept": "image/gif"}, "wbmp"),
        ("/w/shop.gif", WAPUA, "gif"),
        ("/w/shop", WAPUA, "wbmp"),
        ("/w/shop", KANNEL, "wbmp"),
        ("/w/shop", NOKIA, "wbmp"),
        ("/w/shop", {"accept": "image/vnd.wap.wbmp, image/gif, */*"}, "gif"),
        ("/w/shop", {"accept": "text/vnd.wap.wml, image/png"}, "gif"),
        ("/w/shop", {"via": "WAP/1.1 gw.example"}, "wbmp"),
        ("/w/shop", {"x-wap-session-id": "3"}, "wbmp"),
        ("/w/shop", {"x-wap-profile": '"http://ua.example/p.xml"', "accept": "*/*"}, "gif"),
        ("/w/shop", {"via": "1.1 cache.example (squid)", "accept": "*/*"}, "gif"),
        ("/w/shop", {"accept": "image/avif,image/webp,*/*;q=0.8"}, "gif"),
        ("/w/shop", {}, "gif"),
    ],
)
def test_a_phone_gets_the_image_it_can_show(path: str, headers: dict[str, str], kind: str) -> None:
    answer = wap.answer(request(path, headers))
    sent = dict(answer.headers)
    assert "no-store" in sent["cache-control"]
    if kind == "wbmp":
        assert (sent["content-type"], answer.body) == ("image/vnd.wap.wbmp", bytes([0, 0, 1, 1, 0x80]))
    else:
        assert (sent["content-type"], len(answer.body)) == ("image/gif", 43)


@pytest.mark.parametrize("path", ["/w/m.shop.example", "/w/m.shop.example.wbmp", "/w/m.shop.example.GIF"])
def test_the_site_is_in_the_path_without_the_extension_of_the_image(path: str) -> None:
    assert wap.site_key(request(path)) == "m.shop.example"
    assert one(path)["site_id"] == "3"


def test_every_parameter_reaches_its_field_in_a_deck_that_was_escaped_twice() -> None:
    event = one(
        query=b"p=%2Fhome%3Fa%3D1&amp;t=Hat+shop&amp;r=http://portal.example/&amp;v=ab12&amp;u=anna&amp;n=17"
    )
    want = {
        "site_id": "shop", "protocol": "wap", "channel": "wap", "event_type": "page_view",
        "url": "/home?a=1", "path": "/home", "title": "Hat shop", "referrer": "http://portal.example/",
        "visitor_id": "ab12", "id_quality": "url", "user_id": "anna", "id_source": "derived",
    }  # fmt: skip
    assert {name: event[name] for name in want} == want


def test_the_page_is_what_the_deck_says_and_else_the_referer() -> None:
    headers = {"referer": "http://m.shop.example/caps"}
    assert one(query=b"p=home", headers=headers)["url"] == "/home"
    assert one(query=b"p=http://m.shop.example/x", headers=headers)["url"] == "http://m.shop.example/x"
    assert one(headers=headers)["url"] == "http://m.shop.example/caps"
    assert one(query=b"p=//m/x")["path"] == "/m/x"
    assert one(query=b"p=/leave/anna@example.com").get("path", "") == ""


def test_a_gateway_without_an_agent_is_normal() -> None:
    event = one(headers=KANNEL)
    assert event["gateway"] == "WAP/1.1 gw.example (Kannel/1.4.5)"
    assert (event["user_agent"], event["visitor_id"], event["id_quality"]) == ("", "c1", "salted_daily")
    assert one(headers={"x-wap-gateway": "Kannel/1.4.5"})["gateway"] == "Kannel/1.4.5"


@pytest.mark.parametrize("name", ["x-wap-profile", "profile", "wap-profile", "19-profile"])
def test_the_profile_of_the_handset_is_taken_from_every_header_that_names_it(name: str) -> None:
    value = '"http://nds1.nds.nokia.com/uaprof/N6310i.xml", "1-abc=="'
    assert one(headers={name: value})["uaprof"] == "http://nds1.nds.nokia.com/uaprof/N6310i.xml"
    assert one(headers={name: "none"}).get("uaprof", "") == ""


def test_the_agent_of_the_phone_goes_before_that_of_its_proxy() -> None:
    headers = {
        "user-agent": "Opera/9.80 (J2ME/MIDP; Opera Mini/6.1)",
        "x-operamini-phone-ua": "SonyEricssonK750i",
    }
    assert one(headers=headers)["user_agent"] == "SonyEricssonK750i"
    assert one(headers={**headers, "x-operamini-phone-ua": "?"})["user_agent"].startswith("Opera/9.80")


def test_the_envelope_keeps_every_header_that_is_read() -> None:
    read = {"via", "x-wap-gateway", "x-wap-profile", "profile", "wap-profile", "19-profile"}
    assert read | {"x-operamini-phone-ua"} <= set(wap.PROTOCOL.kept_headers)


def test_an_event_word_is_a_type_or_a_custom_event() -> None:
    assert one(query=b"e=order")["event_type"] == "order"
    event = one(query=b"e=ringtone")
    assert (event["event_type"], event["event_name"]) == ("custom", "ringtone")


def test_an_unknown_site_is_a_failure_with_the_query() -> None:
    decoded = decode([source("/w/nobody", b"p=1")], SITES)
    assert [(one.reason, one.raw) for one in decoded.failed] == [("unknown_site", b"p=1")]


@given(st.text(max_size=20), st.binary(max_size=80), st.text(max_size=20))
def test_any_request_is_one_event_or_one_failure(site: str, query: bytes, header: str) -> None:
    path = "/w/" + site.encode("utf-8", "replace").decode("latin-1")
    headers = dict.fromkeys(("via", "referer", "profile", "x-operamini-phone-ua", "accept"), header)
    assert wap.answer(request(path, headers)).status == 200
    wap.site_key(request(path))
    decoded = decode([source(path, query, headers)], SITES)
    assert decoded.events.height + len(decoded.failed) == 1
    assert decode([source("/w/shop", query, headers)], SITES).events.height == 1
