"""What happens away from the shop's pages: newsletters, parcels, refunds, calls."""

from __future__ import annotations

from random import Random
from typing import Any

from clicktrail.demo.catalogue import CURRENCY
from clicktrail.demo.people import DAY_MS, Person, Visit, newsletters
from clicktrail.demo.walk import NativeEvent

_PROMISED_DAYS = 3


def letters(person: Person, visits: list[Visit], begin: int, end: int, rng: Random) -> list[NativeEvent]:
    """Newsletter messages to a subscriber from their first visit on: delivered, some opened."""
    first = min((visit.at for visit in visits), default=end)
    events = []
    for sent in newsletters(max(begin, first), end):
        about = {"campaign_id": "tuesday-tea", "state": "delivered"}
        events.append(
            _event(person, rng, sent + rng.randint(5, 600) * 1000, "message", "email", properties=about)
        )
        if rng.random() < 0.38:
            opened = sent + int((0.25 + rng.expovariate(1 / 6)) * 3_600_000)
            about = {"campaign_id": "tuesday-tea", "state": "open"}
            events.append(_event(person, rng, opened, "message", "email", properties=about))
    return sorted(events, key=lambda event: int(event["event_time"]))


def after_order(order: NativeEvent, person: Person, rng: Random) -> list[NativeEvent]:
    """The parcel (late for those about to fall silent), sometimes a refund or a call."""
    at, number = int(order["event_time"]), order["order_id"]
    late = person.kind == "quiet" and rng.random() < 0.7
    taken = rng.uniform(6, 10) if late else rng.uniform(1.2, 3.0)
    arrived = at + int(taken * DAY_MS)
    promise = {"promised_at": at + _PROMISED_DAYS * DAY_MS, "delivered_at": arrived}
    events = [_event(person, rng, arrived, "delivery", "server", order_id=number, properties=promise)]
    if rng.random() < (0.3 if late else 0.05):
        call = {"direction": "in", "reason": "where is my parcel", "queue_s": rng.randint(5, 240)}
        called = at + 4 * DAY_MS + rng.randrange(8 * 3_600_000)
        events.append(_event(person, rng, called, "contact", "call_center", order_id=number, properties=call))
    if rng.random() < 0.045:
        back = arrived + rng.randint(2, 9) * DAY_MS
        amount = {"order_id": number, "revenue": order["revenue"], "currency": CURRENCY}
        events.append(_event(person, rng, back, "refund", "server", **amount))
    return events


def _event(person: Person, rng: Random, at: int, event_type: str, channel: str, **fields: Any) -> NativeEvent:
    return {
        "event_id": f"{rng.getrandbits(96):024x}",
        "event_type": event_type,
        "event_time": at,
        "received_at": at + rng.randint(20, 900),
        "channel": channel,
        "visitor_id": person.ids[0],
        "id_quality": person.quality,
        "user_id": person.user_id,
        **fields,
    }
