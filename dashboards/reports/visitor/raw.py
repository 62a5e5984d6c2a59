"""One event on demand: the stored row, and the request it came in, while the log holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import msgspec
from dash import html

from clicktrail.errors import ClicktrailError
from clicktrail.settings import Settings
from dashboards.computed import jsonable, read_sql, sql_instant
from dashboards.page import Desk, Node, View
from dashboards.reports.visitor.search import PATH
from dashboards.static import fast
from ingest.protocols import BY_NAME
from schemas.envelope import decode_block
from schemas.objects import Site
from store.log import open_log
from store.tables.client import Store

_EVENT_SQL = read_sql(__package__ or "", "event.sql")
_INTERNAL = ("version", "is_deleted")
_MOST_SHOWN = 100_000  # characters of a request


@dataclass(frozen=True)
class Request:
    """The part of a request that one event was made of."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    protocol: str
    raw: bytes  # of this event alone where the protocol can tell


def stored(store: Store, site: Site, event_id: str, visitor_id: str, at: datetime) -> dict[str, Any] | None:
    """The row of an event, what is empty left out; None if there is none any more. Raises StoreError."""
    given = {"event_id": event_id, "visitor_id": visitor_id, "at": sql_instant(at)}
    for row in store.rows(_EVENT_SQL, site_id=site.id, **given):
        return {
            name: jsonable(value)
            for name, value in row.items()
            if name not in _INTERNAL and value not in ("", None, 0)
        }
    return None


def request(settings: Settings, raw_ref: str) -> Request | None:
    """What lies in the log at a place (log:partition:offset:request:part); None if it is no more there.

    Raises LogError or ConfigError when the log cannot be read.
    """
    kind, *numbers = raw_ref.split(":")
    if kind != "log" or len(numbers) != 4 or not all(one.isdigit() for one in numbers):
        return None
    partition, offset, at, part = map(int, numbers)
    log = open_log(settings, write=False)
    try:
        records, _ = log.read({partition: offset}, 1)
    finally:
        log.close()
    for record in records:
        if (record.partition, record.offset) == (partition, offset):
            return _part(record.payload, at, part)
    return None


def _part(payload: bytes, at: int, part: int) -> Request | None:
    try:
        envelope = decode_block(payload)[at]
    except (ValueError, IndexError):
        return None
    protocol = BY_NAME.get(envelope.protocol)
    raw = protocol.raw(envelope, part) if protocol else envelope.body
    return Request(envelope.method, envelope.path, envelope.headers, envelope.protocol, raw)


def show(desk: Desk, asked: Mapping[str, object] | None, search: str) -> Node:
    """The event that a line's button asks for, or why it cannot be shown."""
    view = desk.at(PATH, search)
    if not isinstance(asked, Mapping) or view.site is None:
        return None
    try:
        at = datetime.fromtimestamp(int(str(asked.get("ms"))) / 1000, timezone.utc)
        row = stored(desk.store, view.site, str(asked.get("event")), str(asked.get("visitor")), at)
    except (ClicktrailError, ValueError, OverflowError, OSError) as error:
        return fast(html.P(str(error)[:300], className="err", role="alert"))
    if row is None:
        return fast(html.P(view.text("visitor.gone"), className="muted sm mb"))
    return fast(_shown(view, row))


def _shown(view: View, row: dict[str, Any]) -> Node:
    text = view.text
    whole = msgspec.json.format(msgspec.json.encode(row), indent=2).decode()
    parts = [
        html.H3(text("visitor.stored")),
        html.Pre(whole, tabIndex="0", className="bytes"),
        html.H3(text("visitor.request")),
        *_request(view, str(row.get("raw_ref", ""))),
    ]
    return html.Div(parts, className="code mb")


def _request(view: View, raw_ref: str) -> list[Node]:
    text = view.text
    place = raw_ref or "–"
    if not raw_ref.startswith("log:"):
        return [html.P(text("visitor.of_file", place=place), className="muted sm break")]
    try:
        found = request(view.desk.settings, raw_ref)
    except ClicktrailError as error:
        said = text("visitor.log_away", error=str(error)[:300])
        return [html.P(said, className="err break", role="alert")]
    if found is None:
        return [html.P(text("visitor.request_gone", place=place), className="muted sm break")]
    head = "\n".join([f"{found.method} {found.path}", *(f"{name}: {value}" for name, value in found.headers)])
    body = found.raw.decode("utf-8", "backslashreplace")[:_MOST_SHOWN]
    facts = text("visitor.lies", place=place, protocol=found.protocol)
    return [
        html.Pre(f"{head}\n\n{body}".strip(), tabIndex="0", className="bytes"),
        html.P(facts, className="muted xs break"),
    ]
