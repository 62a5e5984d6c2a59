"""One HTTP request as the log keeps it, and the block of requests that is one record of the log."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

VERSION = 1


class Envelope(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """A request after the privacy guard: nothing decoded, nothing personal beyond what the event needs."""

    received_at: int  # ms since 1970, by the collector's clock
    protocol: str  # which decoder reads it
    site_key: str = ""  # from path, query or header; '' when only the body says
    method: str = "POST"
    path: str = ""
    query: bytes = b""
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()  # lower-case names; only those decoders and enrichments read
    address: str = ""  # truncated to /24 or /48
    client_hash: str = ""  # cookieless daily id: HMAC of salt, host, full address and agent
    cookie_id: str = ""  # our first-party cookie, if one came
    subscriber: str = ""  # HMAC of a gateway's subscriber header
    trusted: bool = False  # a site secret came along: its times and addresses count


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[int, list[Envelope]])


def encode_block(envelopes: Sequence[Envelope]) -> bytes:
    """A versioned record of one or more envelopes."""
    return _encoder.encode((VERSION, list(envelopes)))


def decode_block(record: bytes) -> list[Envelope]:
    """The envelopes of a record; ValueError when it is not one of ours."""
    try:
        version, envelopes = _decoder.decode(record)
    except msgspec.DecodeError as error:
        raise ValueError(f"not a block of envelopes: {error}") from None
    if version != VERSION:
        raise ValueError(f"block of envelopes of version {version}, this program reads {VERSION}")
    return envelopes
