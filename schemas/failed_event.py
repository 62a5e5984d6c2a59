"""What could not become an event, kept whole with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Stage(str, Enum):
    """Where it failed."""

    COLLECTION = "collection"
    DECODE = "decode"
    SCHEMA = "schema"
    ENRICH = "enrich"
    LOAD = "load"


class Reason(str, Enum):
    """Why it failed; each has one sentence in docs/reference."""

    MALFORMED = "malformed"  # not the format it claims to be (JSON, log line, UTF-8)
    TOO_LARGE = "too_large"  # a body, an event or an id over its limit
    TOO_DEEP = "too_deep"  # nested beyond what can be read
    WRONG_TYPE = "wrong_type"  # a field holds another kind of value
    UNKNOWN_SITE = "unknown_site"  # no site has this id, domain or key
    ORIGIN = "origin"  # the site does not accept this origin
    NO_VISITOR = "no_visitor"  # neither id nor address nor agent
    NO_TYPE = "no_type"  # neither event type nor name
    BAD_TIME = "bad_time"  # a true time that cannot be stored
    EMPTY = "empty"  # a request without an event
    UNSUPPORTED = "unsupported"  # a message of the protocol that is not an event
    INTERNAL = "internal"  # our own error; replay when it is mended


@dataclass(frozen=True)
class FailedEvent:
    """One refused event or line; replay reads `envelope` again."""

    site_id: str  # '' when unknown
    failed_id: str  # hash of where it lay and its bytes, whatever the reason: refused again is the same row
    received_at: datetime
    stage: str
    reason: str
    protocol: str
    detail: str = ""  # one line for a person
    raw: bytes = b""  # original bytes
    raw_ref: str = ""
    envelope: bytes = b""  # a block with the request that holds it alone; '' when that is too large
    history: str = ""  # JSON list of earlier reasons, oldest first: reason, detail, rule_version, at
    rule_version: str = ""  # of the decoders that refused it
    attempts: int = 1
    version: int = 0
    is_deleted: bool = False
