"""Whether a program did it: crawlers, libraries, headless browsers, the webdriver flag, spam referrers."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

import polars as pl

from ingest.enrich.column import Remembered, beside
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
_HEADLESS = re.compile(
    r"Headless|PhantomJS|SlimerJS|Puppeteer|Playwright|Selenium|WebDriver|Cypress|jsdom|HtmlUnit|Splash|"
    r"Lighthouse|"
    r"zombie|CasperJS|Nightmare|TestCafe|Lightpanda",
    re.IGNORECASE,
)
_GENERIC = re.compile(
    r"(?<!cu)bot(?:[^a-z]|$)|crawl|spider|slurp|scrap(?:er|y)|\bfetcher\b|https?://[^ )]+/bot|"
    r"monitor(?:ing)?[/ ]",
    re.IGNORECASE,
)
_LONGEST = 1024


def put_bot(events: pl.DataFrame, _sites: SiteIndex) -> pl.DataFrame:
    """is_bot and bot_reason; a server's own library is no bot, and neither is who names no agent."""
    by_agent = beside(events, ("user_agent", "channel"), _by_agent, {"reason": pl.String()})["reason"]
    spam = beside(events, ("referrer",), _by_referrer, {"reason": pl.String()})["reason"]
    steered = pl.col("_webdriver").fill_null(False) if "_webdriver" in events.columns else pl.lit(False)
    reason = (
        pl.when(by_agent != "")
        .then(by_agent)
        .when(steered)
        .then(pl.lit("webdriver"))
        .otherwise(pl.lit(spam))
        .alias("bot_reason")
    )
    return events.with_columns(reason).with_columns((pl.col("bot_reason") != "").alias("is_bot"))


def is_crawler(agent: str) -> bool:
    """Whether the agent is known to be a program that reads pages by itself."""
    return AGENTS[agent] != ""


def _by_agent(agent: str, channel: str) -> tuple[str]:
    reason = AGENTS[agent]
    return ("" if channel == "server" and reason != "agent" else reason,)


def _agent_reason(agent: str) -> str:
    """agent, library, headless or ''."""
    agent = agent[:_LONGEST]
    if not agent:
        return ""
    if _HEADLESS.search(agent):
        return "headless"
    if _LIBRARY.search(agent):
        return "library"
    literals, patterns = _crawlers()
    if any(literal in agent for literal in literals) or patterns.search(agent) or _GENERIC.search(agent):
        return "agent"
    return ""


def _by_referrer(referrer: str) -> tuple[str]:
    host = REFERRERS[referrer].host
    spam = _spam_domains()
    while host:
        if host in spam:
            return ("spam_referrer",)
        host = host.partition(".")[2]
    return ("",)


@cache
def _crawlers() -> tuple[list[str], re.Pattern[str]]:
    """Marks of crawlers as plain texts, and the few that need a pattern."""
    known = json.loads(_data("crawlers.json"))
    return known["literals"], re.compile("|".join(f"(?:{pattern})" for pattern in known["patterns"]))


@cache
def _spam_domains() -> frozenset[str]:
    return frozenset(_data("spam_referrers.txt").split())


def _data(name: str) -> str:
    return (files("ingest.enrich") / "data" / name).read_text(encoding="utf-8")


AGENTS: Remembered[str] = Remembered(_agent_reason)
"""User agent → why it is a bot, or ''."""
