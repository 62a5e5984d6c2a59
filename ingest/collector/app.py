"""The HTTP edge as an ASGI application: append first, answer after, each client in its own dialect."""

from __future__ import annotations

import hmac
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from clicktrail.settings import Settings
from clicktrail.telemetry import Registry
from ingest.collector.answers import (
    ALIVE,
    LOG_REFUSES,
    NOT_FOUND,
    OVERLOADED,
    TOO_LARGE,
    Tag,
    preflight,
    with_cors,
)
from ingest.collector.append import Appender
from ingest.collector.guard import Arrival, Guard, is_inside, kept_names
from ingest.collector.routes import Routes
from ingest.collector.salts import Salts
from ingest.protocols import PROTOCOLS
from ingest.protocols.base import Answer, Protocol, Request
from ingest.sites import SiteIndex
from schemas.envelope import Envelope
from schemas.objects import Site
from store.log.base import Log

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_OVERHEAD_BYTES = 1000  # of a waiting request besides query and body: headers, objects
_METRICS_TYPE = (("content-type", "text/plain; version=0.0.4; charset=utf-8"),)


def create_app(
    log: Log,
    sites: Callable[[], SiteIndex],
    settings: Settings,
    *,
    by_secret: Callable[[str], Site | None] = lambda _: None,
    on_full: Callable[[], None] = lambda: None,
) -> Collector:
    """The collector on an open log. Call `close()` after the last request.

    `sites` and `by_secret` (the site of a secret) are asked for each request that carries a secret; `on_full`
    is called when the log has reached its bound.
    """
    registry = Registry()
    appender = Appender(log, log_bytes=settings.log_bytes, registry=registry, on_full=on_full)
    limits = Limits(settings.body_bytes, settings.waiting_bytes)
    known = Sites(sites, by_secret)
    return Collector(appender, known, Salts(settings.data / "salts.json"), limits, registry)


@dataclass(frozen=True)
class Limits:
    """Bytes of one body, and of all requests between their head and their answer."""

    body_bytes: int
    waiting_bytes: int


@dataclass(frozen=True)
class Sites:
    """How the edge asks for sites: by key and by secret."""

    index: Callable[[], SiteIndex]
    by_secret: Callable[[str], Site | None]


