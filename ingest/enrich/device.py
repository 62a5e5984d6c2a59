"""What it was used with: class, brand, model, system and browser from the user agent."""

from __future__ import annotations

import polars as pl
import ua_parser
from user_agents import parsers

from ingest.enrich.bot import AGENTS
from ingest.enrich.column import MAX_AGENT, Remembered, beside
from ingest.enrich.feature_phone import feature_phone
from ingest.sites import SiteIndex

Device = tuple[str, str, str, str, str]
_MADE = dict.fromkeys(("device_class", "brand", "model", "os", "browser", "_agent_reason"), pl.String())
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


def put_device(events: pl.DataFrame, _sites: SiteIndex) -> pl.DataFrame:
    """device_class, brand, model, os and browser of each event."""
    if "user_agent" not in events.columns:
        return events.with_columns(device_class=pl.lit("other"))
    agents = events.select(pl.col("user_agent").str.slice(0, MAX_AGENT))
    return events.hstack(beside(agents, ("user_agent",), _look, _MADE).get_columns())


def _look(agent: str) -> tuple[str, ...]:
    return (*DEVICES[agent], AGENTS[agent])


def _device(agent: str) -> Device:
    if not agent:
        return _NOTHING
    bot = AGENTS[agent] != ""
    if not bot and (found := feature_phone(agent)):
        return found
    parsed = Agent(agent)
    system, browser = parsed.os.family, parsed.browser.family
    brand, model = parsed.device.brand or "", parsed.device.model or ""
    if brand.startswith(_NO_BRANDS) or bot:
        brand, model = "", ""
    kind = "bot" if bot else _kind(parsed)
    return kind, brand, model, _SYSTEMS.get(system, system), _BROWSERS.get(browser, browser)


class Agent(parsers.UserAgent):
    """An agent as user-agents reads it, with its rules of kind but ua-parser's fast matcher."""

    def __init__(self, agent: str) -> None:
        found = ua_parser.parse(agent).with_defaults()
        system, browser, device = found.os, found.user_agent, found.device
        self.ua_string = agent
        self.os = parsers.parse_operating_system(system.family, system.major, system.minor, system.patch)
        self.browser = parsers.parse_browser(browser.family, browser.major, browser.minor, browser.patch)
        self.device = parsers.parse_device(device.family, device.brand, device.model)


def _kind(parsed: Agent) -> str:
    if any(word in parsed.ua_string for word in _TVS):
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
"""User agent (cut to MAX_AGENT) → device."""
