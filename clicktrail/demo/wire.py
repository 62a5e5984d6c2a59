"""Simulated events as the requests a browser, a page without script or a WAP gateway would send."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from clicktrail.demo.catalogue import HOST, SITE
from clicktrail.demo.people import Visit
from clicktrail.demo.walk import NativeEvent

_ADDRESS_BLOCKS = ("192.0.2", "198.51.100", "203.0.113")  # reserved for documentation
_EDGE_KNOWS = frozenset("received_at event_time user_agent id_quality country channel gateway uaprof".split())
"""Fields a browser does not send: the collector takes them from the request, or works them out."""


@dataclass(frozen=True)
class Outgoing:
    """One request to the collector. A request with events is safe to repeat, an image is not."""

    method: str
    target: str
    headers: Mapping[str, str]
    events: tuple[NativeEvent, ...] = ()

    def body(self, now: int) -> bytes:
        """What to post, sent at `now` (ms since 1970); empty for an image."""
        if not self.events:
            return b""
        return msgspec.json.encode({"site": SITE, "sent_at": now, "events": self.events})


def requests(visit: Visit, events: Sequence[NativeEvent]) -> list[Outgoing]:
    """The requests that carry these events of one visit, in order."""
    if visit.person.kind == "wap":
        return [_wap(visit, event) for event in events]
    if visit.person.kind == "crawler":
        return [_pixel(visit, event) for event in events]
    return [_tag(visit, events)] if events else []


def _tag(visit: Visit, events: Iterable[NativeEvent]) -> Outgoing:
    """What the tag posts: JSON as text/plain, so that no preflight is needed."""
    sent = tuple(_as_the_tag_knows(visit, event) for event in events)
    page = str(sent[-1].get("url", HOST))
    headers = {**_browser(visit), "Content-Type": "text/plain;charset=UTF-8", "Origin": HOST, "Referer": page}
    return Outgoing("POST", "/e", headers, sent)


def _as_the_tag_knows(visit: Visit, event: NativeEvent) -> NativeEvent:
    hidden = _EDGE_KNOWS if visit.person.quality == "cookie" else _EDGE_KNOWS | {"visitor_id"}
    kept = {name: value for name, value in event.items() if name not in hidden}
    return {**kept, "device_time": event["event_time"]}


def _pixel(visit: Visit, event: NativeEvent) -> Outgoing:
    query = {"site": SITE, "url": event["url"], "t": event["title"], "n": event["event_id"][:8]}
    headers = {**_browser(visit), "Accept": "image/*", "Referer": event["url"]}
    return Outgoing("GET", f"/p.gif?{urlencode(query)}", headers)


def _wap(visit: Visit, event: NativeEvent) -> Outgoing:
    """The image on a WML deck, fetched by the operator's gateway."""
    person, handset = visit.person, visit.person.devices[0]
    query = {
        "p": urlsplit(event["url"]).path,
        "t": event["title"],
        "v": person.ids[0],
        "n": event["event_id"][:6],
    }
    if event["event_type"] != "page_view":
        query["e"] = event["event_type"]
    if event.get("user_id"):
        query["u"] = event["user_id"]
    gateway = person.country.gateway
    headers = {
        "Accept": "image/vnd.wap.wbmp; level=0",
        "Accept-Language": person.country.language,
        "User-Agent": handset.agent,
        "Via": gateway,
        "X-WAP-Gateway": gateway[gateway.find("(") + 1 : -1],
        "X-WAP-Network-Client-IP": _address(person.ids[0]),
        "X-WAP-Session-ID": event["page_view_id"],
        "X-Forwarded-For": _address(gateway),
    }
    if handset.profile:
        headers["x-wap-profile"] = f'"{handset.profile}"'
    return Outgoing("GET", f"/w/{SITE}?{urlencode(query, quote_via=quote)}", headers)


def _browser(visit: Visit) -> dict[str, str]:
    person = visit.person
    return {
        "User-Agent": person.devices[visit.device].agent,
        "Accept-Language": f"{person.country.language},en;q=0.5",
        "X-Forwarded-For": _address(person.ids[visit.device]),
    }


def _address(of: str) -> str:
    """An address that stays with one visitor."""
    digest = hashlib.sha256(of.encode()).digest()
    return f"{_ADDRESS_BLOCKS[digest[0] % len(_ADDRESS_BLOCKS)]}.{1 + digest[1] % 254}"
