"""The privacy guard: a request becomes an envelope, and what must not be stored is used and dropped here."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ingest.protocols.base import Request
from schemas.envelope import Envelope

COOKIE = "ct_id"
"""Our first-party cookie; the tag sets it only when the site asks for it."""
KEPT = (
    "user-agent", "accept-language", "referer", "sec-gpc", "dnt", "origin", "content-type",
    "content-encoding",
)  # fmt: skip
"""Headers every envelope keeps; a protocol adds its own."""
NEVER_KEPT = frozenset(
    """cookie authorization proxy-authorization forwarded x-forwarded-for x-real-ip client-ip true-client-ip
    cf-connecting-ip x-wap-network-client-ip x-wap-network-client-msisdn msisdn x-msisdn x-nokia-msisdn
    x-up-subno x-up-calling-line-id x-dcmguid x-jphone-uid x-em-uid x-uidh x-vf-acr x-acr x-imsi""".split()
)
"""Addresses, subscribers and secrets: dropped even if a protocol names them."""
_INSIDE = tuple(
    ipaddress.ip_network(one)
    for one in """127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16
    ::1/128 fc00::/7 fe80::/10""".split()
)
_HASH_CHARS = 32
_COOKIE_CHARS = 128

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Arrival(NamedTuple):
    """What the edge knows of a request beside its text."""

    now_ms: int  # since 1970
    salt: bytes  # of the UTC day of `now_ms`
    trusted: bool  # it carries the secret of its site


def kept_names(protocol_headers: Sequence[str]) -> tuple[str, ...]:
    """The headers an envelope of a protocol keeps, without repeats."""
    return tuple(name for name in dict.fromkeys((*KEPT, *protocol_headers)) if name not in NEVER_KEPT)


@dataclass(frozen=True)
class Guard:
    """How requests of one protocol become envelopes: its name and the headers kept."""

    protocol: str
    keep: tuple[str, ...]

    def envelope(self, request: Request, site_key: str, peer: str, arrival: Arrival) -> Envelope:
        """What the log keeps of a request from the socket address `peer` ('' unknown)."""
        headers = request.headers
        address, network = client_address(peer, headers.get("x-forwarded-for", ""))
        return Envelope(
            received_at=arrival.now_ms,
            protocol=self.protocol,
            site_key=site_key,
            method=request.method,
            path=request.path,
            query=request.query,
            body=request.body,
            headers=tuple([(name, headers[name]) for name in self.keep if name in headers]),
            address=network,
            client_hash=client_hash(arrival.salt, address, headers),
            cookie_id=cookie_id(headers.get("cookie", "")),
            trusted=arrival.trusted,
        )


@lru_cache(maxsize=4096)
def client_address(peer: str, forwarded: str) -> tuple[str, str]:
    """The client's full address and its /24 (IPv4) or /48 (IPv6) network; '' for none.

    Only a proxy (a loopback or private peer) may name another address than its own: the last one in
    X-Forwarded-For that is not a proxy itself.
    """
    address = _parsed(peer)
    if forwarded and (address is None or _is_inside(address)):
        named = [one for text in forwarded.split(",") if (one := _parsed(_without_port(text.strip())))]
        outside = (one for one in reversed(named) if not _is_inside(one))
        address = next(outside, named[0] if named else address)
    if address is None:
        return "", ""
    drop = 8 if address.version == 4 else 80
    return str(address), str(type(address)(int(address) >> drop << drop))


def is_inside(peer: str) -> bool:
    """Whether a socket address is loopback or private: our own machine or network, as proxies are."""
    address = _parsed(peer)
    return address is not None and _is_inside(address)


def client_hash(salt: bytes, address: str, headers: Mapping[str, str]) -> str:
    """The cookieless visitor of one day: HMAC-SHA256 of host, full address and agent, 32 hex digits.

    '' when there is neither address nor agent.
    """
    agent = headers.get("user-agent", "")
    if not address and not agent:
        return ""
    host = headers.get("host", "").lower().partition(":")[0]
    keyed = _keyed(salt).copy()
    keyed.update(f"{host}|{address}|{agent}".encode())
    return keyed.hexdigest()[:_HASH_CHARS]


def cookie_id(cookies: str) -> str:
    """The id in our first-party cookie; '' when there is none or it is no id of ours."""
    if COOKIE not in cookies:
        return ""
    for pair in cookies.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE and len(value) <= _COOKIE_CHARS and value.isascii() and value.isprintable():
            return value
    return ""


@lru_cache(maxsize=4)
def _keyed(salt: bytes) -> hmac.HMAC:
    return hmac.new(
        salt, digestmod=hashlib.sha256
    )  # a copy a hash: half the cost, and never gives up the GIL


def _is_inside(address: _Address) -> bool:
    return any(address in network for network in _INSIDE if network.version == address.version)


def _parsed(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
