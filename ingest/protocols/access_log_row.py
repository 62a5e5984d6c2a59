"""What one line of an access log says, whatever format it was in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ingest.protocols.instants import LATEST_MS

MAX_TEXT = 8192
DOWNLOADS = frozenset(
    """pdf zip exe dmg doc docx xls xlsx ppt pptx odt ods odp rtf csv tsv epub mobi mp3 mp4 m4a m4v mkv mov
    avi wmv wav ogg flac webm 7z rar gz tgz bz2 xz tar iso img pkg deb rpm apk ipa msi jar jad sis""".split()
)
"""Extensions of what people fetch to keep."""
ASSETS = frozenset(
    """css js mjs map png jpg jpeg gif webp avif svg ico bmp wbmp tif tiff woff woff2 ttf otf eot cur swf json
    xml rss atom txt wasm webmanifest manifest ts m3u8 wmls wmlsc""".split()
)
"""Extensions of what pages and programs fetch by themselves."""
MONTHS = dict(zip("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), range(1, 13), strict=True))

_REQUEST = re.compile(r"(?P<method>[A-Za-z_-]{1,20}) (?P<target>\S.*?)(?: HTTP/\d(?:\.\d)?)?", re.DOTALL)
_ABSOLUTE = re.compile(r"https?://(?P<host>[^/?#]*)(?P<target>.*)", re.IGNORECASE | re.DOTALL)
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,11})\Z")
_NAMED = re.compile(r"[A-Za-z0-9_.:\[\]-]{1,255}")
_PORT = re.compile(r":\d*\Z")


class Unreadable(Exception):
    """A line of no format known here; the text says where it ends to be one."""


@dataclass(frozen=True)
class LogLine:
    """What one line says; absent text is ''."""

    time: int  # ms since 1970
    address: str  # full: for the visitor's hash only, never stored
    method: str
    url: str
    host: str
    path: str
    status: int
    size: int
    referrer: str
    user_agent: str
    language: str = ""


def event_type(method: str, status: int, path: str) -> str:
    """What a request was: page_view, download, error or asset."""
    if status >= 400:
        return "error"
    if method != "GET" or not (200 <= status < 300 or status == 304) or not path:
        return "asset"
    found = _EXTENSION.search(path)
    extension = found[1].lower() if found else ""
    if extension in DOWNLOADS:
        return "download"
    return "asset" if extension in ASSETS else "page_view"


def line_of(
    time: int,
    address: str,
    request: tuple[str, str, str],
    result: tuple[int, int],
    client: tuple[str, ...],
) -> LogLine:
    """The row of time, address, (method, host, target), (status, size), (referrer, agent[, language]).

    Raises Unreadable for a time that cannot be stored.
    """
    if not 0 <= time < LATEST_MS:
        raise Unreadable("the time is not from 1970 to 2149")
    method, host, target = request
    if absolute := _ABSOLUTE.fullmatch(target):  # as sent to a proxy
        host = host or named(absolute["host"].rpartition("@")[2])
        target = absolute["target"] if absolute["target"].startswith("/") else "/" + absolute["target"]
    host = _bare(host)
    if not target.startswith("/"):
        target = ""
    target = _text(target)
    if target.startswith("//"):  # would read as a host
        target = "/" + target.lstrip("/")
    return LogLine(
        time,
        "" if address == "-" else address,
        method,
        f"https://{host}{target}" if host and target else target,
        host,
        target.partition("?")[0],
        *result,
        *(_text("" if value == "-" else value) for value in client),
    )


def named(host: str) -> str:
    """A host as the client wrote it, '' for what is none."""
    return host if _NAMED.fullmatch(host) else ""


def _bare(host: str) -> str:
    """A virtual host without its port, in lower case."""
    return "" if host == "-" else _PORT.sub("", host).lower()


def _text(value: str) -> str:
    return value.replace("\0", "")[:MAX_TEXT]


def instant_of(text: str) -> int:
    """Milliseconds of `22/Nov/2026:01:15:59 +0000`."""
    try:
        zone = timedelta(hours=int(text[22:24]), minutes=int(text[24:26]))
        moment = datetime(
            int(text[7:11]),
            MONTHS[text[3:6]],
            int(text[:2]),
            int(text[12:14]),
            int(text[15:17]),
            min(int(text[18:20]), 59),  # a leap second
            tzinfo=timezone(-zone if text[21] == "-" else zone),
        )
    except (ValueError, KeyError):
        raise Unreadable(f"no time: {text}") from None
    return round(moment.timestamp()) * 1000


def request_of(text: str) -> tuple[str, str]:
    """Method and target; '' and '' for bytes that were no HTTP request."""
    found = _REQUEST.fullmatch(text)
    return (found["method"], found["target"]) if found else ("", "")