class Collector:
    """One process's edge: routes, limits and the order append → answer."""

    def __init__(
        self,
        appender: Appender,
        sites: Sites,
        salts: Salts,
        limits: Limits,
        registry: Registry,
    ) -> None:
        self._appender, self._sites, self._salts = appender, sites, salts
        self._limits, self.registry = limits, registry
        self._routes = Routes(PROTOCOLS)
        self._guards = {one.name: Guard(one.name, kept_names(one.kept_headers)) for one in PROTOCOLS}
        self._tag = Tag.load()
        self._waiting = 0
        self._requests = registry.counter("requests_total", "Requests answered.", "protocol", "status")
        registry.gauge("waiting_bytes", "Bytes of requests that wait for the log.", lambda: self._waiting)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = _headers(scope["headers"])
        protocol = self._routes.find(scope["method"], scope["path"])
        name = "other" if protocol is None else protocol.name
        answer: Answer | None
        if protocol is None:
            answer = await self._own(scope, headers)
        else:
            answer = await self._collect(protocol, scope, headers, receive)
        if answer is not None:
            self._requests.add(1, name, str(answer.status))
            await _send(send, answer)

    def close(self) -> None:
        """Make durable what was handed to the writer and end it."""
        self._appender.close()

    async def _collect(
        self, protocol: Protocol, scope: Scope, headers: dict[str, str], receive: Receive
    ) -> Answer | None:
        """Read, guard, append, answer; None when the client left before its request was whole."""
        length = int(headers.get("content-length", 0))
        if length > self._limits.body_bytes:
            return with_cors(TOO_LARGE, headers)
        reserved = _OVERHEAD_BYTES + len(scope["query_string"]) + length
        if not self._reserve(reserved):
            return with_cors(OVERLOADED, headers)
        try:
            body, reserved, refusal = await self._read(receive, length, reserved)
            if body is None:
                return refusal and with_cors(refusal, headers)
            request = _request(scope, headers, body)
            if scope["method"] != "HEAD":
                envelope = self._envelope(protocol, request, scope)
                if await self._appender.add(envelope, reserved) is not None:
                    return with_cors(LOG_REFUSES, headers)
            return with_cors(protocol.answer(request), headers)
        finally:
            self._waiting -= reserved

    def _reserve(self, amount: int) -> bool:
        if self._waiting + amount > self._limits.waiting_bytes:
            return False
        self._waiting += amount
        return True

    async def _read(
        self, receive: Receive, length: int, reserved: int
    ) -> tuple[bytes | None, int, Answer | None]:
        """The whole body or None, what is reserved now, and the refusal if the body was refused."""
        parts: list[bytes] = []
        total = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None, reserved, None
            part = message.get("body", b"")
            total += len(part)
            if total > self._limits.body_bytes:
                return None, reserved, TOO_LARGE
            if (more := total - length) > 0:  # a chunked body says no length: reserve as it comes
                if not self._reserve(more):
                    return None, reserved, OVERLOADED
                length, reserved = total, reserved + more
            parts.append(part)
            if not message.get("more_body", False):
                return (part if len(parts) == 1 else b"".join(parts)), reserved, None

    def _envelope(self, protocol: Protocol, request: Request, scope: Scope) -> Envelope:
        now_ms = time.time_ns() // 1_000_000
        site_key = protocol.site_key(request)
        trusted = self._site_of_secret(protocol.name, site_key, request.headers.get("authorization", ""))
        if trusted is not None:
            site_key = site_key or trusted.id  # the secret says it when the request does not
        arrival = Arrival(now_ms, self._salts.at(now_ms), trusted is not None)
        return self._guards[protocol.name].envelope(request, site_key, _peer(scope), arrival)

    def _site_of_secret(self, protocol: str, site_key: str, authorization: str) -> Site | None:
        """The site whose secret a request carries; None without one, or when it is another site's."""
        scheme, _, secret = authorization.partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret:
            return None
        site = self._sites.index().find(protocol, site_key) if site_key else self._sites.by_secret(secret)
        if site is None or not hmac.compare_digest(site.secret.encode(), secret.encode()):
            return None
        return site

    async def _own(self, scope: Scope, headers: dict[str, str]) -> Answer:
        """The edge's own pages."""
        method, path = scope["method"], scope["path"]
        if method == "OPTIONS" and (path == "/t.js" or self._routes.knows(path)):
            return preflight(headers)
        if method in ("GET", "HEAD"):
            match path:
                case "/t.js":
                    return self._tag.answer(headers)
                case "/health":
                    return ALIVE
                case "/ready":
                    return ALIVE if await self._appender.probe() is None else LOG_REFUSES
                case "/metrics" if is_inside(_peer(scope)) and "x-forwarded-for" not in headers:
                    return Answer(200, _METRICS_TYPE, self.registry.render().encode())
        return NOT_FOUND


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _request(scope: Scope, headers: dict[str, str], body: bytes) -> Request:
    path = scope["raw_path"].decode("latin-1")
    return Request(scope["method"], path, scope["query_string"], headers, body)


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names; repeats joined as HTTP joins them; what is not UTF-8 keeps its bytes as Latin-1."""
    headers: dict[str, str] = {}
    for name_bytes, value_bytes in raw:
        name = name_bytes.decode("latin-1")
        try:
            value = value_bytes.decode()
        except UnicodeDecodeError:
            value = value_bytes.decode("latin-1")
        if name in headers:
            value = headers[name] + ("; " if name == "cookie" else ", ") + value
        headers[name] = value
    return headers


async def _send(send: Send, answer: Answer) -> None:
    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in answer.headers]
    if answer.status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
