"""What the simulated shop is made of: goods, devices, countries, sources. All of it invented."""

from __future__ import annotations

from dataclasses import dataclass

SITE = "demo"
HOST = "https://shop.example"
WAP_HOST = "http://wap.shop.example"
CURRENCY = "EUR"


@dataclass(frozen=True)
class Product:
    """Something the shop sells; `appeal` is its weight when a visitor picks a page."""

    sku: str
    slug: str
    title: str
    category: str
    price: float
    appeal: float


@dataclass(frozen=True)
class Device:
    """A browser on a machine: its agent and its screen."""

    kind: str  # desktop | phone | tablet | feature_phone
    agent: str
    screen: str
    weight: float
    profile: str = ""  # address of a feature phone's capability profile


@dataclass(frozen=True)
class Country:
    """Where visitors live; `offset_h` shifts the day rhythm against UTC."""

    code: str
    timezone: str
    language: str
    offset_h: int
    weight: float
    gateway: str = ""  # of the operator, in countries with WAP visitors


CATEGORIES = {"tea": "Tea", "coffee": "Coffee", "ware": "Pots and cups", "gifts": "Gifts"}
LEAKY = "travel-kettle"
PRODUCTS = (
    Product("T-01", "assam-second-flush", "Assam second flush", "tea", 12.9, 5),
    Product("T-02", "sencha-first-harvest", "Sencha first harvest", "tea", 16.5, 5),
    Product("T-03", "jasmine-pearls", "Jasmine pearls", "tea", 18.0, 4),
    Product("T-04", "smoky-pine", "Smoky pine", "tea", 9.8, 2),
    Product("T-05", "mountain-oolong", "Mountain oolong", "tea", 22.0, 3),
    Product("T-06", "white-peony", "White peony", "tea", 14.2, 2),
    Product("T-07", "earl-of-nowhere", "Earl of nowhere", "tea", 8.9, 6),
    Product("C-01", "house-espresso", "House espresso", "coffee", 11.5, 6),
    Product("C-02", "washed-highland", "Washed highland", "coffee", 15.9, 4),
    Product("C-03", "slow-filter-roast", "Slow filter roast", "coffee", 13.4, 3),
    Product("C-04", "cold-brew-bags", "Cold brew bags", "coffee", 10.0, 3),
    Product("W-01", LEAKY, "Travel kettle", "ware", 49.0, 9),
    Product("W-02", "glass-teapot", "Glass teapot", "ware", 34.0, 5),
    Product("W-03", "hand-grinder", "Hand grinder", "ware", 59.0, 4),
    Product("W-04", "stone-cup", "Stone cup", "ware", 18.5, 4),
    Product("W-05", "paper-filters", "Paper filters", "ware", 4.9, 3),
    Product("G-01", "tasting-box", "Tasting box", "gifts", 29.0, 6),
    Product("G-02", "year-of-tea", "A year of tea", "gifts", 119.0, 1),
)
GUIDES = (
    ("/guides/water-temperature", "Which water for which tea"),
    ("/guides/cold-brew", "Cold brew in ten minutes"),
    ("/guides/grind-size", "Grind size, explained"),
)
HELP = (("/help/shipping", "Shipping"), ("/help/returns", "Returns"))
DOWNLOADS = ("/downloads/brewing-guide.pdf", "/downloads/catalogue.pdf")
OUTLINKS = (
    "https://tea-growers.example/visit",
    "https://parcel.example/track",
    "https://pictagram.example/shop",
)
FOUND_TERMS = ("sencha", "espresso", "teapot", "kettle", "gift", "grinder", "jasmine", "filter")
EMPTY_TERMS = ("matcha whisk", "decaf", "gift card", "milk frother", "rooibos")
"""Searched for, and not sold: the zero-result story."""

_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) "
_LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) "
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) "
_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko) "
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS {} like Mac OS X) " + _WEBKIT
_BLINK = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 "


def _android(model: str, version: int, chrome: int) -> str:
    return f"Mozilla/5.0 (Linux; Android {version}; {model}) {_BLINK.format(chrome)}Mobile Safari/537.36"


