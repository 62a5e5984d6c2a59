"""The protocols. Adding one is one file and one line here."""

from __future__ import annotations

from ingest.protocols import access_log, native, pixel, wap
from ingest.protocols.base import Protocol

PROTOCOLS: tuple[Protocol, ...] = (native.PROTOCOL, pixel.PROTOCOL, wap.PROTOCOL, access_log.PROTOCOL)
BY_NAME = {protocol.name: protocol for protocol in PROTOCOLS}
