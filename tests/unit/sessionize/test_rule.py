"""The session rule, one boundary at a time, in both forms."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings

from schemas.event import OUTSIDE_SESSIONS, Event
from schemas.objects import Site
from schemas.session import Session
from sessionize.columns import cuts
from sessionize.order import visitor_order
from sessionize.rule import Cut, Rule, cut
from tests.unit.sessionize.histories import RULES, event, frame, histories, rows


def cut_both(events: list[Event], rule: Rule = RULES["plain"]) -> Cut:
    """The row form's answer, after the columnar form has given the same."""
    by_row = cut(events, rule)
    columnar = cuts(frame(events), {events[0].site_id: rule})
    assert rows(columnar.sessions) == set(by_row.sessions)
    assert np.count_nonzero(columnar.session_of == -1) == by_row.strays
    return by_row


DAY = 86_400
BEATS = [event(n, n * 1800.0) for n in range(49)]


PING: dict[str, Any] = {"event_type": "ping"}
FULL = [event(n, n / 1000) for n in range(10_000)]


@pytest.mark.parametrize(
    ("events", "sizes", "strays"),
    [
        pytest.param([event(1), event(2, 1800)], [2], 0, id="exactly 1800 s joins"),
        pytest.param([event(1), event(2, 1800.001)], [1, 1], 0, id="1800.001 s opens"),
        pytest.param([event(1, **PING), event(2, 5)], [1], 1, id="passive never opens"),
        pytest.param([event(1), event(2, 5, **PING)], [2], 0, id="passive joins"),
        pytest.param([event(1, **PING)], [], 1, id="passive alone is stray"),
        pytest.param([event(1), event(2, 1800, **PING), event(3, 3600)], [3], 0, id="passive extends"),
        pytest.param([event(1), event(2, 1801, **PING), event(3, 3000)], [1, 1], 1, id="strays do not"),
        pytest.param([event(1, channel="server"), event(2, 1, channel="email")], [], 0, id="server opens no"),
        pytest.param([event(1, channel="call_center"), event(2, 1, channel="store")], [], 0, id="nor a shop"),
        pytest.param([event(1), event(2, 9, channel="server"), event(3, 1801)], [1, 1], 0, id="nor extends"),
        pytest.param([event(1), *(event(n, n, channel=name) for n, name in enumerate(OUTSIDE_SESSIONS, 2)),
                      event(9, 9)], [2], 0, id="nor count"),
        pytest.param(BEATS, [49], 0, id="exactly 24 h is one session"),
        pytest.param([*BEATS, event(99, DAY + 0.001)], [49, 1], 0, id="longer than 24 h opens the next one"),
        pytest.param([*BEATS, event(98, DAY + 1, **PING), event(99, DAY + 2)], [49, 1], 1, id="passive 24 h"),
        pytest.param(FULL, [10_000], 0, id="10,000 members are one session"),
        pytest.param([*FULL, event(10_000, 10)], [10_000, 1], 0, id="10,001st member opens the next"),
        pytest.param([*FULL, event(10_001, 11, **PING), event(10_002, 12)], [10_000, 1], 1, id="passive cap"),
    ],
)  # fmt: skip
def test_sessions_have_these_members(events: list[Event], sizes: list[int], strays: int) -> None:
    result = cut_both(events)
    assert [s.events for s in result.sessions] == sizes
    assert result.strays == strays


@pytest.mark.parametrize(
    ("events", "first"),
    [
        pytest.param([event(2, seq=1), event(1, seq=2)], "e00002", id="equal times: seq decides"),
        pytest.param([event(2), event(1)], "e00001", id="equal times and seq: event_id decides"),
        pytest.param(
            [event(0, event_id="é"), event(0, event_id="z")], "z", id="event_id is compared by bytes"
        ),
        pytest.param([event(0, event_id="a"), event(0, event_id="B")], "B", id="capitals come first"),
    ],
)
def test_the_first_event_names_the_session(events: list[Event], first: str) -> None:
    result = cut_both(events).sessions[0]
    alone = cut([e for e in events if e.event_id == first], Rule()).sessions[0]
    assert result.session_id == alone.session_id


def test_the_session_id_is_the_same_for_ever() -> None:
    assert cut_both([event(1)]).sessions[0].session_id == "183834487ceceb40"


def session(*events: Event) -> Session:
    (only,) = cut_both(list(events)).sessions
    return only


def test_engaged_seconds_are_the_longest_time_of_each_page() -> None:
    beats = [(1, "a", 3000), (2, "a", 5000), (3, "b", 2000), (4, "a", 4000)]
    assert session(*(event(n, n, page_view_id=p, engaged_ms=ms) for n, p, ms in beats)).engaged_s == 7.0


def test_a_ping_without_page_belongs_to_the_page_before_it() -> None:
    pings = [event(n, n, event_type="ping", engaged_ms=n * 1000) for n in (1, 2, 4, 5)]
    assert session(event(0), *pings[:2], event(3, 3), *pings[2:]).engaged_s == 7.0


