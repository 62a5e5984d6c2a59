"""One line of an access log → a row. The readable truth of the formats.

Common, Combined and vhost_combined with the escapes of nginx (`\\xE5`), Apache (`\\"`, `\\\\`, `\\xe5`) and
lighttpd (which writes the virtual host where others write ident), and lines that are JSON objects as Caddy
writes them or nginx with `escape=json`.
"""

from __future__ import annotations

import re

from ingest.protocols.access_log_json import read_json_line
from ingest.protocols.access_log_row import LogLine, Unreadable, instant_of, line_of, request_of

MAX_LINE = 64 << 10
_QUOTED = r'(?:[^"\\]|\\.)*'
_LINE = re.compile(
    r"(?P<head>.*?) \[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "
    rf'"(?P<request>{_QUOTED})" (?P<status>\d{{3}}) (?P<bytes>\d{{1,18}}|-)(?P<rest>(?: .*)?)',
    re.ASCII | re.DOTALL,
)
_REST = re.compile(rf' "(?P<referrer>{_QUOTED})" "(?P<agent>{_QUOTED})(?:"(?: .*)?)?', re.DOTALL)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+(?::\d+)?|localhost(?::\d+)?")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F.]*:[0-9a-fA-F.]*:[0-9a-fA-F:.]*")
_CONTROL = {"b": b"\b", "n": b"\n", "r": b"\r", "t": b"\t", "v": b"\v"}


def read_line(text: str) -> LogLine:
    """The line as a row. Raises Unreadable."""
    text = text.strip("\0\ufeff\r\t ")
    if len(text) > MAX_LINE:
        raise Unreadable(f"longer than {MAX_LINE >> 10} KB")
    return read_json_line(text) if text.startswith("{") else _from_text(text)


def _from_text(text: str) -> LogLine:
    line = _LINE.fullmatch(text)
    if line is None:
        raise Unreadable("not address, time, request, status and size")
    address, host = _who(line["head"])
    method, target = request_of(_plain(line["request"]))
    referrer, agent = _referrer_and_agent(line["rest"])
    size = 0 if line["bytes"] == "-" else int(line["bytes"])
    return line_of(
        instant_of(line["time"]),
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
