"""Logging in and out, and what those do who should not get in."""

from __future__ import annotations

import re
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from dash import Dash

from clicktrail.errors import StoreError
from clicktrail.settings import Settings
from dashboards.accounts import with_password
from dashboards.app import create_app
from dashboards.attempts import PER_NAME
from dashboards.cookies import LIFETIME
from schemas.objects import Site, User
from store.objects import objects, put_site, put_user, remove_user, users
from store.tables.client import Store
from tests.dashboards.visitor import PASSWORD, Person, add_user

HOME = "http://localhost"
FORM = {"Origin": HOME}


@pytest.fixture
def app(store: Store, reader: Store, tmp_path: Path) -> Dash:
    put_site(store, Site("shop", "shop.example"))
    add_user(store, "ann", "admin")
    add_user(store, "bob", "viewer")
    return create_app(reader, lambda: store, Settings(data=tmp_path, dashboard_port=8123))


def user(store: Store, name: str) -> User:
    return {user.name: user for user in users(store)}[name]


def inside(person: Person) -> bool:
    return bool(person.get("/").status_code == 200)


def test_the_right_name_and_password_lead_to_the_page_that_was_asked_for(app: Dash) -> None:
    person = Person(app.server)
    there = person.get("/live?site=shop&lang=zh").headers["Location"]
    form = person.get(there)
    assert (form.status_code, "登录" in form.text, 'value="/live?site=shop&amp;lang=zh"' in form.text) == (
        200,
        True,
        True,
    )
    said = person.send("Ann ", next="/live?site=shop&lang=zh")
    assert (said.status_code, said.headers["Location"]) == (303, "/live?site=shop&lang=zh")
    assert "shop.example" in person.page("/live", "?site=shop")
    assert person.get("/login").headers["Location"] == "/"


def test_the_cookie_is_out_of_reach(app: Dash, tmp_path: Path) -> None:
    cookie = Person(app.server).send("ann").headers["Set-Cookie"]
    assert cookie.startswith("clicktrail_8123=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert "Expires=" in cookie
    assert PASSWORD not in cookie
    assert stat.S_IMODE((tmp_path / "dashboard.secret").stat().st_mode) == 0o600


def test_over_https_it_is_sent_over_https_only(app: Dash) -> None:
    cookie = Person(app.server, "https://localhost").send("ann").headers["Set-Cookie"]
    assert cookie.startswith("__Host-clicktrail_8123=")
    assert "Secure" in cookie.split("; ")
    assert "Domain" not in cookie


def test_the_answer_does_not_tell_whether_the_name_exists(app: Dash) -> None:
    answers = []
    for name in ("ann", "eve"):
        said = Person(app.server).send(name, "wrong password")
        assert said.status_code == 401
        assert "Name or password is not right." in said.text
        answers.append(re.sub(r'value="[^"]*"', "", said.text))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "name", ["", "'", "ann' OR 1=1 --", "<script>alert(1)</script>", "a\x00b", "安", "x" * 5000]
)
def test_odd_names_and_passwords_are_only_wrong(app: Dash, name: str) -> None:
    said = Person(app.server).send(name, name)
    assert said.status_code == 401
    assert "<script>alert" not in said.text


@pytest.mark.parametrize(
    "there",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/login", "/logout",
     "javascript:alert(1)", "/\n/evil.example", "/\t/evil.example", "evil.example", "///evil.example",
     "http:evil.example"],
)  # fmt: skip
def test_nobody_is_sent_elsewhere(app: Dash, there: str) -> None:
    assert Person(app.server).send("ann", next=there).headers["Location"] == "/"


def test_guesses_are_few(app: Dash) -> None:
    person = Person(app.server)
    for _ in range(PER_NAME):
        assert person.send("ann", "wrong").status_code == 401
    for name in ("ann", "ANN "):
        said = person.send(name)  # with the right password
        assert said.status_code == 429
        assert "Too many attempts" in said.text
        assert 0 < int(said.headers["Retry-After"]) <= 900
    assert person.send("bob").status_code == 303, "another name from the same address may log in"


def test_guesses_of_a_name_that_does_not_exist_end_alike(app: Dash) -> None:
    person = Person(app.server)
    said = [person.send("nobody", "wrong").status_code for _ in range(PER_NAME + 1)]
    assert said == [401] * PER_NAME + [429]


def test_a_form_of_another_page_is_refused(app: Dash) -> None:
    person = Person(app.server)
    fields = {"name": "ann", "password": PASSWORD, "token": person.token()}
    for headers in (
        {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:8051"},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site", "Origin": HOME},
        {"Sec-Fetch-Site": "none"}, {},
    ):  # fmt: skip
        said = person.client.post("/login", data=fields, headers=headers)
        assert (said.status_code, "another page" in said.text) == (403, True), headers
    assert not inside(person)


def test_a_form_without_the_token_of_its_cookie_is_refused(app: Dash) -> None:
    person, other = Person(app.server), Person(app.server)
    person.token()
    for token in ("", "x", other.token(), "安"):
        said = person.client.post(
            "/login", data={"name": "ann", "password": PASSWORD, "token": token}, headers=FORM
        )
        assert (said.status_code, "Please try once more" in said.text) == (400, True)
    assert not inside(person)


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_no_callback_is_called_from_another_page(app: Dash, store: Store, headers: dict[str, str]) -> None:
    people = [Person(app.server).log_in("ann")]
    for name in ("ann", "bob"):
        remove_user(store, name)
    people.append(Person(app.server))  # nobody has to log in any more
    for person in people:
        for path in ("/_dash-update-component", "/logout"):
            said = person.client.post(path, json={"output": "x"}, headers=headers)
            assert said.status_code == 403
        said = person.client.post("/_dash-update-component", data="{}", content_type="text/plain")
        assert said.status_code == 403, "what a form of another page can send without being asked for"


