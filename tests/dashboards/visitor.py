"""Somebody at a browser: a test client that sends what browsers send, and logs in through the form."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import Any

from flask import Flask

from dashboards.accounts import granted, with_password
from schemas.objects import User
from store.objects import put_user
from store.tables.client import Store

PASSWORD = "three blue bottles"
_HASHED = with_password(User("template"), PASSWORD)


def add_user(store: Store, name: str, role: str, *sites: str) -> User:
    """A user with PASSWORD; all of them share one hash, which takes its time to make."""
    user = replace(_HASHED, name=name, roles=granted(role, sites), stamp=f"stamp of {name}")
    put_user(store, user)
    return user


class Person:
    """One browser with its cookies."""

    def __init__(self, server: Flask, base: str = "http://localhost") -> None:
        self.base = base
        self.client = server.test_client()
        self.client.get(
            "/assets/favicon.svg", base_url=base
        )  # Dash registers its routing with the first request

    def get(self, path: str, **more: Any) -> Any:
        """Open an address."""
        return self.client.get(path, base_url=self.base, **more)

    def token(self) -> str:
        """The token of a fresh log-in form."""
        found = re.search(r'name="token" value="([^"]+)"', self.get("/login").text)
        assert found
        return found[1]

    def send(self, name: str, password: str = PASSWORD, **more: Any) -> Any:
        """Send the log-in form."""
        fields = {"name": name, "password": password, "token": self.token(), **more}
        return self.client.post("/login", data=fields, base_url=self.base, headers={"Origin": self.base})

    def log_in(self, name: str, password: str = PASSWORD) -> Person:
        """Log in; the test fails if that is refused."""
        said = self.send(name, password)
        assert said.status_code == 303, said.text
        return self

    def with_cookie_of(self, user: User, **more: Any) -> Person:
        """The cookie that a log-in gives, signed by the server, without the time that a hash takes."""
        made = {"name": user.name, "stamp": user.stamp, "id": user.name, "at": int(time.time()), **more}
        with self.client.session_transaction(base_url=self.base) as session:
            session.update(made)
        return self

    def callback(self, output: str, inputs: dict[str, Any], state: dict[str, Any] | None = None) -> Any:
        """What a page asks by itself; keys are id.property, and so is what is sent as changed."""
        parts = output.removeprefix("..").removesuffix("..").split("...")
        outputs = [_named(part) for part in parts]
        body = {
            "output": output,
            "outputs": outputs if output.startswith("..") else outputs[0],
            "inputs": [{**_named(key), "value": value} for key, value in inputs.items()],
            "state": [{**_named(key), "value": value} for key, value in (state or {}).items()],
            "changedPropIds": list(inputs)[:1],
        }
        return self.client.post("/_dash-update-component", json=body, base_url=self.base)

    def page(self, path: str, search: str = "") -> str:
        """The text of a page."""
        said = self.callback(
            ".._pages_content.children..._pages_store.data..",
            {"_pages_location.pathname": path, "_pages_location.search": search},
        )
        assert said.status_code == 200, said.text
        return json.dumps(said.get_json(), ensure_ascii=False)


def _named(key: str) -> dict[str, str]:
    name, _, prop = key.rpartition(".")
    return {"id": name, "property": prop}
