"""`clicktrail user` from end to end, and a dashboard in a process of its own that asks who it is."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest

from store.tables.client import Store
from tests.clicktrail_process import WAIT_S, answers, free_ports, here, run, running, until
from tests.integration.test_commands import told

PASSWORD = b"three blue bottles\n"


@pytest.fixture
def data(store: Store, store_settings: Any) -> Path:
    """The folder of a running store with empty tables."""
    return Path(store_settings.data)


def test_users_are_added_changed_listed_and_removed(data: Path) -> None:
    told(data, "site", "add", "shop")
    first = told(data, "user", "add", "Ann", "--password-stdin", stdin=PASSWORD)
    assert first == {"user": "ann", "added": True, "roles": ["*=admin"]}, "the first one can make others"
    second = told(data, "user", "add", "bob", "--password-stdin", stdin=PASSWORD)
    assert second["roles"] == ["*=viewer"]
    changed = told(data, "user", "add", "bob", "--role", "marketer", "--site", "shop")
    assert changed == {"user": "bob", "added": False, "roles": ["shop=marketer"]}
    assert told(data, "user", "add", "bob") == changed, "nothing given, nothing changed"
    two = told(data, "user", "add", "eve", "--password-stdin", "--site", "shop=admin", stdin=PASSWORD)
    assert two["roles"] == ["shop=admin"]
    assert told(data, "user", "password", "bob", "--password-stdin", stdin=b"another long one")["changed"]
    assert [user["user"] for user in told(data, "user", "list")] == ["ann", "bob", "eve"]
    assert told(data, "user", "remove", "eve") == {"removed": "eve", "users": 2}
    listed = here(data, "user", "list", "--json").stdout
    assert "argon2" not in listed
    assert "eve" not in listed


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (["add", "a b", "--password-stdin"], PASSWORD, "1 to 64 letters"),
        (["add", "ann", "--password-stdin"], b"short", "10 to 256 characters"),
        (["add", "ann", "--password-stdin"], b"", "10 to 256 characters"),
        (["add", "ann", "--password-stdin"], b"x" * 5000, "10 to 256 characters"),
        (["add", "ann", "--password-stdin"], b"\xff" * 12, "not UTF-8"),
        (["add", "ann", "--password-stdin"], b"annannannann", "easy to guess"),
        (["add", "ann"], b"", "--password-stdin"),
        (["add", "ann", "--password-stdin", "--site", "nowhere"], PASSWORD, "clicktrail site add nowhere"),
        (["add", "ann", "--password-stdin", "--site", "nowhere=boss"], PASSWORD, "role 'boss'"),
        (["remove", "nobody"], b"", "no user nobody"),
        (["password", "nobody", "--password-stdin"], PASSWORD, "no user nobody"),
    ],
)
def test_what_cannot_be_is_one_line(data: Path, arguments: list[str], stdin: bytes, words: str) -> None:
    line = here(data, "user", *arguments, stdin=stdin).refused()
    assert words in line
    assert "three blue" not in line
    assert told(data, "user", "list") == []


def test_a_password_of_a_user_that_is_there_is_not_taken_silently(data: Path) -> None:
    told(data, "user", "add", "ann", "--password-stdin", stdin=PASSWORD)
    again = here(data, "user", "add", "ann", "--password-stdin", stdin=b"another long one")
    assert "clicktrail user password ann" in again.refused()
    assert here(data, "user", "add", "bob", "--role", "boss").code == 2


def test_other_machines_are_let_in_only_when_somebody_can_log_in(data: Path) -> None:
    for host in ("0.0.0.0", "::"):
        line = run(data, "dashboard", dashboard_host=host, dashboard_port=free_ports(1)[0]).refused()
        assert f"CLICKTRAIL_DASHBOARD_HOST={host}" in line
        assert "clicktrail user add NAME" in line
    ill = here(data, "doctor", "--json", dashboard_host="0.0.0.0", dashboard_port=free_ports(1)[0])
    (check,) = [one for one in json.loads(ill.stdout) if one["check"] == "users of the dashboard"]
    assert "clicktrail user add NAME" in check["detail"]


def test_a_running_dashboard_asks_and_hears_of_changes_at_once(data: Path) -> None:
    told(data, "site", "add", "shop", "--domain", "shop.example")
    told(data, "user", "add", "ann", "--password-stdin", stdin=PASSWORD)
    (port,) = free_ports(1)
    # 127.0.0.2 stands in front as a proxy that is believed; 127.0.0.1 is not.
    with running(data, "dashboard", dashboard_port=port, dashboard_proxy="127.0.0.2") as dashboard:
        until(lambda: answers(port), why=dashboard.said)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=WAIT_S) as browser:
            assert browser.get("/").headers["location"] == "/login"
            assert browser.post("/_dash-update-component", json={}).status_code == 401
            forged = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
            cookie = _log_in(browser, f"http://127.0.0.1:{port}", forged).headers["set-cookie"]
            assert "Secure" not in cookie, "who may send that?"
            assert browser.get("/").status_code == 200
            told(data, "user", "password", "ann", "--password-stdin", stdin=b"another long one")
            assert browser.get("/").headers["location"] == "/login"
        proxied = httpx.HTTPTransport(local_address="127.0.0.2")
        headers = {
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "s.example",
            "X-Forwarded-For": "10.1.2.3",
        }
        with httpx.Client(
            transport=proxied, base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=WAIT_S
        ) as browser:
            assert "__Host-" in browser.get("/login").headers["set-cookie"]
            for _ in range(2):
                assert _log_in(browser, "https://s.example", {}).status_code == 401
        said = dashboard.said()
    assert "from 10.1.2.3" in said
    assert "three blue" not in said
    assert "another long" not in said
    assert stat.S_IMODE((data / "dashboard.secret").stat().st_mode) == 0o600


def _log_in(browser: httpx.Client, origin: str, headers: dict[str, str]) -> httpx.Response:
    page = browser.get("/login")
    token = re.search(r'name="token" value="([^"]+)"', page.text)
    assert token, page.text
    kept = page.headers.get("set-cookie", "").split(";")[0] or browser.headers.get("Cookie", "")
    browser.headers["Cookie"] = kept  # httpx keeps no Secure cookie of an http address
    fields = {"name": "ann", "password": PASSWORD.decode().strip(), "token": token[1]}
    said = browser.post("/login", data=fields, headers={"Origin": origin, **headers})
    if said.status_code == 303:
        browser.headers["Cookie"] = said.headers["set-cookie"].split(";")[0]
    return said


def test_help_names_the_roles(data: Path) -> None:
    assert "[viewer|marketer|admin]" in here(data, "user", "add", "--help").stdout
    assert json.loads(here(data, "user", "list", "--json").stdout) == []
