"""Hello: who connects, with which revision and to which database."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from store.tables.embedded import wire
from store.tables.embedded.wire import ByteReader, ProtocolError, text, varint


@dataclass(frozen=True)
class Hello:
    """A client's first packet; `revision` is the one both sides know."""

    client: str
    revision: int
    database: str
    user: str
    password: str


def read_hello(reader: ByteReader) -> Hello:
    """The first packet of a connection; ProtocolError if it is none (a browser, a port scan)."""
    if reader.varint() != wire.CLIENT_HELLO:
        raise ProtocolError("the first packet is no Hello")
    client = reader.text()
    reader.varint()
    reader.varint()
    revision = min(reader.varint(), wire.REVISION)
    return Hello(client, revision, reader.text(), reader.text(), reader.text())


def hello_packet(version: tuple[int, int, int], timezone: str, revision: int) -> bytes:
    """The answer for clients of this revision."""
    major, minor, patch = version
    out = varint(wire.SERVER_HELLO) + text("ClickHouse") + varint(major) + varint(minor)
    out += varint(wire.REVISION)
    if revision >= wire.TIMEZONE:
        out += text(timezone)
    if revision >= wire.DISPLAY_NAME:
        out += text("clicktrail")
    if revision >= wire.VERSION_PATCH:
        out += varint(patch)
    if revision >= wire.PASSWORD_RULES:
        out += varint(0)
    if revision >= wire.INTERSERVER_NONCE:
        out += bytes(8)
    return out


def read_addendum(reader: ByteReader, revision: int) -> None:
    """What newer clients send after the answer: a quota key, unused here."""
    if revision >= wire.ADDENDUM:
        reader.text()


def password_matches(expected: str | None, given: str) -> bool:
    """Whether the password is right; takes the same time for any wrong one."""
    known = (expected or "").encode()
    return hmac.compare_digest(known, given.encode("utf-8", "surrogateescape")) and expected is not None
