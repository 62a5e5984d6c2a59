"""One line that is a JSON object → a row: Caddy's own form, nginx with `escape=json`, Traefik."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from ingest.protocols.access_log_row import LogLine, Unreadable, instant_of, line_of, named, request_of
from ingest.protocols.instants import LATEST_MS, instant_ms

MAX_METHOD = 32
_HEADERS = (("referrer", "Referer"), ("agent", "User-Agent"), ("language", "Accept-Language"))
_SECONDS = re.compile(r"\d+\.\d+")
_COMMON = re.compile(r"\d\d/\w{3}/\d{4}:[\d:]{8} [+-]\d{4}")
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
    """Whether an object is a request as a server logs it."""
    members = _flat(members)
    return _first(members, "status") is not None and _has_target(members)


def read_json_line(text: str) -> LogLine:
    """The object as a row. Raises Unreadable."""
    try:
        members = _flat(msgspec.json.decode(text.encode("utf-8", "replace")))
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(f"JSON: {error}") from None
    value = {name: _first(members, name) for name in _NAMES}
    if value["status"] is None or not _has_target(members):
        raise Unreadable("an object without status and uri")
    method, target = str(value["method"] or ""), str(value["target"] or "")
    if isinstance(members.get("request"), str):
        method, target = request_of(members["request"])
    headers = members.get("headers")
    headers = headers if isinstance(headers, dict) else {}
    client = [_header(headers, header) or str(value[name] or "") for name, header in _HEADERS]
    client[2] = client[2].partition(",")[0].partition(";")[0].strip()
    return line_of(
        _json_instant(value["time"]),
        str(value["address"] or ""),
        (method.replace("\0", "")[:MAX_METHOD], named(str(value["host"] or "")), target),
        (_number(value["status"]), _number(value["size"])),
        tuple(client),
    )


def _flat(members: Mapping[str, Any]) -> Mapping[str, Any]:
    """Caddy keeps what was asked for in an object of its own."""
    inner = members.get("request")
    return {**members, **inner} if isinstance(inner, dict) else members


def _has_target(members: Mapping[str, Any]) -> bool:
    return _first(members, "target") is not None or isinstance(members.get("request"), str)


def _first(members: Mapping[str, Any], name: str) -> Any:
    for one in _NAMES[name]:
        value = members.get(one)
        if value is not None:
            return value
    return None


def _header(headers: Mapping[str, Any], name: str) -> str:
    value = headers.get(name)
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, str) else ""


def _json_instant(value: Any) -> int:
    """Seconds with a fraction (Caddy's ts, nginx's msec), ISO 8601, or the time of a Common line."""
    if isinstance(value, str) and _SECONDS.fullmatch(value):
        value = float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < LATEST_MS:
        return round(value * 1000 if value < 1e11 else value)
    moment = instant_ms(value)
    if moment is None and isinstance(value, str) and _COMMON.fullmatch(value):
        return instant_of(value)
    if moment is None:
        raise Unreadable(f"no time: {value!r:.60}")
    return moment


def _number(value: Any) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0
