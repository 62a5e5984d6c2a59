"""Whether a program did it: crawlers, libraries, headless browsers, the webdriver flag, spam referrers."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

import polars as pl

from ingest.enrich.column import Remembered, keyed, text
from ingest.enrich.referrer import REFERRERS
from ingest.sites import SiteIndex

_LIBRARY = re.compile(
    r"^(?:[Pp]ython|curl|[Ww]get|libwww|lwp-|LWP|PHP|Go-http|Go[ -]|okhttp|[Jj]ava/|Apache-HttpClient|"
    r"Apache-CXF|axios|"
    r"node|undici|got[ /(]|superagent|[Rr]uby|Faraday|Typhoeus|rest-client|RestSharp|HTTPie|aiohttp|"
    r"httpx|Guzzle|"
    r"Dart|PostmanRuntime|insomnia|Jakarta|Commons-HttpClient|Symfony|WinHttp|Microsoft-WinHTTP|Zend|"
    r"reqwest|hyper|"
    r"ureq|Deno|Bun/|colly|HTTP_Request2|http_requester|cpp-httplib|Indy|libcurl|fasthttp|Scala|"
    r"akka-http|[Kk]tor|"
    r"vertx|Mechanize|Snoopy|[Pp]erl|www-mechanize|Boto3|aws-sdk|grequests)|"
    r"python-requests|python-urllib|Go-http-client|HttpClient/|node-fetch|urllib3"
)
_HEADLESS = tuple(
    """headless phantomjs slimerjs puppeteer playwright selenium webdriver cypress jsdom htmlunit splash
    lighthouse zombie casperjs nightmare testcafe lightpanda""".split()
)
_GENERIC = re.compile(
    r"(?<!cu)bot(?:[^a-z]|$)|crawl|spider|slurp|scrap(?:er|y)|\bfetcher\b|https?://[^ )]+/bot|"
    r"monitor(?:ing)?[/ ]"
)
"""Of agents in lower case."""
_HEAD = 3
"""Characters by which marks of crawlers are found; none is shorter."""


def put_bot(events: pl.DataFrame, _sites: SiteIndex) -> pl.DataFrame:
    """is_bot and bot_reason; a server's own library is no bot, and neither is who names no agent."""
    steered = pl.col("_webdriver").fill_null(False) if "_webdriver" in events.columns else pl.lit(False)
    agent = text(events, "_agent_reason")  # of put_device, which looks every agent up anyway
    served = (pl.col("channel") == "server") & (agent != "agent")
    reason = (
        pl.when((agent != "") & ~served)
        .then(agent)
        .when(steered)
        .then(pl.lit("webdriver"))
        .when(text(events, "_came").is_in(_spam(events)))
        .then(pl.lit("spam_referrer"))
        .otherwise(pl.lit(""))
        .alias("bot_reason")
    )
    return events.with_columns(reason).with_columns((pl.col("bot_reason") != "").alias("is_bot"))


def _spam(events: pl.DataFrame) -> list[str]:
    """The spam among the places people came from."""
    return [place for (place,) in keyed(events, ("_came",)).iter_rows() if _is_spam(place)]


def _agent_reason(agent: str) -> str:
    """agent, library, headless or ''."""
    if not agent:
        return ""
    lower = agent.lower()
    if any(word in lower for word in _HEADLESS):
        return "headless"
    if _LIBRARY.search(agent):
        return "library"
    return "agent" if _GENERIC.search(lower) or _is_listed(agent) else ""


def _is_listed(agent: str) -> bool:
    marks, patterns = _crawlers()
    heads = (agent[at : at + _HEAD] for at in range(len(agent)))
    return any(
        agent.startswith(mark, at) for at, head in enumerate(heads) for mark in marks.get(head, ())
    ) or bool(patterns.search(agent))


def _is_spam(place: str) -> bool:
    host, spam = REFERRERS[place].host, _spam_domains()
    while host and host not in spam:
        host = host.partition(".")[2]
    return host != ""


@cache
def _crawlers() -> tuple[dict[str, list[str]], re.Pattern[str]]:
    """Marks of crawlers as plain texts by their first characters, and the few that need a pattern."""
    known = json.loads(_data("crawlers.json"))
    marks: dict[str, list[str]] = {}
    for mark in known["literals"]:
        marks.setdefault(mark[:_HEAD], []).append(mark)
    return marks, re.compile("|".join(f"(?:{pattern})" for pattern in known["patterns"]))


@cache
def _spam_domains() -> frozenset[str]:
    return frozenset(_data("spam_referrers.txt").split())


def _data(name: str) -> str:
    return (files("ingest.enrich") / "data" / name).read_text(encoding="utf-8")


AGENTS: Remembered[str] = Remembered(_agent_reason)
"""User agent (cut to MAX_AGENT) → why it is a bot, or ''."""
