"""Phones that are no computers: WAP browsers and handsets whose agents the usual lists do not know."""

from __future__ import annotations

import re

Device = tuple[str, str, str, str, str]

_SMART = re.compile(
    r"Android|iPhone|iPad|Windows|Symbian|Series ?60|S60/|BlackBerry|BB10|Maemo|MeeGo|Tizen|Bada|webOS|"
    r"\bX11\b|Macintosh|PlayStation|Nintendo"
)
_WAP = re.compile(
    r"Profile/ ?MIDP|Configuration/ ?CLDC|MIDP-[12]|J2ME|BREW|Brew|UP\.Browser|up\.browser|UP\.Link|Obigo|"
    r"Teleca|Series ?40|NetFront|\bWAP\b|WapBrowser|wApua|Maui|MAUI|Openwave|OpenWave|Polaris|POLARIS|Dorado|"
    r"Jasmine|FOMA|MQQBrowser/Mini|OneBrowser|\(Java; U|"
    r"^(?:Nokia|nokia|SonyEricsson|Ericsson|SAMSUNG-|SEC-|LG[-/]?[A-Z]|LGE-|MOT-|Motorola-|SIE-|ALCATEL-|"
    r"Alcatel-|PHILIPS|Philips|Panasonic|SAGEM|SHARP-|ZTE-|HUAWEI-|Huawei/|PANTECH|Pantech|Sanyo|portalmmm|"
    r"DoCoMo|KDDI-|J-PHONE|Vodafone/|SoftBank/|emobile/|AIRNESS|ASTEL/|L-mode|Mitsu/|TIANYU|K-Touch|Amoi|"
    r"Haier|Lenovo-|Spice|Micromax|KARBONN|LAVA|Mozilla/\d\.\d ?\((?:WILLCOM|DDIPOCKET|Nokia))"
)
_MODELS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("DoCoMo", re.compile(r"DoCoMo/(?:1\.0/|2\.0 )([A-Za-z0-9]+)")),
    ("KDDI", re.compile(r"KDDI-([A-Z0-9]+)")),
    ("SoftBank", re.compile(r"(?:SoftBank|Vodafone|J-PHONE)/[\d.]+/([A-Za-z0-9-]+)")),
    ("Willcom", re.compile(r"(?:WILLCOM|DDIPOCKET);([^;/]+/[^;/]+)")),
    ("Nokia", re.compile(r"[Nn]okia ?([A-Za-z]?\d[\w-]*)")),
    ("Sony Ericsson", re.compile(r"SonyEricsson ?([A-Za-z]\w+)")),
    ("Ericsson", re.compile(r"^Ericsson ?(\w+)")),
    ("Samsung", re.compile(r"(?:SAMSUNG|[Ss]amsung|SEC)[- ]([A-Za-z]+-?\w+)")),
    ("LG", re.compile(r"\bLGE?[-/ ]?([A-Z]{1,3}-?\d+\w*)")),
    ("Motorola", re.compile(r"(?:MOT|Motorola)-([\w-]+)")),
    ("Siemens", re.compile(r"SIE-(\w+)")),
    ("Alcatel", re.compile(r"(?:ALCATEL|Alcatel)[-_ ]?([\w-]+)")),
    ("Sagem", re.compile(r"SAGEM-([\w-]+)")),
    ("Sharp", re.compile(r"SHARP-([\w-]+)")),
    ("Panasonic", re.compile(r"Panasonic-?(\w+)")),
    ("Philips", re.compile(r"(?:PHILIPS|Philips)[-/ ]?(\w+)")),
    ("ZTE", re.compile(r"ZTE-([\w-]+)")),
    ("Huawei", re.compile(r"(?:HUAWEI|Huawei)[-/]([\w-]+)")),
)
_BROWSERS: tuple[tuple[str, str], ...] = (
    ("Opera Mini", "Opera Mini"), ("UCWEB", "UC Browser"), ("UCBrowser", "UC Browser"),
    ("MQQBrowser", "QQ Browser"), ("OneBrowser", "ONE Browser"), ("UP.Browser", "Openwave"),
    ("up.browser", "Openwave"), ("OpenWave", "Openwave"), ("Openwave", "Openwave"), ("Obigo", "Obigo"),
    ("Teleca", "Obigo"), ("NetFront", "NetFront"), ("Dolfin", "Dolfin"), ("Dorado", "Dorado"),
    ("POLARIS", "Polaris"), ("Polaris", "Polaris"), ("DoCoMo", "i-mode"), ("wApua", "wApua"),
    ("MAUI", "Maui"), ("Maui", "Maui"), ("Nokia", "Nokia Browser"),
)  # fmt: skip
_HAND = "feature_phone"


def feature_phone(agent: str) -> Device | None:
    """(class, brand, model, os, browser) of a handset; None when it is none."""
    if _WAP.search(agent) is None or _SMART.search(agent) is not None:
        return None
    brand, model = next(
        ((name, found[1]) for name, pattern in _MODELS if (found := pattern.search(agent))), ("", "")
    )
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = "Series 40" if re.search(r"Series ?40", agent) else ""
    return _HAND, brand, model, system, browser