@pytest.mark.parametrize(
    ("events", "engaged"),
    [
        pytest.param([event(1, engaged_ms=10_000)], False, id="exactly 10 s is a bounce"),
        pytest.param([event(1, engaged_ms=10_001)], True, id="more than 10 s is engaged"),
        pytest.param([event(1), event(2, 1)], True, id="two views are engaged"),
        pytest.param([event(1), event(2, 1, event_type="click")], False, id="a click is a bounce"),
        pytest.param([event(1, event_type="order")], True, id="an order is engaged"),
    ],
)
def test_a_session_is_engaged_or_a_bounce(events: list[Event], engaged: bool) -> None:
    result = session(*events)
    assert (result.is_engaged, result.is_bounce) == (engaged, not engaged)


def test_paths_are_those_of_the_first_and_last_view() -> None:
    clicked = event(0, event_type="click", path="/no")
    result = session(
        clicked, event(1, 1, path="/in"), event(2, 2, path="/out"), event(3, 3, event_type="ping")
    )
    assert (result.entry_path, result.exit_path, result.page_views) == ("/in", "/out", 2)
    assert session(clicked).entry_path == ""


def test_one_bot_event_marks_the_session() -> None:
    assert session(event(1), event(2, 1, is_bot=True)).is_bot
    assert not session(event(1)).is_bot


def money(number: int, order: str, amount: str, kind: str = "order", currency: str = "") -> Event:
    return event(number, number, event_type=kind, order_id=order, revenue=Decimal(amount), currency=currency)


@pytest.mark.parametrize(
    ("events", "orders", "revenue"),
    [
        pytest.param([money(1, "a", "10"), money(2, "a", "12")], 1, "10", id="an order sent twice"),
        pytest.param([money(1, "", "10"), money(2, "", "12")], 2, "22", id="nameless orders"),
        pytest.param([money(1, "a", "10"), money(2, "a", "4", "refund")], 1, "6", id="a refund"),
        pytest.param([money(1, "a", "10"), money(2, "b", "4", "refund")], 1, "10", id="another's refund"),
        pytest.param([money(1, "", "10"), money(2, "", "4", "refund")], 1, "10", id="nameless refund"),
        pytest.param([money(1, "a", "0.0001"), money(2, "b", "0.0002")], 2, "0.0003", id="exact"),
        pytest.param([money(1, "a", "10", currency="USD"), money(2, "b", "1", currency="EUR")], 2, "1",
                     id="other currencies are left out"),
        pytest.param([money(1, "a", "99999999999999.9999")], 1, "99999999999999.9999", id="most"),
    ],
)  # fmt: skip
def test_revenue_is_net_of_refunds_in_the_sites_currency(
    events: list[Event], orders: int, revenue: str
) -> None:
    result = session(*events)
    assert (result.orders, result.revenue) == (orders, Decimal(revenue))


def test_a_refund_lessens_its_order_wherever_it_comes_from() -> None:
    order = event(1, event_type="order", order_id="a", revenue=Decimal(10), currency="USD")
    back = replace(order, event_id="r", event_type="refund", event_time=order.event_time + timedelta(days=40))
    later = replace(back, revenue=Decimal(1))
    by_shop = replace(back, visitor_id="user:7", channel="server", revenue=Decimal(2), currency="")
    in_euro = replace(by_shop, event_id="r2", currency="EUR")
    rule = Rule(currency="USD")
    refunds = [by_shop, in_euro, later]
    assert cut([order, later], rule, refunds).sessions[0].revenue == Decimal(7)
    columnar = cuts(frame([order, later]), {"plain": rule}, frame(refunds))
    assert columnar.sessions["revenue"].to_list() == [Decimal(7)]


def test_an_order_by_a_server_or_a_person_is_of_no_session() -> None:
    order = money(2, "a", "10")
    for channel in OUTSIDE_SESSIONS:
        result = session(event(1), replace(order, channel=channel), event(3, 4, event_type="click"))
        assert (result.orders, result.revenue, result.is_engaged) == (0, Decimal(0), False)


def test_a_session_has_the_first_touch_of_its_visitor() -> None:
    touch: dict[str, Any] = {
        "source": "mail", "medium": "email", "channel_group": "Email", "utm_campaign": "spring",
        "host": "first.example", "device_class": "phone", "os": "Android", "browser": "Firefox",
        "country": "DE", "channel": "app",
    }  # fmt: skip
    later = {name: f"other {value}" for name, value in touch.items()} | {"channel": "web"}
    result = session(event(1, 5, **later), event(2, 0, event_type="click", **touch), event(3, 9, **later))
    shown = {**vars(result), "utm_campaign": result.campaign}
    assert {name: shown[name] for name in touch} == touch


def test_the_options_of_a_site_are_its_rule() -> None:
    assert Rule.of(Site("shop")) == Rule()
    zoned = Site("shop", timezone="Asia/Tokyo", currency="JPY", timeout_s=28_800, cut_on_campaign=True)
    assert Rule.of(zoned) == Rule(28_800_000, currency="JPY", cut_on_campaign=True)
    assert Rule.of(replace(zoned, cut_at_midnight=True)).midnight_zone == "Asia/Tokyo"


