"""What it was used with: class, brand, model, system and browser from the user agent."""

from __future__ import annotations

import re

import polars as pl
import user_agents

from ingest.enrich.bot import is_crawler
from ingest.enrich.column import Remembered, beside
from ingest.enrich.feature_phone import feature_phone
from ingest.sites import SiteIndex

Device = tuple[str, str, str, str, str]
_MADE = dict.fromkeys(("device_class", "brand", "model", "os", "browser"), pl.String())
_NOTHING: Device = ("other", "", "", "", "")
_SYSTEMS = {"Mac OS X": "macOS", "Other": "", "Chrome OS": "ChromeOS"}
_BROWSERS = {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "Chrome WebView",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari WebView",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Edge Mobile": "Edge",
    "Opera Mobile": "Opera",
    "IE Mobile": "IE",
    "Other": "",
}
_NO_BRANDS = ("Generic", "Other")
_LONGEST = 1024
"""Characters of an agent that are looked at: patterns cost by length."""


def put_device(events: pl.DataFrame, _sites: SiteIndex) -> pl.DataFrame:
    """device_class, brand, model, os and browser of each event."""
    if "user_agent" not in events.columns:
        return events.with_columns(device_class=pl.lit("other"))
    return events.hstack(beside(events, ("user_agent",), DEVICES.__getitem__, _MADE).get_columns())


def _device(agent: str) -> Device:
    if not agent:
        return _NOTHING
    if not is_crawler(agent) and (found := feature_phone(agent)):
        return found
    return _plain_desktop(agent) or _parsed(agent)


def _parsed(agent: str) -> Device:
    parsed = user_agents.parse(agent[:_LONGEST])
    system, browser = parsed.os.family, parsed.browser.family
    brand, model = parsed.device.brand or "", parsed.device.model or ""
    kind = "bot" if is_crawler(agent) else _kind(parsed)
    if brand.startswith(_NO_BRANDS) or kind == "bot":
        brand, model = "", ""
    return kind, brand, model, _SYSTEMS.get(system, system), _BROWSERS.get(browser, browser)


def _plain_desktop(agent: str) -> Device | None:
    """The commonest agents, at a hundredth of the parser's cost and with its answer."""
    if (match := _DESKTOP.fullmatch(agent)) is None:
        return None
    brand, model, system = _DESKTOPS[match["system"].partition(" ")[0]]
    browser = "Firefox" if match["gecko"] else "Edge" if match["edge"] else "Chrome"
    return "desktop", brand, model, system, browser


_DESKTOP = re.compile(
    r"Mozilla/5\.0 \((?P<system>Windows NT 10\.0; Win64; x64|Macintosh; Intel Mac OS X [\d_.]+|"
    r"X11; Linux x86_64)(?:; rv:[\d.]+)?\) (?:(?P<gecko>Gecko/20100101 Firefox/[\d.]+)|"
    r"AppleWebKit/537\.36 \(KHTML, like Gecko\) Chrome/[\d.]+ Safari/537\.36(?P<edge> Edg/[\d.]+)?)"
)
_DESKTOPS = {
    "Windows": ("", "", "Windows"),
    "Macintosh;": ("Apple", "Mac", "macOS"),
    "X11;": ("", "", "Linux"),
}


def _kind(parsed: user_agents.parsers.UserAgent) -> str:
    agent = parsed.ua_string
    if any(word in agent for word in _TVS):
        return "tv"
    if parsed.is_tablet:
        return "tablet"
    if parsed.is_mobile:
        return "phone"
    return "desktop" if parsed.is_pc else "other"


_TVS = (
    "SmartTV", "SMART-TV", "AppleTV", "Apple TV", "GoogleTV", "HbbTV", "BRAVIA", "AFTB", "AFTT", "AFTS",
    "CrKey", "NetCast", "Web0S", "Roku/", "Android TV", "PlayStation", "Nintendo", "Xbox",
)  # fmt: skip
DEVICES: Remembered[Device] = Remembered(_device)
"""User agent → device."""
