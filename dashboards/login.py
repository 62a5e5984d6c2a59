"""Logging in and out: one small page of our own, made by the server, without a script but the theme's."""

from __future__ import annotations

import hmac
import logging
import math
import secrets
import time
from collections.abc import Callable
from html import escape
from urllib.parse import parse_qsl, quote, urlsplit

from flask import Flask, Response, redirect, request, session

from clicktrail.errors import ClicktrailError, StoreError
from dashboards import theme
from dashboards.accounts import LONGEST, right_password
from dashboards.attempts import Attempts
from dashboards.cookies import LIFETIME
from dashboards.gate import NO_USER, Gate, refusal
from dashboards.i18n import LANGUAGES, Text
from schemas.objects import User
from store.objects import log_out
from store.tables.client import Store

_logger = logging.getLogger(__name__)


def serve_login(server: Flask, gate: Gate, writer: Callable[[], Store], script: str) -> None:
    """Add /login and /logout. script: sets the theme before the first paint; its hash is in the policy."""
    attempts = Attempts()

    def login() -> Response:
        text = Text(_language())
        try:
            if gate.logged_in() is not None or gate.is_open():
                return _away(_next())
            if not gate.users():
                return refusal(NO_USER, 403)
            if request.method == "GET":
                return _page(text, script)
            return _tried(gate, attempts, text, script)
        except StoreError:
            return _page(text, script, trouble=text("error.away"), code=503)

    def logout() -> Response:
        ended = session.get("id")
        session.clear()
        if ended:
            try:
                log_out(writer(), ended, LIFETIME.total_seconds())
            except ClicktrailError:
                _logger.warning("the store is away: a copy of the cookie works until it expires")
        return refusal("Logged out.", 200)

    server.add_url_rule("/login", "login", login, methods=["GET", "POST"])
    server.add_url_rule("/logout", "logout", logout, methods=["POST"])


def _tried(gate: Gate, attempts: Attempts, text: Text, script: str) -> Response:
    """What comes of a name and a password. The answer does not say which of them is wrong."""
    sent, kept = request.form.get("token", ""), str(session.get("token", ""))
    name = request.form.get("name", "").strip().lower()[:200]
    if not kept or not hmac.compare_digest(sent.encode(), kept.encode()):
        return _page(text, script, name=name, trouble=text("login.stale"), code=400)
    address = request.remote_addr or ""
    wait = attempts.take(address, name)
    if wait:
        _logger.warning("too many log-ins from %s", address)
        minutes = math.ceil(wait / 60)
        page = _page(text, script, name=name, trouble=text.n("login.wait", minutes), code=429)
        page.headers["Retry-After"] = str(math.ceil(wait))
        return page
    user = gate.users().get(name)
    if not right_password(user, request.form.get("password", "")[: LONGEST + 1]) or user is None:
        # The name may be a password typed into the wrong field: only one that is known is written down.
        _logger.warning("log-in refused for %s from %s", user.name if user else "an unknown name", address)
        return _page(text, script, name=name, trouble=text("login.wrong"), code=401)
    attempts.succeeded(address, name)
    _begin(user)
    _logger.info("log-in of %s from %s", user.name, address)
    return _away(_next())


def _begin(user: User) -> None:
    """A cookie of its own for this log-in: nothing that came with the request stays in it."""
    session.clear()
    session.permanent = True
    session.update(name=user.name, stamp=user.stamp, id=secrets.token_urlsafe(16), at=int(time.time()))


def _away(there: str) -> Response:
    answer: Response = redirect(there, 303)  # type: ignore[assignment]
    return answer


def _next() -> str:
    """Where to go afterwards: a page of ours, else the first one."""
    there = request.values.get("next", "")
    slashes = there.replace("\\", "/")  # browsers read them alike, and two of them begin a host
    parts = urlsplit(slashes)
    ours = slashes.startswith("/") and not slashes.startswith("//") and there.isprintable()
    return there if ours and parts.path not in ("/login", "/logout") else "/"


def _language() -> str:
    """Of the address, of the page that was asked for, or the browser's."""
    asked = request.values.get("lang") or dict(_query(_next())).get("lang", "")
    if asked in LANGUAGES:
        return asked
    return request.accept_languages.best_match(list(LANGUAGES)) or "en"


def _query(address: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(address).query)


def _page(text: Text, script: str, trouble: str = "", code: int = 200, name: str = "") -> Response:
    """The form. A new token stands in the cookie and in the form; both must come back."""
    there = _next()
    token = session.setdefault("token", secrets.token_urlsafe(16))
    other = "en" if text.lang == "zh" else "zh"
    words = {
        "script": script,
        "css": theme.css(),
        "lang": "zh-CN" if text.lang == "zh" else "en",
        "other": f"/login?lang={other}&next={quote(there, safe='/')}",
        "other_lang": "zh-CN" if other == "zh" else "en",
        "other_name": LANGUAGES[other],
        **{key: text(f"login.{key}") for key in ("title", "words", "name", "password", "go")},
    }
    shown = {"token": token, "next": there, "typed": name, "trouble": trouble, "code_lang": text.lang}
    escaped = {key: escape(value) for key, value in shown.items()}
    html = _HTML.format(**words, **escaped, alert=_alert(trouble))
    return Response(html, code, mimetype="text/html")


def _alert(trouble: str) -> str:
    if not trouble:
        return ""
    icon = '<span class="i i-circle-alert" aria-hidden="true"></span>'
    return f'<p class="note" role="alert">{icon}{escape(trouble)}</p>'


_HTML = """<!DOCTYPE html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{title} · Clicktrail</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><link rel="icon" href="/assets/favicon.svg">
<script>{script}</script><style>{css}</style>
<link rel="stylesheet" href="/assets/1-icons.css"><link rel="stylesheet" href="/assets/2-app.css">
<link rel="stylesheet" href="/assets/3-login.css"></head>
<body><main class="login"><div class="brand"><span class="logo"></span>Clicktrail</div>
<section class="card"><h1>{title}</h1><p class="sub">{words}</p>{alert}
<form class="fields flush" method="post" action="/login">
<input type="hidden" name="token" value="{token}"><input type="hidden" name="next" value="{next}">
<input type="hidden" name="lang" value="{code_lang}">
<label>{name}<input class="in" name="name" value="{typed}" autocomplete="username" autocapitalize="none"
 spellcheck="false" required maxlength="64" autofocus></label>
<label>{password}<input class="in" type="password" name="password" autocomplete="current-password" required
 maxlength="256"></label>
<button class="btn primary" type="submit">{go}</button></form></section>
<p class="other"><a href="{other}" lang="{other_lang}">{other_name}</a></p></main></body></html>
"""