MAIL: dict[str, Any] = {"utm_source": "mail"}
ADVERT: dict[str, Any] = {"click_id": "gclid=1"}
MIDNIGHT = 12 * 3600.0
ON_CAMPAIGN = Rule(cut_on_campaign=True)
BERLIN = Rule(midnight_zone="Europe/Berlin")
DAYLIGHT = 28 * DAY  # the clocks of Berlin go forward in the night before


@pytest.mark.parametrize(
    ("rule", "events", "sizes", "strays"),
    [
        pytest.param(ON_CAMPAIGN, [event(1), event(2, 5, **MAIL), event(3, 9)], [1, 2], 0, id="a campaign"),
        pytest.param(ON_CAMPAIGN, [event(1, **MAIL), event(2, 5), event(3, 9, **MAIL)], [3], 0, id="same"),
        pytest.param(ON_CAMPAIGN, [event(1, **MAIL), event(2, 5, **ADVERT)], [1, 1], 0, id="another"),
        pytest.param(ON_CAMPAIGN, [event(1), event(2, 5, **MAIL, **PING)], [2], 0, id="passive cuts nothing"),
        pytest.param(ON_CAMPAIGN, [event(1, **MAIL), event(2, 1801), event(3, 1802, **MAIL)], [1, 1, 1], 0,
                     id="forgotten after a pause"),
        pytest.param(Rule(), [event(1), event(2, 5, **MAIL)], [2], 0, id="only if the site wants it"),
        pytest.param(Rule(midnight_zone="UTC"), [event(1, MIDNIGHT - 1), event(2, MIDNIGHT)], [1, 1], 0,
                     id="midnight"),
        pytest.param(Rule(midnight_zone="UTC"), [event(1, MIDNIGHT - 1), event(2, MIDNIGHT, **PING),
                     event(3, MIDNIGHT + 1)], [1, 1], 1, id="passive after midnight"),
        pytest.param(Rule(midnight_zone="Asia/Kolkata"), [event(1, MIDNIGHT - 1), event(2, MIDNIGHT)], [2], 0,
                     id="midnight elsewhere"),
        pytest.param(Rule(midnight_zone="Asia/Kolkata"), [event(1, 6.5 * 3600 - 1), event(2, 6.5 * 3600)],
                     [1, 1], 0, id="midnight in the site's zone"),
        pytest.param(BERLIN, [event(1, DAYLIGHT - 13 * 3600 - 1), event(2, DAYLIGHT - 13 * 3600)], [1, 1], 0,
                     id="midnight before the clocks go forward"),
        pytest.param(BERLIN, [event(1, DAYLIGHT + 10 * 3600 - 1), event(2, DAYLIGHT + 10 * 3600)], [1, 1], 0,
                     id="midnight after the clocks went forward"),
        pytest.param(BERLIN, [event(1, DAYLIGHT + 11 * 3600 - 1), event(2, DAYLIGHT + 11 * 3600)], [2], 0,
                     id="midnight of the winter is none in summer"),
        pytest.param(Rule(28_800_000), [event(1), event(2, 28_800), event(3, 57_600.001)], [2, 1], 0,
                     id="eight hours"),
        pytest.param(Rule(60_000), [event(1), event(2, 60), event(3, 120.001)], [2, 1], 0, id="a minute"),
    ],
)  # fmt: skip
def test_a_site_may_cut_on_campaigns_and_at_midnight(
    rule: Rule, events: list[Event], sizes: list[int], strays: int
) -> None:
    result = cut_both(events, rule)
    assert [s.events for s in result.sessions] == sizes
    assert result.strays == strays


@given(histories(40))
@settings(max_examples=60, deadline=None)
def test_both_forms_cut_any_history_alike(events: list[Event]) -> None:
    owners: dict[tuple[str, str], list[Event]] = {}
    for each in events:
        owners.setdefault((each.site_id, each.visitor_id), []).append(each)
    of_site = {site: [e for e in events if e.site_id == site] for site in RULES}
    by_row = [cut(own, RULES[site], of_site[site]) for (site, _), own in owners.items()]
    result = cuts(frame(events), RULES)
    assert Counter(rows(result.sessions)) == Counter(s for c in by_row for s in c.sessions)
    assert np.count_nonzero(result.session_of == -1) == sum(c.strays for c in by_row)
    ids = result.sessions["session_id"].to_list()
    members = {e.event_id: ids[n] for e, n in zip(events, result.session_of, strict=True) if n >= 0}
    assert members == {k: v for c in by_row for k, v in c.members.items()}


def test_no_events_give_no_sessions() -> None:
    assert cuts(frame([event(1)]).clear(), {}).sessions.is_empty()


def test_visitors_whose_hashes_collide_stay_apart() -> None:
    events = frame([event(n, n, visitor_id=f"v{n % 2}") for n in range(6)])
    order = visitor_order(events, visitor_hash=pl.col("seq").cast(pl.UInt64))
    assert sorted(order.positions[:3].tolist()) in ([0, 2, 4], [1, 3, 5])
    assert order.begins.tolist() == [True, False, False] * 2
