"""The gate before every address: who asks, whether from a page of ours, whether they may (`access.py`)."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from dash import Dash
from flask import Flask, Request, Response, g, redirect, request, session

from clicktrail.errors import StoreError
from dashboards.access import ACTS, SEE, Access, AccessError, Right
from dashboards.cookies import LIFETIME, use_cookies
from dashboards.hosts import is_local
from dashboards.i18n import Text
from dashboards.page import Desk
from dashboards.state import State
from schemas.objects import User
from store.objects import logins

_logger = logging.getLogger(__name__)
PUBLIC = frozenset(
    {
        "/login",
        "/assets/<path:filename>",
        "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
        "/_favicon.ico",
    }
)
"""Rules of addresses that hold no data; whatever is not here asks who it is."""
_CALLBACK = "/_dash-update-component"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_AWAY_S = 3.0  # so long a store that did not answer is not asked again who the users are
NO_USER = (
    "The dashboard has no users who could log in, and without one it answers under the names of this machine "
    "only (localhost, 127.0.0.1). Add one with `clicktrail user add NAME`."
)


def connect_pages(app: Dash, desk: Desk) -> dict[str, Right]:
    """Register the callbacks of all pages; what each needs, by its outputs as Dash names them."""
    rights: dict[str, Right] = {}
    for page in desk.pages:
        if page.connect is None:
            continue
        before = set(app.callback_map)
        page.connect(app, desk)
        for name in set(app.callback_map) - before:
            needed = page.right
            for one in app.callback_map[name]["inputs"]:
                needed |= ACTS.get(str(one["id"]), SEE)
            rights[name] = needed
    return rights


def close(server: Flask, desk: Desk, rights: Mapping[str, Right]) -> Gate:
    """Put the gate before every address of a server."""
    use_cookies(server, desk.settings.data, desk.settings.dashboard_port)
    gate = Gate(desk, rights, may_be_open=is_local(desk.settings.dashboard_host))
    server.before_request(gate.check)
    server.after_request(_private)
    server.register_error_handler(AccessError, _no)
    return gate


@dataclass
class Gate:
    """Knows the users. `may_be_open`: only this machine can ask, so without users nobody has to log in."""

    desk: Desk
    rights: Mapping[str, Right]
    may_be_open: bool
    _known: tuple[Mapping[str, User], frozenset[str]] | None = None
    _asked_again: float = 0.0

    def users(self) -> Mapping[str, User]:
        """The users by name, as they are now; those last seen while the store is away."""
        return self._logins()[0]

    def is_open(self) -> bool:
        """Whether nobody has to log in: no user exists, and the request names this machine as its host.

        Without the second half a page elsewhere could make its own name mean 127.0.0.1 and read along.
        """
        host = urlsplit(f"//{request.host}").hostname or ""
        return self.may_be_open and not self.users() and is_local(host)

    def check(self) -> Response | None:
        """None to go on, or the answer that says why not. Raises AccessError."""
        if request.method not in _SAFE and not from_our_page(request):
            return refusal("This request came from another page than the dashboard.", 403)
        if request.url_rule is not None and request.url_rule.rule in PUBLIC:
            return None
        try:
            user = self.logged_in()
            if user is None and not self.is_open():
                return self._ask()
        except StoreError:  # and it never answered: the page says so, and nothing is theirs
            user = User("")
        asked = self._right()
        g.access = Access(user, asked)
        if not g.access.holds(asked) and (asked != SEE or g.access.user != User("")):
            raise AccessError(role=asked.role)
        return None

    def _right(self) -> Right:
        """What the address asks for beyond seeing."""
        if request.path == _CALLBACK:
            body = request.get_json(silent=True)
            output = body.get("output") if isinstance(body, dict) else None
            return self.rights.get(output, SEE) if isinstance(output, str) else SEE
        return SEE

    def logged_in(self) -> User | None:
        """The user of the cookie with the roles of now; None if removed, logged out, or the password changed.

        Raises StoreError if the store is away and never told who the users are.
        """
        name, stamp, one = (session.get(part) for part in ("name", "stamp", "id"))
        if not name or not stamp or not one or time.time() - session.get("at", 0) > LIFETIME.total_seconds():
            return None
        users, over = self._logins()
        user = users.get(name)
        return user if user is not None and user.stamp == stamp and one not in over else None

    def _logins(self) -> tuple[Mapping[str, User], frozenset[str]]:
        known = self._known
        if known is not None and time.monotonic() < self._asked_again:
            return known
        try:
            known = logins(self.desk.store)
        except StoreError:
            self._asked_again = time.monotonic() + _AWAY_S
            if self._known is None:
                raise
            return self._known
        self._known = known
        return known

    def _ask(self) -> Response:
        """To the log-in page and back for what people look at; a plain no for what a page fetches."""
        if not self.users():
            return refusal(NO_USER, 403)
        people = request.url_rule is None or request.url_rule.rule in ("/", "/<path:path>")
        if request.method in ("GET", "HEAD") and (people or "text/html" in request.headers.get("Accept", "")):
            there = request.full_path.rstrip("?")
            to = "/login" if there == "/" else f"/login?next={quote(there, safe='/')}"
            return redirect(to)  # type: ignore[return-value]
        return refusal("Log in first.", 401)


def from_our_page(asked: Request) -> bool:
    """Whether a request that may change something was sent by a page of this very address.

    Browsers say so in Sec-Fetch-Site, older ones in Origin. Who sends neither is no browser, or an ancient
    one: then it must be JSON, which no form of another page can send.
    """
    if site := asked.headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    if origin := asked.headers.get("Origin"):
        return urlsplit(origin).netloc == asked.host
    return asked.mimetype == "application/json"


def refusal(words: str, code: int) -> Response:
    """A plain answer that is not kept anywhere."""
    return Response(f"{words}\n", code, mimetype="text/plain", headers={"Cache-Control": "no-store"})


def said(text: Text, error: AccessError) -> tuple[str, str]:
    """(title, words) of a refusal in the language of the page."""
    if error.role:
        return text("access.role"), text("access.role.words", role=text(f"role.{error.role}"))
    return text("access.site", id=error.site[:200]), text("access.site.words")


def _private(answer: Response) -> Response:
    """What somebody saw after logging in is kept by no proxy, and asked for again by their browser."""
    if g.get("access") is not None and g.access.user is not None:
        answer.headers.setdefault("Cache-Control", "private, no-cache")
    return answer


def _no(error: AccessError) -> Response:
    """The answer of what a page fetches; the page it was sent from says the language."""
    referrer = urlsplit(request.referrer or "")
    _, words = said(Text(State.of_search("/", referrer.query or request.query_string.decode()).lang), error)
    return refusal(words, 403)
