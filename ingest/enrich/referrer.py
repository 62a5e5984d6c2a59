"""What kind of place a referrer is: search engine, social network, assistant, web mail, or another site."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from ingest.enrich.address import ADDRESSES
from ingest.enrich.column import Remembered

KINDS = ("ai", "email", "search", "social")
_SECOND_LEVEL = frozenset("co com org net ac gov edu ne or".split())
MAX_HOST = 253
"""Characters of the longest name a host can have."""
_ANY_DEPTH = ("ai", "social")
"""Kinds whose sub-domains are the same place; docs.google.com is no search engine."""


class Referrer(NamedTuple):
    """kind: one of KINDS, 'site' or '' for none; name: google, facebook, blog.example …"""

    kind: str = ""
    name: str = ""
    host: str = ""  # without www.


def _referrer(text: str) -> Referrer:
    if text in ("", "-"):
        return Referrer()
    address = ADDRESSES[text]
    host = (address.host or _app(address.text)).removeprefix("www.")
    if "." not in host or len(host) > MAX_HOST:
        return Referrer()
    if name := _by_path(host, address.path):
        return Referrer("ai", name, host)
    for kind, name in _places(host):
        return Referrer(kind, name, host)
    return Referrer("site", host, host)


def kind_of_source(source: str) -> str:
    """The kind of a utm_source: a name from the lists (google) or a host in them; '' for others."""
    return _kinds_by_name().get(source) or (REFERRERS[f"//{source}"].kind if "." in source else "")


def _places(host: str) -> Iterator[tuple[str, str]]:
    lists = _lists()
    for pattern in _spellings(host):
        for kind in KINDS:
            if name := lists[kind].get(pattern):
                yield kind, name
    rest = host
    while "." in rest:
        for kind in _ANY_DEPTH:
            if name := lists[kind].get(rest):
                yield kind, name
        rest = rest.partition(".")[2]


def _spellings(host: str) -> Iterator[str]:
    """The host, and how lists write it for any country: google.{} and {}.bing.com."""
    yield host
    labels = host.split(".")
    if len(labels) > 2 and labels[-2] in _SECOND_LEVEL:
        yield ".".join((*labels[:-2], "{}"))
    yield ".".join((*labels[:-1], "{}"))
    yield ".".join(("{}", *labels[1:]))


def _by_path(host: str, path: str) -> str:
    for pattern, name in _lists()["ai"].items():
        place, slash, below = pattern.partition("/")
        if slash and host == place and path.startswith(f"/{below}"):
            return name
    return ""


@cache
def hosts_told_by_path() -> frozenset[str]:
    """Hosts that are several places, by path: x.com/i/grok."""
    return frozenset(place for place, slash, _ in (name.partition("/") for name in _lists()["ai"]) if slash)


def _app(text: str) -> str:
    """The package in android-app:com.example (written without slashes by some)."""
    return text.partition(":")[2].strip("/").partition("/")[0] if text.startswith("android-app:") else ""


@cache
def _lists() -> dict[str, dict[str, str]]:
    text = (files("ingest.enrich") / "data" / "referrers.json").read_text(encoding="utf-8")
    lists: dict[str, dict[str, str]] = json.loads(text)
    return lists


@cache
def _kinds_by_name() -> dict[str, str]:
    return {name: kind for kind in reversed(KINDS) for name in _lists()[kind].values()}


REFERRERS: Remembered[Referrer] = Remembered(_referrer)
"""Referrer text → what it is."""
