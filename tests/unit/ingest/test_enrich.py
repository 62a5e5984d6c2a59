"""What an event tells by itself: place, campaign, channel, device, bots, and nothing that names a person."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import polars as pl
import pytest
import user_agents
from hypothesis import given
from hypothesis import strategies as st

from ingest.enrich import enrich
from ingest.enrich.address import ADDRESSES, CLICK_IDS, UTM, clean_value, without_email
from ingest.enrich.address_columns import _odd, addresses
from ingest.enrich.bot import AGENTS
from ingest.enrich.channel import channel_group
from ingest.enrich.column import MAX_AGENT, Remembered
from ingest.enrich.device import DEVICES, Agent
from ingest.enrich.referrer import REFERRERS
from ingest.sites import SiteIndex
from schemas.objects import Site

SITES = SiteIndex(
    [
        Site(
            "shop",
            domain="www.shop.example",
            own_domains=("pay.example",),
            options={"search_parameters": "q"},
        ),
        Site("other", domain="other.example"),
    ]
)
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/151.0.0.0 Safari/537.36"
SECRET = "0123456789abcdef0123456789abcdef"


def enriched(**fields: object) -> dict[str, object]:
    plain = {"site_id": "shop", "event_type": "page_view", "channel": "web"}
    frame = enrich(pl.DataFrame([{**plain, **fields}]), SITES)
    assert not [name for name in frame.columns if name.startswith("_")]
    return frame.row(0, named=True)


def test_host_path_campaign_and_click_id_come_from_the_address() -> None:
    row = enriched(
        url="https://Shop.example:8443/hats?utm_source=News&utm_campaign=Spring%20Sale&gclid=Ab1#top"
    )
    assert (row["host"], row["path"]) == ("shop.example", "/hats")
    assert (row["utm_source"], row["utm_campaign"], row["click_id"]) == ("news", "Spring Sale", "gclid=Ab1")


def test_what_the_event_says_itself_stands() -> None:
    row = enriched(url="https://shop.example/?utm_source=a&utm_medium=email", utm_source="b", path="/given")
    assert (row["utm_source"], row["utm_medium"], row["path"]) == ("b", "email", "/given")


def test_the_search_term_is_read_only_where_the_site_names_its_parameter() -> None:
    url = "https://shop.example/search?q=red+hat"
    assert enriched(url=url)["search_term"] == "red hat"
    assert "search_term" not in enriched(url=url, site_id="other")


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://joe:pw@shop.example/a", "https://shop.example/a"),
        ("https://shop.example/a?email=x&b=1", "https://shop.example/a?email=redacted&b=1"),
        ("https://shop.example/a?who=joe%40mail.example", "https://shop.example/a?who=redacted"),
        ("https://shop.example/u/joe@mail.example/x", "https://shop.example/u/redacted/x"),
        (f"https://shop.example/?k={SECRET}", "https://shop.example/?k=redacted"),
        (f"https://shop.example/?gclid={SECRET}", f"https://shop.example/?gclid={SECRET}"),
        ("https://shop.example/a;jsessionid=99A?b=2", "https://shop.example/a?b=2"),
        ("https://shop.example/#access_token=abc", "https://shop.example/"),
        ("https://shop.example/app#/orders/1", "https://shop.example/app#/orders/1"),
        ("mailto:joe@mail.example", "mailto:"),
        ("https://shop.example/?r=jo@x.example&b=1", "https://shop.example/?r=redacted&b=1"),
        ("/?next=%2Fa%3Ftoken%3Dabc%26b%3D1", "/?next=%2Fa%3Ftoken%3Dredacted%26b%3D1"),
        ("/?next=/a?token=abc&b=1", "/?next=/a?token=redacted&b=1"),
        ("/?next=%252Fa%253Ftoken%253Dabc", "/?next=redacted"),
        ("/?next=%" + "25" * 2000 + "2Fa", "/?next=redacted"),
        ("/?q=mail%20joe%40mail.example", "/?q=mail%20redacted"),
        ("/?q=joe%2Bnews%40mail.example", "/?q=redacted"),
        (f"/?utm_term={SECRET}", "/?utm_term=redacted"),
        ("/?q=100%25&utm_source=a", "/?q=100%25&utm_source=a"),
        ("//[broken", "//[broken"),
        ("", ""),
    ],
)
def test_addresses_are_kept_without_what_names_a_person(url: str, clean: str) -> None:
    assert ADDRESSES[url].text == clean


@pytest.mark.parametrize("name", [*UTM, "search_term"])
@pytest.mark.parametrize(
    ("word", "clean"),
    [
        ("joe@mail.example", "redacted"),
        ("joe%40mail.example", "redacted"),
        ("/a?token=abc", "/a?token=redacted"),
        ("%2Fa%3Ftoken%3Dabc", "%2Fa%3Ftoken%3Dredacted"),
        (SECRET, "redacted"),
        ("spring%20sale", "spring%20sale"),
    ],
)
def test_words_are_kept_without_what_names_a_person_whether_given_or_found(
    name: str, word: str, clean: str
) -> None:
    row = enriched(**{name: word})
    assert str(row[name]).lower() == clean.lower()
    assert "joe" not in str(row)
    parameter = "q" if name == "search_term" else name
    found = enriched(url=f"https://shop.example/?{parameter}={quote(word)}")
    assert str(found[name]).lower() == clean.lower()
    assert not [value for value in found.values() if "joe" in str(value) or "abc" in str(value)]


def test_a_given_path_has_no_person_in_it() -> None:
    assert enriched(path="/u/joe@mail.example/x?token=abc")["path"] == "/u/redacted/x"
    assert enriched(path="/a;jsessionid=9")["path"] == "/a"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "hard", ["a", "a.", "@a.b ", "a@a", "@", "%40", "eyJ", "eyJaaaaaaaa.", "?a", "a=", "&a=%", "%25"]
)
def test_a_megabyte_of_anything_is_cleaned_in_linear_time(hard: str) -> None:
    text = hard * (1_000_000 // len(hard)) + "@"
    without_email(text)
    clean_value(text + "!")
    enriched(title=text, url=text, referrer=text, utm_source=text, target=text, properties=text)


marks = st.sampled_from(
    [
        "a", "b", "Shop", ".example", "/", "//", "?", "&", "=", "#", "#/", ":", ";sid=1", "@", "%40", "%3D",
        "%20", "%C3%A9", "é", "+", " ", "\n", "utm_source=", "UTM_Medium=", "utm_term", "gclid=", "q=",
        "token=", "%", "%2", "[", "]", "https://a.example", "http:", "mailto:", SECRET, "next=", "!", "-",
        "joe@mail.example",
    ]
)  # fmt: skip


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "https://a.example/", "https://a.example/?q=1&"]),
            st.lists(marks, max_size=6),
        ).map(lambda parts: parts[0] + "".join(parts[1])),
        max_size=12,
    )
)
def test_the_columnar_form_of_addresses_says_what_the_readable_form_says(texts: list[str]) -> None:
    names = (*UTM, *CLICK_IDS, "q")
    found = addresses(pl.Series(texts, dtype=pl.String), names)
    expected = []
    for text in texts:
        address = ADDRESSES[text]
        values = dict(reversed(address.parameters))
        expected.append((address.text, address.host, address.path, *(values.get(name, "") for name in names)))
    assert found.select("text", "host", "path", *names).rows() == expected


def test_addresses_as_browsers_send_them_need_no_second_look() -> None:
    url = "https://www.shop.example:8443/hats/caf%C3%A9?a=1&utm_source=b&gclid=Cj0KCQ_" + "Aa1" * 20 + "#top"
    texts = pl.Series([url, "/hats?x=%20", "https://shop.example", ""])
    assert not _odd(texts).any()


def test_addresses_in_other_fields_are_cleaned_too_but_not_the_id_of_an_alias() -> None:
    row = enriched(
        referrer="https://a.example/?token=1",
        target="mailto:joe@mail.example",
        title="Mail from joe@mail.example",
        properties='{"to":"joe@mail.example","n":[1.5]}',
    )
    assert (row["referrer"], row["target"]) == ("https://a.example/?token=redacted", "mailto:")
    assert row["title"] == "Mail from redacted"
    assert json.loads(str(row["properties"])) == {"to": "redacted", "n": [1.5]}
    assert enriched(event_type="alias", target="joe@mail.example")["target"] == "joe@mail.example"


@pytest.mark.parametrize(
    ("url", "referrer", "expected"),
    [
        pytest.param("/", "", ("direct", "none", "Direct"), id="nothing"),
        pytest.param(
            "/", "https://www.google.co.uk/", ("google", "organic", "Organic search"), id="search engine"
        ),
        pytest.param(
            "/", "https://docs.google.com/x", ("docs.google.com", "referral", "Referral"), id="no engine"
        ),
        pytest.param("/", "https://l.facebook.com/", ("facebook", "social", "Organic social"), id="social"),
        pytest.param("/", "https://chatgpt.com/", ("chatgpt", "ai", "AI assistant"), id="assistant"),
        pytest.param("/", "https://x.com/i/grok/9", ("grok", "ai", "AI assistant"), id="assistant by path"),
        pytest.param("/", "https://mail.google.com/", ("gmail", "email", "Email"), id="web mail"),
        pytest.param("/", "https://a.example/p", ("a.example", "referral", "Referral"), id="another site"),
        pytest.param("/", "https://blog.shop.example/", ("direct", "none", "Direct"), id="own sub-domain"),
        pytest.param("/", "https://pay.example/", ("direct", "none", "Direct"), id="own other domain"),
        pytest.param(
            "/thanks", "https://www.paypal.com/", ("direct", "none", "Direct"), id="back from paying"
        ),
        pytest.param("/?gclid=1", "https://www.google.com/", ("google", "cpc", "Paid search"), id="click id"),
        pytest.param("/?gclid=1&utm_source=n&utm_medium=email", "", ("n", "email", "Email"), id="utm wins"),
        pytest.param(
            "/?utm_source=facebook&utm_medium=cpc", "", ("facebook", "cpc", "Paid social"), id="paid social"
        ),
        pytest.param(
            "/?utm_source=adnet&utm_medium=banner", "", ("adnet", "banner", "Display"), id="display"
        ),
        pytest.param("/?utm_source=zzz&utm_medium=qqq", "", ("zzz", "qqq", "Other"), id="words nobody knows"),
    ],
)
def test_the_channel_follows_campaign_then_click_id_then_referrer(
    url: str, referrer: str, expected: tuple[str, str, str]
) -> None:
    row = enriched(url=f"https://shop.example{url}", referrer=referrer)
    assert (row["source"], row["medium"], row["channel_group"]) == expected


def test_a_page_of_the_same_host_is_never_a_source_whatever_the_site_is_called() -> None:
    row = enriched(url="https://new.example/b", referrer="https://www.new.example/a", site_id="other")
    assert row["source"] == "direct"


def test_channel_groups_cover_paid_places() -> None:
    assert channel_group("adnet", "cpm") == "Display"
    assert channel_group("youtube", "cpc") == "Paid video"
    assert channel_group("amazon", "ppc") == "Paid shopping"
    assert channel_group("google", "cpc", "Cross-Network 1") == "Cross-network"


@pytest.mark.parametrize(
    ("agent", "found"),
    [
        (CHROME, ("desktop", "", "", "Windows", "Chrome")),
        (f"{CHROME} Edg/151.0.0.0", ("desktop", "", "", "Windows", "Edge")),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {SAFARI} Version/17.4 Safari/605.1.15",
            ("desktop", "Apple", "Mac", "macOS", "Safari"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 14; SM-S918B) {WEBKIT} Chrome/150.0.0.0 Mobile Safari/537.36",
            ("phone", "Samsung", "SM-S918B", "Android", "Chrome"),
        ),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) {SAFARI} Mobile/15E148 Safari/604.1",
            ("phone", "Apple", "iPhone", "iOS", "Safari"),
        ),
        ("Nokia7110/1.0 (04.80)", ("feature_phone", "Nokia", "7110", "", "Nokia Browser")),
        (
            "SonyEricssonK750i/R1CA Browser/SEMC-Browser/4.2 Profile/MIDP-2.0 Configuration/CLDC-1.1",
            ("feature_phone", "Sony Ericsson", "K750i", "", ""),
        ),
        ("DoCoMo/2.0 N905i(c100;TB;W24H16)", ("feature_phone", "DoCoMo", "N905i", "", "i-mode")),
        ("", ("other", "", "", "", "")),
    ],
)  # fmt: skip
def test_devices_are_told_by_their_agent(agent: str, found: tuple[str, ...]) -> None:
    assert DEVICES[agent] == found


def test_the_fast_matcher_says_what_user_agents_says() -> None:
    agents = (Path(__file__).parents[2] / "golden" / "agents.txt").read_text().splitlines()
    for agent in agents:
        fast, plain = Agent(agent), user_agents.parse(agent)
        assert (fast.os, fast.browser) == (plain.os, plain.browser), agent
        if fast.device.family != "Spider":  # crawlers in a browser's clothes: the matcher knows more of them
            assert fast.device == plain.device, agent
            kinds = [(one.is_tablet, one.is_mobile, one.is_pc) for one in (fast, plain)]
            assert kinds[0] == kinds[1], agent


def test_a_long_agent_is_cut_before_anybody_looks_at_it_or_keeps_it() -> None:
    row = enriched(user_agent=CHROME + " x" * 4000 + " Googlebot/2.1")
    assert (row["device_class"], row["is_bot"]) == ("desktop", False)
    assert max(map(len, [*DEVICES, *AGENTS])) <= MAX_AGENT


@pytest.mark.parametrize(
    ("agent", "reason"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "agent"),
        ("DoCoMo/2.0 N905i(c100;TB;W24H16) (compatible; Googlebot-Mobile/2.1)", "agent"),
        ("GPTBot/1.2", "agent"),
        ("SomeNewBot/0.1", "agent"),
        ("curl/8.5.0", "library"),
        ("python-requests/2.32", "library"),
        (CHROME.replace("Chrome", "HeadlessChrome"), "headless"),
        (CHROME, ""),
        (f"Mozilla/5.0 (Linux; Android 10; CUBOT NOTE 20) {WEBKIT} Chrome/120.0 Mobile Safari/537", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_programs_are_told_by_their_agent(agent: str, reason: str) -> None:
    assert AGENTS[agent] == reason
    row = enriched(user_agent=agent)
    assert (row["is_bot"], row["bot_reason"]) == (reason != "", reason)
    assert (row["device_class"] == "bot") == (reason != "")


def test_a_servers_own_library_is_no_bot_but_a_crawler_is() -> None:
    assert enriched(user_agent="python-requests/2.32", channel="server")["is_bot"] is False
    assert enriched(user_agent="GPTBot/1.2", channel="server")["is_bot"] is True


def test_a_steered_browser_and_a_spam_referrer_are_bots() -> None:
    assert enriched(user_agent=CHROME, _webdriver=True)["bot_reason"] == "webdriver"
    assert enriched(user_agent=CHROME, _webdriver=None)["bot_reason"] == ""
    assert enriched(user_agent=CHROME, referrer="http://www.0-0.fr/x")["bot_reason"] == "spam_referrer"


def test_events_with_few_columns_and_no_events_pass() -> None:
    row = enriched()
    assert (row["source"], row["is_bot"], row["device_class"]) == ("direct", False, "other")
    empty = pl.DataFrame(schema={"site_id": pl.String, "event_type": pl.String, "_webdriver": pl.Boolean})
    assert enrich(empty, SITES).columns == ["site_id", "event_type"]


def test_rows_keep_their_order_and_their_own_values() -> None:
    agents = [CHROME, "curl/8.5.0", "", CHROME]
    urls = [f"https://shop.example/{n}" for n in range(4)]
    frame = pl.DataFrame(
        {"site_id": "shop", "event_type": "click", "channel": "web", "url": urls, "user_agent": agents}
    )
    found = enrich(frame, SITES)
    assert found["path"].to_list() == ["/0", "/1", "/2", "/3"]
    assert found["is_bot"].to_list() == [False, True, False, False]


def test_the_memory_of_a_lookup_is_bounded() -> None:
    asked: list[str] = []

    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    lengths = Remembered(length, bound=2)
    assert [lengths[text] for text in ("a", "bb", "a", "ccc", "a")] == [1, 2, 1, 3, 1]
    assert asked == ["a", "bb", "ccc", "a"]


def test_referrers_that_are_no_address_are_none() -> None:
    assert [REFERRERS[text].kind for text in ("", "-", "garbage", "localhost")] == [""] * 4