DESKTOPS = (
    Device("desktop", _WINDOWS + _BLINK.format(141) + "Safari/537.36", "1920x1080", 8),
    Device("desktop", _WINDOWS + _BLINK.format(140) + "Safari/537.36 Edg/140.0.0.0", "1536x864", 4),
    Device(
        "desktop",
        _MAC + _WEBKIT + "Version/18.6 Safari/605.1.15",
        "1440x900",
        4,
    ),
    Device("desktop", _MAC + _BLINK.format(141) + "Safari/537.36", "1728x1117", 3),
    Device(
        "desktop",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
        "1920x1080",
        3,
    ),
    Device("desktop", _LINUX + "Gecko/20100101 Firefox/142.0", "2560x1440", 1),
    Device(
        "tablet",
        "Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/17.6 Mobile/15E148 Safari/604.1",
        "820x1180",
        2,
    ),
)
PHONES = (
    Device("phone", _IPHONE.format("18_6") + "Version/18.6 Mobile/15E148 Safari/604.1", "390x844", 6),
    Device("phone", _IPHONE.format("17_7") + "Version/17.7 Mobile/15E148 Safari/604.1", "375x812", 3),
    Device("phone", _IPHONE.format("18_5") + "CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1", "430x932", 1),
    Device("phone", _android("Pixel 8", 15, 141), "412x915", 3),
    Device("phone", _android("SM-S921B", 15, 141), "384x832", 4),
    Device("phone", _android("SM-A546B", 14, 140), "412x892", 3),
    Device("phone", _android("2312DRA50G", 14, 139), "393x873", 2),
)
HANDSETS = (
    Device("feature_phone", "Nokia6100/1.0 (05.16) Profile/MIDP-1.0 Configuration/CLDC-1.0", "128x128", 3,
           "http://uaprof.example/n6100r100.xml"),
    Device("feature_phone", "Nokia110/2.0 (03.33) Profile/MIDP-2.1 Configuration/CLDC-1.1", "128x160", 5,
           "http://uaprof.example/n110.xml"),
    Device("feature_phone", "SonyEricssonK750i/R1AA Browser/SEMC-Browser/4.2 Profile/MIDP-2.0 "
           "Configuration/CLDC-1.1", "176x220", 2, "http://uaprof.example/k750i.xml"),
    Device("feature_phone", "SIE-S55/16 UP.Browser/6.1.0.5.c.6 (GUI) MMP/1.0 UP.Link/5.1.2.4", "101x80", 1),
)  # fmt: skip
CRAWLERS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1)",
    "Mozilla/5.0 (compatible; bingbot/2.0)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0)",
    "Mozilla/5.0 (compatible; GPTBot/1.2)",
    "python-requests/2.32.3",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/139.0.0.0 Safari/537.36",
)
COUNTRIES = (
    Country("DE", "Europe/Berlin", "de-DE", 1, 46),
    Country("AT", "Europe/Vienna", "de-AT", 1, 10),
    Country("CH", "Europe/Zurich", "de-CH", 1, 8),
    Country("NL", "Europe/Amsterdam", "nl-NL", 1, 9),
    Country("FR", "Europe/Paris", "fr-FR", 1, 10),
    Country("GB", "Europe/London", "en-GB", 0, 10),
    Country("US", "America/New_York", "en-US", -5, 7),
)
WAP_COUNTRIES = (
    Country("KE", "Africa/Nairobi", "en-KE", 3, 6, "WAP/1.1 gw.savanna-mobile.example (Kannel/1.4.5)"),
    Country("IN", "Asia/Kolkata", "en-IN", 5, 4, "WAP/1.1 wapgw.monsoon-tel.example (Kannel/1.4.4)"),
)
WEEKDAYS = (1.05, 1.12, 1.04, 1.0, 0.92, 0.72, 0.98)
"""Traffic by day of the week, from Monday."""
HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 10, 11, 10, 9, 9, 9, 10, 12, 14, 15, 13, 8, 4)
"""Traffic by local hour."""
