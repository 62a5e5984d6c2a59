"""One HTTP/1.1 connection: uvicorn's httptools protocol with the limits that a public edge needs."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 32 << 10
"""Longest request line and headers; more is answered 431."""
CLIENT_SECONDS = 10.0
"""Longest time for a whole head, and again for a whole body."""
_LINGER_SECONDS = 1.0  # a refused client reads the answer before a reset can take it away


class _HeadTooLong(Exception):
    pass


class Connection(HttpToolsProtocol):
    """Adds to uvicorn: limits of size and time, no protocol upgrades, refusals that reach the client."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_bytes = 0  # of reads that ended inside the head
        self._line_bytes = 0  # of names and values the parser gave
        self._in_head = False
        self._in_message = False
        self._refused = False
        self._upgraded = False
        self._owed_since: float | None = None  # since when the client owes us a head or a body
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._owed_since = self.loop.time()
        self._watch = self.loop.call_later(CLIENT_SECONDS, self._close_when_overdue)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        was_in_head = self._in_head
        self._feed(data)
        if self._in_head and not self._refused:
            self._head_bytes = self._head_bytes + len(data) if was_in_head else len(data)
            if self._head_bytes > HEAD_BYTES:
                self._refuse(431)
        elif not self._in_message and self._owed_since is None and self.timeout_keep_alive_task is None:
            self._owed_since = self.loop.time()  # blank lines between requests: uvicorn's timer is gone

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """A client that closed its half after a whole request still gets the answer."""
        if self.cycle is None or self.cycle.response_complete or self.cycle.more_body or self._refused:
            return None
        self.cycle.keep_alive = False
        return True

    # Callbacks of the parser

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = self._in_message = True
        self._head_bytes = 0
        self._line_bytes = 0
        self._upgraded = False
        self._owed_since = self.loop.time()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._line_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._line_bytes += len(name) + len(value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._line_bytes > HEAD_BYTES:
            raise _HeadTooLong
        if self.parser.should_upgrade():
            self._upgraded = True
            return
        self._in_head = False
        self._owed_since = self.loop.time()  # the body has its own time
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        if self._upgraded:
            return
        self._in_message = False
        self._owed_since = None
        super().on_message_complete()

    # What differs from uvicorn

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        self._refuse(400)

    def _feed(self, data: bytes) -> None:
        """Give bytes to the parser; a head that asks for another protocol is read again without that wish."""
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self.parser.get_method() == b"CONNECT":
                self._refuse(400)
                return
            head = self._head_without_upgrade()
            self.parser = httptools.HttpRequestParser(self)
            if hasattr(self.parser, "set_dangerous_leniencies"):  # as uvicorn does
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self._feed(head + data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError as error:
            self._refuse(431 if isinstance(error.__context__, _HeadTooLong) else 400)
        except httptools.HttpParserError:
            self._refuse(400)

    def _head_without_upgrade(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/" + version]
        for name, value in self.headers:
            if name == b"connection":
                tokens = [token for token in value.split(b",") if token.strip().lower() != b"upgrade"]
                value = b",".join(tokens)  # noqa: PLW2901
            if name != b"upgrade":
                lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])

    def _refuse(self, status: int) -> None:
        """Answer, end the running request, and drop what still comes until the client has read the answer."""
        self._refused = True
        phrase = HTTPStatus(status).phrase.encode()
        head = (
            b"HTTP/1.1 %d %b\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        )
        self.transport.write(head % (status, phrase, len(phrase)) + phrase)
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.close)

    def _close_when_overdue(self) -> None:
        now = self.loop.time()
        if self._owed_since is not None and self.flow.read_paused:
            self._owed_since = now  # it is us who do not read
        waited = 0.0 if self._owed_since is None else now - self._owed_since
        if waited < CLIENT_SECONDS:
            self._watch = self.loop.call_later(CLIENT_SECONDS - waited, self._close_when_overdue)
        elif self._in_message and (self._in_head or not self.cycle.response_complete):
            self._refuse(408)
        else:
            self.transport.close()