def test_a_cookie_from_before_the_log_in_is_worth_nothing(app: Dash) -> None:
    """An attacker gives somebody a cookie and waits until they log in with it."""
    attacker, victim = Person(app.server), Person(app.server)
    planted = attacker.get("/login").headers["Set-Cookie"].split(";")[0].partition("=")[2]
    victim.client.set_cookie("clicktrail_8123", planted)
    victim.log_in("ann")
    assert inside(victim)
    assert not inside(attacker)


def test_a_changed_cookie_is_no_cookie(app: Dash, store: Store, reader: Store, tmp_path: Path) -> None:
    person = Person(app.server).log_in("bob")
    cookie = person.client.get_cookie("clicktrail_8123")
    assert cookie
    body, rest = cookie.value.split(".", 1)
    for bad in (
        cookie.value[:-1],
        cookie.value + "A",
        f"{body[:-2]}AA.{rest}",
        "x",
        "",
        f"{body}.{rest[::-1]}",
    ):
        person.client.set_cookie("clicktrail_8123", bad)
        assert not inside(person), bad
    person.client.set_cookie("clicktrail_8123", cookie.value)
    assert inside(person)
    elsewhere = create_app(reader, lambda: store, Settings(data=tmp_path / "other", dashboard_port=8123))
    other = Person(elsewhere.server)
    other.client.set_cookie("clicktrail_8123", cookie.value)
    assert not inside(other), "signed with another secret"


def test_a_log_in_ends_with_its_time(app: Dash, store: Store) -> None:
    ann, lifetime = user(store, "ann"), LIFETIME.total_seconds()
    assert inside(Person(app.server).with_cookie_of(ann, at=int(time.time() - lifetime + 60)))
    assert not inside(Person(app.server).with_cookie_of(ann, at=int(time.time() - lifetime - 60)))


def test_a_log_in_ends_with_the_password_and_with_the_user(app: Dash, store: Store) -> None:
    ann, bob = (Person(app.server).log_in(name) for name in ("ann", "bob"))
    put_user(store, with_password(user(store, "ann"), "another long one"))
    assert not inside(ann)
    assert Person(app.server).send("ann").status_code == 401
    assert inside(ann.log_in("ann", "another long one"))
    remove_user(store, "bob")
    assert not inside(bob)
    assert Person(app.server).send("bob").status_code == 401
    add_user(store, "bob", "admin")
    put_user(store, with_password(user(store, "bob"), PASSWORD))
    assert not inside(bob), "another one of the same name"


def test_a_copy_of_the_cookie_is_worth_nothing_after_logging_out(app: Dash, store: Store) -> None:
    person, phone, thief = (Person(app.server) for _ in range(3))
    person.log_in("ann")
    phone.log_in("ann")
    cookie = person.client.get_cookie("clicktrail_8123")
    assert cookie
    said = person.client.post("/logout", headers=FORM | {"Sec-Fetch-Site": "same-origin"})
    assert said.status_code == 200
    assert not inside(person)
    thief.client.set_cookie("clicktrail_8123", cookie.value)
    assert not inside(thief)
    assert inside(phone), "another log-in of the same user goes on"
    assert len(objects(store, "logged_out")) == 1
    assert person.get("/logout").status_code in (302, 405)


def test_while_the_store_is_away_nobody_gets_in_and_who_is_in_sees_that(
    store: Store, tmp_path: Path, store_settings: Settings
) -> None:
    class Away(Store):
        """The reader's store; `away` once the test says so."""

        away = False

        def __init__(self) -> None:
            pass

        def query(self, *args: Any, **kwargs: Any) -> Any:
            if self.away:
                raise StoreError("127.0.0.1:9000 does not answer", retryable=True)
            return store.query(*args, **kwargs)

    put_site(store, Site("shop", "shop.example"))
    add_user(store, "ann", "admin")
    reader = Away()
    app = create_app(reader, lambda: store, Settings(data=tmp_path, dashboard_port=8123))
    ann = Person(app.server).log_in("ann")
    reader.away = True
    assert "Nothing is lost" in ann.page("/", "?site=shop")
    assert not inside(Person(app.server))
    # Started when it was away already: who the users are was never known.
    other = Person(create_app(reader, lambda: store, Settings(data=tmp_path)).server)
    assert "Nothing is lost" in other.page("/", "?site=shop")
    assert other.get("/download/overview/sources.csv?site=shop").status_code == 503
    assert other.get("/login").status_code == 503


def test_nothing_secret_is_logged(app: Dash, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    person = Person(app.server)
    person.send("ann", "wrong secret")
    person.send("typed a password as the name", "wrong secret")
    person.log_in("ann")
    said = caplog.text + repr(user(store, "ann")) + repr(app.server.before_request_funcs)
    assert "log-in refused for ann from 127.0.0.1" in said
    assert "an unknown name" in said
    for secret in (PASSWORD, "wrong secret", "typed a password", "argon2id", user(store, "ann").stamp):
        assert secret not in said


def test_the_page_holds_to_the_policy_in_both_languages(app: Dash) -> None:
    for lang, title in (("en", "Log in"), ("zh", "登录")):
        said = Person(app.server).get(f"/login?lang={lang}")
        policy = said.headers["Content-Security-Policy"]
        assert "form-action 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert said.headers["Cache-Control"] == "no-store"
        assert f"<h1>{title}</h1>" in said.text
        assert said.text.count("<script>") == 1, "the theme's, which the policy names by its hash"
    assert "登录" in Person(app.server).get("/login", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).text
