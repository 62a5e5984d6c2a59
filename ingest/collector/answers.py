"""How the edge answers: CORS, the tag, and plain texts."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from ingest.protocols.base import Answer

Headers = tuple[tuple[str, str], ...]
_PLAIN = ("content-type", "text/plain; charset=utf-8")
_PRINTABLE = re.compile(r"[\x20-\x7e]{1,2000}")
_MAX_AGE_S = "86400"

NOT_FOUND = Answer(404, (_PLAIN,), b"Not found\n")
TOO_LARGE = Answer(413, (_PLAIN,), b"Body too large\n")
OVERLOADED = Answer(503, (_PLAIN, ("retry-after", "1")), b"Overloaded: try again\n")
LOG_REFUSES = Answer(503, (_PLAIN, ("retry-after", "5")), b"Not recorded: try again\n")
ALIVE = Answer(200, (_PLAIN,), b"ok\n")


def with_cors(answer: Answer, headers: Mapping[str, str]) -> Answer:
    """The answer for any origin that asked, credentials included: some SDKs always send them."""
    origin = headers.get("origin", "")
    if not _PRINTABLE.fullmatch(origin):
        return answer
    cors = (
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true"),
        ("vary", "Origin"),
    )
    return Answer(answer.status, answer.headers + cors, answer.body)


def preflight(headers: Mapping[str, str]) -> Answer:
    """The answer to OPTIONS: whatever was asked for, for a day."""
    asked = headers.get("access-control-request-headers", "")
    allowed: Headers = (("access-control-allow-methods", "GET, POST, OPTIONS"),)
    if _PRINTABLE.fullmatch(asked):
        allowed += (("access-control-allow-headers", asked),)
    return with_cors(Answer(204, (*allowed, ("access-control-max-age", _MAX_AGE_S)), b""), headers)


@dataclass(frozen=True)
class Tag:
    """The built tag as it is served: exact bytes, their gzip form and the validators of both."""

    plain: bytes
    packed: bytes
    etag: str

    @classmethod
    def load(cls) -> Tag:
        """Read the built tag from the package."""
        plain = (files("ingest.snippet") / "t.js").read_bytes()
        return cls(plain, gzip.compress(plain, 9, mtime=0), hashlib.sha256(plain).hexdigest()[:16])

    def answer(self, headers: Mapping[str, str]) -> Answer:
        """The tag, gzipped for who accepts it, or 304 for who has it."""
        packed = re.search(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", headers.get("accept-encoding", ""))
        etag = f'"{self.etag}-gz"' if packed else f'"{self.etag}"'
        common: Headers = (
            ("etag", etag),
            ("cache-control", "public, max-age=3600"),
            ("vary", "Accept-Encoding"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("access-control-allow-origin", "*"),
        )
        known = [one.strip().removeprefix("W/") for one in headers.get("if-none-match", "").split(",")]
        if etag in known:
            return Answer(304, common, b"")
        common += (("content-type", "text/javascript; charset=utf-8"), ("x-content-type-options", "nosniff"))
        if packed:
            return Answer(200, (*common, ("content-encoding", "gzip")), self.packed)
        return Answer(200, common, self.plain)
