"""One line of an access log → a row. The readable truth of the formats.

Common, Combined and vhost_combined with the escapes of nginx (`\\xE5`), Apache (`\\"`, `\\\\`, `\\xe5`) and
lighttpd (which writes the virtual host where others write ident), and lines that are JSON objects as Caddy
writes them or nginx with `escape=json`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec

from ingest.protocols.instants import LATEST_MS, instant_ms

MAX_TEXT = 8192
MAX_LINE = 64 << 10
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

_QUOTED = r'(?:[^"\\]|\\.)*'
_LINE = re.compile(
    r"(?P<head>.*?) \[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "
    rf'"(?P<request>{_QUOTED})" (?P<status>\d{{3}}) (?P<bytes>\d{{1,18}}|-)(?P<rest>(?: .*)?)',
    re.ASCII | re.DOTALL,
)
_REST = re.compile(rf' "(?P<referrer>{_QUOTED})" "(?P<agent>{_QUOTED})(?:"(?: .*)?)?', re.DOTALL)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_REQUEST = re.compile(r"(?P<method>[A-Za-z_-]{1,20}) (?P<target>\S.*?)(?: HTTP/\d(?:\.\d)?)?", re.DOTALL)
_ABSOLUTE = re.compile(r"https?://(?P<host>[^/?#]*)(?P<target>.*)", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+(?::\d+)?|localhost(?::\d+)?")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F.]*:[0-9a-fA-F.]*:[0-9a-fA-F:.]*")
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,11})\Z")
_CONTROL = {"b": b"\b", "n": b"\n", "r": b"\r", "t": b"\t", "v": b"\v"}


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


def read_line(text: str) -> LogLine:
    """The line as a row. Raises Unreadable."""
    text = text.strip("\0\ufeff\r\t ")
    if len(text) > MAX_LINE:
        raise Unreadable(f"longer than {MAX_LINE >> 10} KB")
    return _from_json(text) if text.startswith("{") else _from_text(text)


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


def _from_text(text: str) -> LogLine:
    line = _LINE.fullmatch(text)
    if line is None:
        raise Unreadable("not address, time, request, status and size")
    address, host = _who(line["head"])
    method, target = _request(_plain(line["request"]))
    referrer, agent = _referrer_and_agent(line["rest"])
    size = 0 if line["bytes"] == "-" else int(line["bytes"])
    return _row(
        _instant(line["time"]),
        address,
        (method, host, target),
        (int(line["status"]), size),
        (referrer, agent),
    )


def _who(head: str) -> tuple[str, str]:
    """Address and virtual host of `[vhost] address ident user`; ident and user are dropped."""
    words = head.split(" ")
    if len(words) < 3 or "" in words[:3]:
        raise Unreadable("not address, ident and user before the time")
    if len(words) > 3 and (_ADDRESS.fullmatch(words[1]) or not _ADDRESS.fullmatch(words[0])):
        return words[1], words[0]
    return words[0], words[1] if _HOST.fullmatch(words[1]) else ""


def _instant(text: str) -> int:
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


def _request(text: str) -> tuple[str, str]:
    """Method and target; '' and '' for bytes that were no HTTP request."""
    found = _REQUEST.fullmatch(text)
    return (found["method"], found["target"]) if found else ("", "")


def _referrer_and_agent(rest: str) -> tuple[str, str]:
    """Both are absent in Common; what follows the agent is the owner's own and passed over.

    A last line cut off inside the agent is kept: only the end of the agent is missing. Cut off before that
    it is no Combined line.
    """
    if not rest.startswith(' "'):
        return "", ""
    if found := _REST.fullmatch(rest):
        return _plain(found["referrer"]), _plain(found["agent"])
    referrer, between, agent = rest[2:].partition('" "')  # quotes nobody escaped
    if not between:
        raise Unreadable("not referrer and agent after the size")
    return _plain(referrer), _plain(agent.rpartition('"')[0] or agent)


def _plain(text: str) -> str:
    """Without the escapes of the server."""
    if "\\" not in text:
        return text
    raw, last = bytearray(), 0
    for found in _ESCAPE.finditer(text):
        said = found[1]
        byte = bytes.fromhex(said[1:]) if len(said) == 3 else _CONTROL.get(said, said.encode())
        raw += text[last : found.start()].encode() + byte
        last = found.end()
    raw += text[last:].encode()
    return raw.decode("utf-8", "replace")


def _row(
    time: int,
    address: str,
    request: tuple[str, str, str],
    result: tuple[int, int],
    client: tuple[str, ...],
) -> LogLine:
    if not 0 <= time < LATEST_MS:
        raise Unreadable("the time is not from 1970 to 2261")
    method, host, target = request
    if absolute := _ABSOLUTE.fullmatch(target):  # as sent to a proxy
        host = host or _named(absolute["host"].rpartition("@")[2])
        target = absolute["target"] if absolute["target"].startswith("/") else "/" + absolute["target"]
    host = _bare(host)
    if not target.startswith("/"):
        target = ""
    target = _text(re.sub(r"\A//+", "/", target))  # `//x/y` would read as host x
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


def _named(host: str) -> str:
    """A host as the client wrote it, '' for what is none."""
    return host if re.fullmatch(r"[A-Za-z0-9_.:\[\]-]{1,255}", host) else ""


def _bare(host: str) -> str:
    """A virtual host without its port, in lower case."""
    return "" if host == "-" else re.sub(r":\d*\Z", "", host).lower()


def _text(value: str) -> str:
    return value.replace("\0", "")[:MAX_TEXT]


_NAMES = {
    "time": ("msec", "time_iso8601", "time", "@timestamp", "timestamp", "ts", "time_local"),
    "address": ("client_ip", "remote_ip", "remote_addr", "clientip", "ClientHost"),
    "method": ("method", "request_method", "RequestMethod"),
    "target": ("uri", "request_uri", "RequestPath"),
    "host": ("host", "http_host", "server_name", "RequestHost"),
    "status": ("status", "DownstreamStatus"),
    "size": ("size", "bytes", "body_bytes_sent", "bytes_sent", "DownstreamContentSize"),
    "referrer": ("referer", "http_referer", "referrer", "http_referrer", "request_Referer"),
    "agent": ("ua", "http_user_agent", "user_agent", "agent", "request_User-Agent"),
    "language": ("al", "http_accept_language", "accept_language"),
}
"""How servers and owners call the fields in lines of JSON; the first that is there counts."""


def is_json_log(members: Mapping[str, Any]) -> bool:
    """Whether an object is a request as Caddy or nginx logs it."""
    inner = members.get("request")
    flat = {**members, **inner} if isinstance(inner, dict) else members
    return _first(flat, "status") is not None and (
        _first(flat, "target") is not None or isinstance(flat.get("request"), str)
    )


def _from_json(text: str) -> LogLine:
    try:
        members = msgspec.json.decode(text.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(f"JSON: {error}") from None
    if not is_json_log(members):
        raise Unreadable("an object without status and uri")
    inner = members.get("request")
    flat = {**members, **inner} if isinstance(inner, dict) else members
    value = {name: _first(flat, name) for name in _NAMES}
    method, target = str(value["method"] or ""), str(value["target"] or "")
    if isinstance(inner, str):
        method, target = _request(inner)
    headers = flat.get("headers")
    headers = headers if isinstance(headers, dict) else {}
    client = [
        _header(headers, header) or str(value[name] or "")
        for name, header in (
            ("referrer", "Referer"),
            ("agent", "User-Agent"),
            ("language", "Accept-Language"),
        )
    ]
    client[2] = re.split("[,;]", client[2], maxsplit=1)[0].strip()
    return _row(
        _json_instant(value["time"]),
        str(value["address"] or ""),
        (_text(method), _named(str(value["host"] or "")), target),
        (_number(value["status"]), _number(value["size"])),
        tuple(client),
    )


def _first(members: Mapping[str, Any], name: str) -> Any:
    return next((members[one] for one in _NAMES[name] if members.get(one) is not None), None)


def _header(headers: Mapping[str, Any], name: str) -> str:
    value = headers.get(name)
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, str) else ""


def _json_instant(value: Any) -> int:
    """Seconds with a fraction (Caddy's ts, nginx's msec), ISO 8601, or the time of a Common line."""
    if isinstance(value, str) and re.fullmatch(r"\d+\.\d+", value):
        value = float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < LATEST_MS:
        return round(value * 1000 if value < 1e11 else value)
    moment = instant_ms(value)
    if (
        moment is None
        and isinstance(value, str)
        and re.fullmatch(r"\d\d/\w{3}/\d{4}:[\d:]{8} [+-]\d{4}", value)
    ):
        return _instant(value)
    if moment is None:
        raise Unreadable(f"no time: {value!r:.60}")
    return moment


def _number(value: Any) -> int:
    text = str(value if value is not None else 0)
    return int(text) if re.fullmatch(r"\d{1,18}", text, re.ASCII) else 0
