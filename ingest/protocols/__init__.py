"""The protocols. Adding one is one file and one line here."""

from __future__ import annotations

from ingest.protocols import native
from ingest.protocols.base import Protocol

PROTOCOLS: tuple[Protocol, ...] = (native.PROTOCOL,)
BY_NAME = {protocol.name: protocol for protocol in PROTOCOLS}
