"""Web addresses as text: their parts, and the same address without what could name a person."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote_plus

from ingest.enrich.column import Remembered

HIDDEN = "redacted"
CLICK_IDS = (
    "gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "twclid", "li_fat_id", "yclid",
)  # fmt: skip
"""Parameters of advertisers, the telling ones first."""
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
_KEPT = frozenset((*CLICK_IDS, *UTM))
_SECRET_NAMES = frozenset(
    """password passwd pwd pass secret token access_token id_token refresh_token auth authorization api_key
    apikey
    session sessionid session_id sid phpsessid jsessionid signature sig otp pin email e-mail mail e_mail phone
    tel telephone mobile msisdn ssn iban card cardnumber cvv firstname lastname first_name last_name fullname
    birthday birthdate dob""".split()
)
EMAIL = re.compile(r"[\w.!'*+~-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_TOKEN = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.?[\w-]*|[0-9a-fA-F]{32,}|"
    r"(?=[^0-9]*[0-9])(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])[\w+/=-]{40,}"
)
_SESSION_IN_PATH = re.compile(r";(?:jsessionid|sid|phpsessid)=[^/?#;]*", re.IGNORECASE)
_SPLIT = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?:[^/?#@]*@)?(?P<host>\[[^\]/?#]*\]|"
    r"[^/?#:]*)(?P<port>:[^/?#]*)?)?"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)


class Address(NamedTuple):
    """The parts of an address. `text` is the address without logins, e-mail addresses and tokens."""

    text: str
    host: str = ""  # lower-case, without port
    path: str = ""
    parameters: tuple[tuple[str, str], ...] = ()  # decoded, names in lower case


def _address(text: str) -> Address:
    found = _SPLIT.fullmatch(text.strip())
    if found is None:
        return Address(without_email(text))
    scheme, host, port, path, query, fragment = found.groups()
    if host is None and scheme and not path.startswith("/"):  # mailto:, tel:, data:
        return Address(f"{scheme}:" if scheme.lower() in ("mailto", "tel", "sms") else without_email(text))
    path = _SESSION_IN_PATH.sub("", without_email(path))
    pairs = [pair for pair in (query or "").split("&") if pair]
    clean = "".join(
        (
            f"{scheme}:" if scheme else "",
            f"//{host.lower()}{port or ''}" if host is not None else "",
            path,
            f"?{'&'.join(map(_clean_pair, pairs))}" if pairs else "",
            f"#{without_email(fragment)}" if fragment and fragment[0] in "/!" else "",
        )
    )
    shown = path or ("/" if host else "")
    return Address(clean, (host or "").lower().rstrip("."), shown, tuple(map(_parameter, pairs)))


def _parameter(pair: str) -> tuple[str, str]:
    name, _, value = pair.partition("=")
    return unquote_plus(name).lower(), unquote_plus(value).strip()


def _clean_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    plain = unquote_plus(name).lower()
    if plain in _KEPT or not value:
        return without_email(pair)
    if plain in _SECRET_NAMES or _TOKEN.fullmatch(unquote_plus(value)):
        return f"{name}{equals}{HIDDEN}"
    return without_email(pair)


def without_email(text: str) -> str:
    """The text with every e-mail address replaced."""
    return EMAIL.sub(HIDDEN, text) if "@" in text or "%40" in text else text


ADDRESSES: Remembered[Address] = Remembered(_address)
"""Address text → its parts."""
