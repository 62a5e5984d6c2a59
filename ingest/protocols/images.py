"""The images that answer a beacon, as small as their formats allow, and never cached."""

from __future__ import annotations

from ingest.protocols.base import Answer

GIF_TYPE = "image/gif"
WBMP_TYPE = "image/vnd.wap.wbmp"
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
"""One transparent pixel, 43 bytes."""
WBMP = bytes.fromhex("0000010180")
"""One white dot, 5 bytes: type 0, fixed header, width 1, height 1, one padded row."""
NO_STORE = (
    ("cache-control", "no-store, no-cache, must-revalidate, max-age=0"),
    ("pragma", "no-cache"),
    ("expires", "0"),
)
"""For HTTP/1.1, for HTTP/1.0 and for gateways that know only dates."""


def image(kind: str, data: bytes) -> Answer:
    """An image as an answer that nobody keeps."""
    return Answer(200, (("content-type", kind), *NO_STORE), data)


GIF_ANSWER = image(GIF_TYPE, GIF)
WBMP_ANSWER = image(WBMP_TYPE, WBMP)
