"""The cookie of a log-in: signed with a secret of the data folder, out of reach of scripts."""

from __future__ import annotations

import hashlib
import os
import secrets
from datetime import timedelta
from pathlib import Path

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface

from clicktrail.errors import ConfigError

LIFETIME = timedelta(days=14)
_BYTES = 32


class Cookies(SecureCookieSessionInterface):
    """Flask's signed cookie with SHA-256; over https with the Secure mark and bound to this very host."""

    salt = "clicktrail log-in"
    digest_method = staticmethod(hashlib.sha256)

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 - Flask's signature
        """Whether the browser may send it over https only."""
        return request.is_secure

    def get_cookie_name(self, app: Flask) -> str:
        """Its name; a __Host- cookie cannot be set by a neighbour's subdomain."""
        name: str = app.config["SESSION_COOKIE_NAME"]
        return f"__Host-{name}" if request.is_secure else name


def use_cookies(server: Flask, folder: Path, port: int) -> None:
    """Let a server keep who is logged in. ConfigError if the secret cannot be kept."""
    server.secret_key = secret(folder / "dashboard.secret")
    server.session_interface = Cookies()
    server.permanent_session_lifetime = LIFETIME
    server.config.update(
        SESSION_COOKIE_NAME=f"clicktrail_{port}",  # cookies know no ports: two dashboards of one machine
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,  # the time runs from the log-in
    )


def secret(path: Path) -> bytes:
    """The secret in a file that only its owner can read, made when it is not there."""
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        found = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; the dashboard keeps its secret there") from error
    if len(found) < _BYTES:
        raise ConfigError(f"{path} is too short to be a secret; remove it, and everybody logs in again")
    return found


def _make(path: Path) -> None:
    """Written aside and linked, so that of two dashboards that start at once both read the same one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass  # another one was first
    finally:
        draft.unlink()
