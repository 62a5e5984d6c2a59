"""One visitor's way through pages, as the tag would report it."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from clicktrail.demo.catalogue import HOST, WAP_HOST
from clicktrail.demo.people import Visit

NativeEvent = dict[str, Any]
"""One event in the field names of the native protocol; instants are ms since 1970."""


class Walk:
    """Collects the events of one visit while its clock runs on."""

    def __init__(self, visit: Visit, rng: Random) -> None:
        person = visit.person
        device = person.devices[visit.device]
        self.rng = rng
        self.visit = visit
        self.wap = person.kind == "wap"
        self.phone = device.kind == "phone"
        self.events: list[NativeEvent] = []
        self.user_id = ""
        self._now = visit.at
        self._page: Mapping[str, Any] = {}
        self._page_since = visit.at
        self._seq = 0
        self.haste = 1.0  # shortens the stay on pages
        self._scripted = not self.wap and person.kind != "crawler"
        self._base: NativeEvent = {
            "channel": "wap" if self.wap else "web",
            "visitor_id": person.ids[visit.device],
            "id_quality": person.quality,
            "user_agent": device.agent,
            "language": person.country.language,
            "country": person.country.code,
        }
        if self._scripted:
            self._base |= {"screen": device.screen, "timezone": person.country.timezone}
        if self._scripted and person.quality == "cookie":
            self._base["consent"] = "granted"
        if self.wap:
            self._base |= {"gateway": person.country.gateway, "uaprof": device.profile}

    def page(self, path: str, title: str, dwell_s: float, *, query: str = "", referrer: str = "") -> None:
        """Open a page and stay about `dwell_s` seconds; the page before is left first."""
        self.leave()
        host = WAP_HOST if self.wap else HOST
        before = self._page.get("url", "")
        self._page = {
            "url": f"{host}{path}{query}",
            "title": title,
            "page_view_id": f"{self.rng.getrandbits(48):012x}",
        }
        self._seq = 0
        self._page_since = self._now
        seen_from = referrer or ("" if self.wap else before)
        self.act("page_view", **({"referrer": seen_from} if seen_from else {}))
        self._now += 1 + int(dwell_s * self.haste * self.rng.uniform(0.5, 1.7) * 1000)

    def act(self, event_type: str, **fields: Any) -> None:
        """Report something that happens on the page now."""
        self._seq += 1
        event = {
            "event_id": f"{self.rng.getrandbits(96):024x}",
            "event_type": event_type,
            "event_time": self._now,
            "received_at": self._now + 60 + int(self.rng.expovariate(1 / 240)),
            **self._base,
            **self._page,
            "seq": self._seq,
            **fields,
        }
        if self.user_id:
            event["user_id"] = self.user_id
        self.events.append(event)
        self._now += self.rng.randint(300, 2500)

    def leave(self) -> None:
        """Close the page: the tag tells how long it was seen."""
        if not self._page or not self._scripted:
            return
        seen = int((self._now - self._page_since) * self.rng.uniform(0.6, 1.0))
        scrolled = min(100, 20 + self.rng.randrange(90))
        self.act("ping", engaged_ms=seen, scroll_pct=scrolled)

    def log_in(self) -> None:
        """The visitor says who they are: the same customer on any of their devices."""
        if self.user_id:
            return
        self.user_id = self.visit.person.user_id
        self.act("identify", properties={"via": "login"})
