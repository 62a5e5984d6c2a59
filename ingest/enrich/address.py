"""Web addresses as text: their parts, and the same address without what could name a person."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, unquote_plus

from ingest.enrich.column import Remembered

HIDDEN = "redacted"
CLICK_IDS = (
    "gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "twclid", "li_fat_id", "yclid",
)  # fmt: skip
"""Parameters of advertisers, the telling ones first."""
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
SECRET_NAMES = frozenset(
    """password passwd pwd pass secret token access_token id_token refresh_token auth authorization api_key
    apikey
    session sessionid session_id sid phpsessid jsessionid signature sig otp pin email e-mail mail e_mail phone
    tel telephone mobile msisdn ssn iban card cardnumber cvv firstname lastname first_name last_name fullname
    birthday birthdate dob""".split()
)
"""Parameters whose values nobody may keep."""
_AT = re.compile(r"(?:@|%40)[\w-]+(?:\.[\w-]+)+")
_LOCAL_BACKWARDS = re.compile(r"(?:[BEDF][257]%|[\w.!'*+~-])+", re.IGNORECASE)
"""The part of an e-mail address before its @, read from there: a search forwards costs quadratic time."""
_TOKEN = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?|[0-9a-fA-F]{32,}|"
    r"(?=[^0-9]*[0-9])(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])[\w+/=-]{40,}",
    re.ASCII,
)
_DEPTH = 3
"""Escapes in escapes that are looked through."""
_PAIR = re.compile(r"(?:(?<=[?&;#=])|^)([^?&;#=\s]+)=([^?&;#\s]+)")
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
    path = clean_path(path)
    pairs = [pair for pair in (query or "").split("&") if pair]
    clean = "".join(
        (
            f"{scheme}:" if scheme else "",
            f"//{host.lower()}{port or ''}" if host is not None else "",
            path,
            f"?{'&'.join(map(_clean_pair, pairs))}" if pairs else "",
            f"#{without_secrets(fragment)}" if fragment and fragment[0] in "/!" else "",
        )
    )
    shown = path or ("/" if host else "")
    return Address(clean, (host or "").lower().rstrip("."), shown, tuple(map(_parameter, pairs)))


def clean_path(path: str) -> str:
    """A path without e-mail addresses, sessions and parameters."""
    return _SESSION_IN_PATH.sub("", without_email(path.partition("?")[0].partition("#")[0]))


def _parameter(pair: str) -> tuple[str, str]:
    name, _, value = pair.partition("=")
    return unquote_plus(name).lower(), unquote_plus(value).strip()


def _clean_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    plain = unquote_plus(name).lower()
    if plain in CLICK_IDS or not value:
        return without_email(pair)
    if plain in SECRET_NAMES:
        return f"{name}{equals}{HIDDEN}"
    return f"{without_email(name)}{equals}{clean_value(value)}"


def clean_value(value: str) -> str:
    """A value, escaped or not, without e-mail addresses and secrets; hidden if it hides one more deeply."""
    value = without_email(value)
    plain = unquote_plus(value)
    if _TOKEN.fullmatch(plain):
        return HIDDEN
    clean = without_secrets(plain)
    if plain == value:
        return clean
    if _hides(clean):
        return HIDDEN
    return value if clean == plain else quote(clean, safe="")


def _hides(text: str) -> bool:
    for _ in range(_DEPTH):
        plain = unquote_plus(text)
        if plain == text:
            return False
        if without_secrets(plain) != plain or _TOKEN.fullmatch(plain):
            return True
        text = plain
    return True


def without_secrets(text: str) -> str:
    """A text without e-mail addresses, and without secrets where it holds parameters."""
    text = without_email(text)
    return _PAIR.sub(_hide, text) if "=" in text else text


def _hide(pair: re.Match[str]) -> str:
    name, value = pair.groups()
    secret = name.lower() in SECRET_NAMES or _TOKEN.fullmatch(value)
    return f"{name}={HIDDEN}" if secret else pair[0]


def without_email(text: str) -> str:
    """The text with every e-mail address replaced."""
    if "@" not in text and "%40" not in text:
        return text
    parts, end, seen = [], 0, 0
    for found in _AT.finditer(text):
        local = _LOCAL_BACKWARDS.match(text[seen : found.start()][::-1])
        seen = found.end()
        if local is not None:
            start = found.start() - local.end()
            start += 2 if text[start - 1 : start] == "%" else 0  # of an escape
            parts += [text[end:start], HIDDEN]
            end = seen
    return "".join((*parts, text[end:]))


ADDRESSES: Remembered[Address] = Remembered(_address)
"""Address text → its parts."""
