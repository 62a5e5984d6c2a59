"""What a click does to a funnel in the address, names of steps, suggestions: no store, no browser."""

from __future__ import annotations

import pytest

from clicktrail.errors import ConfigError
from crm.rate import Rate
from dashboards.i18n import Text
from dashboards.reports.funnel import edit
from dashboards.reports.funnel.names import in_hundred, step_name, window_words
from dashboards.reports.funnel.options import OptionError, parse
from dashboards.reports.funnel.people import who
from dashboards.reports.funnel.suggested import made

OWN = {
    "step": ("a=1", "b=2", "c=3", "d=4"),
    "optional": ("2",),
    "exclude": ("1-3:path=/x", "3-4:path=/y", "odd"),
    "breakdown-at": ("3",),
    "left": ("3",),
}


def test_a_step_that_goes_takes_its_exclusions_along() -> None:
    found = edit.without(OWN, 3)
    assert found == {
        "step": ("a=1", "b=2", "d=4"),
        "optional": ("2",),
        "exclude": ("odd",),
        "breakdown-at": (),
        "left": (),
    }
    assert edit.without(OWN, 1)["exclude"] == ("2-3:path=/y", "odd")
    assert edit.without(OWN, 1)["optional"] == (), "the first step is never optional"


def test_steps_change_places_with_what_hangs_on_them() -> None:
    found = edit.moved(OWN, 3, -1)
    assert found["step"] == ("a=1", "c=3", "b=2", "d=4")
    assert (found["optional"], found["left"], found["breakdown-at"]) == (("3",), ("2",), ("2",))
    assert found["exclude"] == ("1-2:path=/x", "2-4:path=/y", "odd")
    assert edit.moved(OWN, 1, 1)["optional"] == ()
    assert edit.moved(edit.moved(OWN, 3, -1), 2, 1) == OWN


def test_single_values_come_and_go() -> None:
    assert edit.toggled({"optional": ("2",)}, "optional", "3") == {"optional": ("2", "3")}
    assert edit.toggled({"optional": ("2", "3")}, "optional", "2") == {"optional": ("3",)}
    assert edit.less({"hold": ("a", "b", "c")}, "hold", 1) == {"hold": ("a", "c")}


def test_a_step_has_a_name_in_both_languages() -> None:
    en, zh = Text("en"), Text("zh")
    assert step_name(en, "event_type=add_to_cart") == "Added to cart"
    assert step_name(zh, "event_type=add_to_cart") == "加入购物车"
    assert step_name(en, "event_type=page_view & path=/p/*") == "Viewed a page: /p/*"
    assert step_name(en, "event_name=sign up") == "sign up"
    assert step_name(en, "value>10") == "value>10"
    assert step_name(en, "no condition") == "no condition"
    assert window_words(en, "1d") == "1 day"


def test_a_share_is_told_in_people() -> None:
    en = Text("en")
    said = [in_hundred(en, Rate(part, 1_000_000)) for part in (250_000, 67_000, 300, 0)]
    assert said == ["25 in 100", "67 in 1,000", "Under 1 in 1,000", "0 in 100"]


def test_suggestions_are_made_of_what_the_site_sends() -> None:
    shop = made(["page_view", "order", "search", "product_view", "add_to_cart"], ["signup"], ["/", "/a b"])
    assert shop[0] == tuple(
        f"event_type={one}" for one in ("page_view", "product_view", "add_to_cart", "order")
    )
    assert shop[1] == tuple(f"event_type={one}" for one in ("search", "product_view", "order"))
    assert ("event_type=page_view", "event_name=signup") in shop
    assert made(["page_view"], [], ["/", "/a*"]) == (("path=/", 'path="/a*"'),)
    assert made([], [], []) == ()
    for funnel in (*shop, *made(["page_view", "form"], [], [])):
        parse({"step": funnel})


AB = {"step": ["path=/", "path=/b"]}


@pytest.mark.parametrize(
    ("given", "option", "words"),
    [
        ({"breakdown": ["path"], "breakdown-at": ["step 3"]}, "breakdown-at", "a step from 1 to 2"),
        ({"breakdown": ["path"], "breakdown-at": ["middle"]}, "breakdown-at", "last_touch"),
        ({"breakdown-at": ["last_touch"]}, "breakdown-at", "--breakdown"),
        ({"trend": ["hour"]}, "trend", "one of day, week, month"),
        ({"open": ["true"], "trend": ["day"]}, "trend", "open funnel"),
        ({"open": ["true"], "next": ["true"]}, "next", "open funnel"),
        ({"window": ["1y"]}, "window", "30m, 12h, 14d or 2w"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, list[str]], option: str, words: str) -> None:
    with pytest.raises(OptionError, match=f"--{option}") as error:
        parse({**AB, **given})
    assert error.value.option == option
    assert words in str(error.value)
    assert error.value.said(Text("zh")) != error.value.said(Text("en"))


def test_at_a_step_is_written_in_three_ways() -> None:
    for text in ("2", "step 2", "step-2"):
        assert parse({**AB, "breakdown": ["path"], "breakdown-at": [text]}).at_step == 2
    assert parse({**AB, "breakdown": ["path"]}).at_step == 0


def test_who_is_meant() -> None:
    options = parse(AB)
    assert [who(text, options) for text in ("entered", "converted", "reached-2", "left-1", "waiting-1")] == [
        ("entered", 1),
        ("reached", 2),
        ("reached", 2),
        ("left", 1),
        ("waiting", 1),
    ]
    for text in ("left", "left-3", "left-0", "entered-1", "reached-", "all"):
        with pytest.raises(ConfigError, match="--people"):
            who(text, options)
    with pytest.raises(ConfigError, match="nobody leaves"):
        who("left-1", parse({**AB, "open": ["true"]}))
