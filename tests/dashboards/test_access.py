"""Who may see what: every address, callback and download, for people without and with a role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from dash import Dash
from flask import Flask, g

from clicktrail.settings import Settings
from dashboards.access import CHANGE, OWN, SEE, SEE_ALL, SET_UP, Access, AccessError, Right, guarded
from dashboards.annotations import notes_of
from dashboards.app import create_app
from dashboards.downloads import serve_downloads
from dashboards.gate import PUBLIC, close
from dashboards.page import Desk, Page, View
from dashboards.parts import exports
from dashboards.state import State
from schemas.objects import Site, User
from store.objects import put_site, put_user, sites, users
from store.tables.client import Store
from tests.dashboards.shop import open_shop
from tests.dashboards.visitor import Person, add_user

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)
HIDDEN = "hidden.example"
ADD_SITE = (
    "..site-error-id.children...site-error-domain.children...site-error-timezone.children..."
    "site-error-all.children...site-go.data.."
)
ASK = "Somebody with the role “Admin” can give it to you.\n"
NOTE = "..note-done.data...note-trouble.children.."
USERS = (
    "..users-said.children...users-list.children...users-add.children..."
    "users-error-name.children...users-error-password.children...users-error-roles.children.."
)
REPLAY = "..failed-replay.children...failed-tick.disabled.."


@pytest.fixture
def app(store: Store, reader: Store, tmp_path: Path) -> Dash:
    open_shop(store, "shop", NOW)
    put_site(store, Site("hidden", HIDDEN))
    return create_app(reader, lambda: store, Settings(data=tmp_path), now=lambda: NOW)


@pytest.fixture
def people(app: Dash, store: Store) -> dict[str, Person]:
    """Everybody by name, with the cookie of a log-in."""
    add_user(store, "owner", "admin")
    add_user(store, "viewer", "viewer")
    add_user(store, "marketer", "marketer", "shop")
    add_user(store, "limited", "viewer", "shop")
    add_user(store, "admin", "admin", "shop")
    return {user.name: Person(app.server).with_cookie_of(user) for user in users(store)}


def routes(app: Dash) -> Iterator[tuple[str, str]]:
    """(method, address) of everything the server answers."""
    filled = {"<page>": "overview", "<name>": "sources", "<kind>": "csv", "<path:path>": "live"}
    for rule in app.server.url_map.iter_rules():
        if rule.rule in PUBLIC or rule.endpoint == "static":
            continue
        address = rule.rule
        for place, value in filled.items():
            address = address.replace(place, value)
        assert "<" not in address, "a new address: say how it is filled"
        yield from ((method, address) for method in (rule.methods or set()) - {"OPTIONS", "HEAD"})


def callbacks(app: Dash) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(output, inputs, state) of every callback of the server that asks for the site `hidden`."""
    values = {
        "search": "?site=hidden",
        "pathname": "/",
        "data": {"what": "add", "id": "x", "beat": 0, "seen": []},
    }
    for name, found in app.callback_map.items():
        if "callback" not in found:
            continue  # runs in the browser
        inputs, state = (
            {f"{one['id']}.{one['property']}": values.get(one["property"], 1) for one in found[part]}
            for part in ("inputs", "state")
        )
        yield name, inputs, state


def test_nobody_is_asked_while_there_are_no_users(app: Dash) -> None:
    person = Person(app.server)
    assert "10 visitors" in person.page("/", "?site=shop")
    assert person.get("/download/overview/sources.csv?site=shop").status_code == 200
    assert person.get("/login").headers["Location"] == "/"
    assert "log-out" not in person.page("/", "?site=shop")


@pytest.mark.parametrize(
    "host", ["http://evil.example", "http://192.168.0.7:8050", "http://localhost.evil.example"]
)
def test_without_users_no_other_name_than_this_machine_s_is_answered(app: Dash, host: str) -> None:
    person = Person(app.server, host)
    for path in ("/", "/login", "/suggest?site=shop&field=path", "/download/overview/sources.csv?site=shop"):
        said = person.get(path)
        assert (said.status_code, "clicktrail user add" in said.text) == (403, True)
    assert person.callback(NOTE, {"note-ask.data": {}}).status_code == 403


@pytest.mark.parametrize("host", ["http://127.0.0.1:8050", "http://[::1]:8050", "http://shop.localhost"])
def test_the_names_of_this_machine_are_answered(app: Dash, host: str) -> None:
    assert Person(app.server, host).get("/").status_code == 200


def test_every_address_asks_who_it_is(app: Dash, people: dict[str, Person]) -> None:
    person, found = Person(app.server), list(routes(app))
    assert len(found) > 6
    for method, address in found:
        if address == "/logout":
            continue
        said = person.client.open(address, method=method, json={} if method == "POST" else None)
        if said.status_code == 302:
            assert said.headers["Location"].startswith("/login"), address
        else:
            assert (said.status_code, said.text) == (401, "Log in first.\n"), address
    for page in ("/", "/live", "/sites", "/failed", "/users", "/nowhere", "/live?site=shop&p=7d"):
        there = person.get(page).headers["Location"]
        assert there == (
            "/login"
            if page == "/"
            else f"/login?next={page.replace('?', '%3F').replace('&', '%26').replace('=', '%3D')}"
        )


def test_every_callback_asks_who_it_is(app: Dash, people: dict[str, Person]) -> None:
    names = [name for name, _, _ in callbacks(app)]
    assert {ADD_SITE, NOTE, USERS, REPLAY} <= set(names)
    person = Person(app.server)
    for name, inputs, state in callbacks(app):
        assert person.callback(name, inputs, state).status_code == 401, name


def test_a_site_that_is_not_theirs_is_nowhere(app: Dash, people: dict[str, Person]) -> None:
    limited = people["limited"]
    for page in ("/", "/live", "/sites"):
        shown = limited.page(page, "?site=hidden")
        assert "There is no site “hidden” that you may see" in shown
        assert HIDDEN not in shown
        assert HIDDEN not in limited.page(page, "?site=shop")
    assert limited.page("/", "?site=h-such").replace("h-such", "hidden") == limited.page("/", "?site=hidden")
    for address in ("/suggest?site=hidden&field=path", "/suggest?site=no-such&field=path"):
        assert limited.get(address).status_code == 403
    for page in app.server.extensions["clicktrail"].pages:
        if page.download is not None:
            for kind in ("csv", "parquet"):
                assert limited.get(f"/download/{page.name}/any.{kind}?site=hidden").status_code == 403
    for name, inputs, state in callbacks(app):
        said = limited.callback(name, inputs, state)
        assert HIDDEN not in said.text, name
        assert said.status_code in (200, 204, 403), (name, said.text)
    assert HIDDEN in people["viewer"].page("/", "?site=shop"), "who may see all sites has it in the picker"


def test_only_who_may_change_something_does(app: Dash, people: dict[str, Person], store: Store) -> None:
    fields = {"id": "new", "domain": "new.example", "timezone": "UTC"}
    search = {"_pages_location.search": "?site=shop"}
    for name in ("viewer", "marketer", "limited", "admin"):
        assert people[name].callback(ADD_SITE, {"site-form.data": fields}, search).status_code == 403, name
        assert (
            people[name]
            .callback(REPLAY, {"failed-try.data": {}, "failed-tick.n_intervals": 1}, search)
            .status_code
            == 403
        )
        assert "site-form" not in people[name].page("/sites", "?site=shop").replace('"id": "site-form"', "")
    assert {site.id for site in sites(store)} == {"shop", "hidden"}
    assert people["owner"].callback(ADD_SITE, {"site-form.data": fields}, search).status_code == 200
    assert {site.id for site in sites(store)} == {"shop", "hidden", "new"}


def test_notes_are_for_marketers_of_the_site(people: dict[str, Person], store: Store) -> None:
    def note(name: str, site: str = "shop") -> Any:
        where = {"_pages_location.pathname": "/", "_pages_location.search": f"?site={site}"}
        return people[name].callback(NOTE, {"note-ask.data": {"day": "2026-11-18", "words": name}}, where)

    for name in ("viewer", "limited"):
        said = note(name)
        assert (said.status_code, said.text) == (403, "It needs the role “Marketer”. " + ASK)
        assert "note-ask" not in people[name].page("/", "?site=shop"), "nor is it offered"
    for name in ("marketer", "admin", "owner"):
        assert note(name).status_code == 200
    assert note("marketer", "hidden").status_code == 403
    assert [one.words for one in notes_of(store, "shop")] == ["marketer", "admin", "owner"]
    assert not notes_of(store, "hidden")


def test_pages_that_are_not_theirs_are_refused_and_not_offered(people: dict[str, Person]) -> None:
    for name, seen in (("viewer", False), ("marketer", False), ("admin", False), ("owner", True)):
        shown = people[name].page("/users", "?site=shop")
        assert ("Add a user" in shown) == seen, name
        assert ("This is not for your role" in shown) != seen
        assert ("/users" in people[name].page("/", "?site=shop")) == seen
        said = people[name].get("/download/users/users.csv?site=shop")
        assert (said.status_code == 200) == seen
        assert ("limited,shop,viewer" in said.text) == seen
        assert "argon2" not in shown + said.text
    assert "Why they failed" not in people["limited"].page("/failed", "?site=shop")
    assert "This is not for your role" in people["admin"].page("/failed", "?site=shop")
    assert "Try again" not in people["viewer"].page("/failed", "?site=shop")
    assert "您的角色无权" in people["viewer"].page("/users", "?site=shop&lang=zh")


def test_what_may_not_be_saved_is_not_offered(people: dict[str, Person]) -> None:
    steps = "?site=shop&step=path%3D/&step=path%3D/hats"
    for path, forms in (("/goals", "goal-form"), (f"/funnel{steps}", "funnel-ask"), ("/", "note-ask")):
        page, _, search = path.partition("?")
        search = f"?{search}" if search else "?site=shop"
        for name, offered in (("limited", False), ("marketer", True)):
            assert (f'"data-store": "{forms}"' in people[name].page(page, search)) == offered, (path, name)


def test_a_refused_callback_says_why_in_the_language_of_its_page(people: dict[str, Person]) -> None:
    said = people["viewer"].client.post(
        "/_dash-update-component",
        json={"output": ADD_SITE, "inputs": [], "changedPropIds": []},
        headers={"Referer": "http://localhost/sites?lang=zh"},
    )
    assert (said.status_code, said.text) == (403, "需要“管理员”角色。拥有“管理员”角色的人可以授予您。\n")


def test_another_role_holds_with_the_next_request(people: dict[str, Person], store: Store) -> None:
    viewer = people["viewer"]
    assert "This is not for your role" in viewer.page("/users")
    user = next(user for user in users(store) if user.name == "viewer")
    put_user(store, User(user.name, {"*": "admin"}, user.hash, user.stamp))
    assert "Add a user" in viewer.page("/users")
    put_user(store, User(user.name, {"shop": "viewer"}, user.hash, user.stamp))
    assert "There is no site" in viewer.page("/", "?site=hidden")


def test_a_callback_of_another_shape_is_not_let_through(people: dict[str, Person]) -> None:
    """What is called is named by the outputs alone: other names of inputs change nothing."""
    said = people["viewer"].callback(ADD_SITE, {"live-tick.n_intervals": {"id": "x"}}, {"a.b": "?site=shop"})
    assert said.status_code == 403
    bodies: list[object] = [[], "x", {"output": ["x"]}, None]
    for body in bodies:
        said = people["viewer"].client.post("/_dash-update-component", json=body)
        assert said.status_code >= 400


def test_users_are_added_changed_and_removed_on_the_page(people: dict[str, Person], store: Store) -> None:
    def send(**fields: str) -> str:
        said = people["owner"].callback(
            USERS, {"users-form.data": fields}, {"_pages_location.search": "?site=shop"}
        )
        assert said.status_code == 200, said.text
        return json.dumps(said.get_json(), ensure_ascii=False)

    new = {"what": "add", "name": "Ann", "password": "a long sentence", "role": "", "site:shop": "marketer"}
    assert "1 to 64 letters" in send(**{**new, "name": "<b>"})
    assert "is here already" in send(**{**new, "name": "viewer"})
    assert "10 to 256 characters" in send(**{**new, "password": "short"})
    assert "easy to guess" in send(**{**new, "password": "aaaaaaaaaaaa"})
    assert "Choose a role" in send(**{**new, "site:shop": "", "site:nowhere": "admin"})
    assert len(users(store)) == 5
    assert "ann can log in now." in send(**new)
    assert Person(people["owner"].client.application).log_in("ann", "a long sentence").page("/", "?site=shop")
    assert "It holds for ann" in send(what="change", name="ann", role="viewer", password="")
    assert {user.name: user.roles for user in users(store)}["ann"] == {"*": "viewer"}
    assert "last Admin" in send(what="remove", name="owner")
    assert "last Admin" in send(what="change", name="owner", role="viewer", password="")
    assert "ann is removed." in send(what="remove", name="ann")
    assert "no user of this name" in send(what="remove", name="ann")
    assert len(users(store)) == 5
    for name in ("viewer", "marketer", "admin"):
        assert people[name].callback(USERS, {"users-form.data": {**new, "name": "eve"}}).status_code == 403


def test_the_first_user_is_an_admin_of_every_site(app: Dash, store: Store) -> None:
    person = Person(app.server)
    first = {"what": "add", "name": "ann", "password": "a long sentence", "role": "viewer"}
    ask = {"_pages_location.search": "?site=shop"}
    assert "No users yet" in person.page("/users")
    assert "The first user needs" in person.callback(USERS, {"users-form.data": first}, ask).text
    assert person.callback(USERS, {"users-form.data": {**first, "role": "admin"}}, ask).status_code == 200
    assert person.get("/").headers["Location"] == "/login"


def test_rights_add_up() -> None:
    assert Right("marketer", everywhere=True) == CHANGE | SEE_ALL
    both = Access(User("u", {"*": "viewer", "shop": "admin"}))
    assert [both.holds(right, "shop") for right in (SEE, CHANGE, SET_UP, SEE_ALL, OWN)] == [
        True,
        True,
        True,
        True,
        False,
    ]
    assert [both.holds(right, "other") for right in (SEE, CHANGE)] == [True, False]
    one = Access(User("u", {"shop": "marketer"}))
    assert (one.sees("shop"), one.sees("other"), one.holds(SEE_ALL, "shop")) == (True, False, False)
    with pytest.raises(AccessError):
        one.check_write()
    one.enter(SEE, "shop", "shop")
    one.check_write()
    nobody = Access(User(""))
    assert not nobody.holds(SEE)
    assert Access().holds(OWN)


def test_people_are_taken_along_by_marketers_only(store: Store, reader: Store, tmp_path: Path) -> None:
    """A page that says nothing about rights: what its tables hold decides."""

    def rows(_view: View, name: str) -> list[list[object]] | None:
        tables: dict[str, list[list[object]]] = {
            "people": [["person_id"], ["p1"]],
            "days": [["day"], ["mon"]],
        }
        return tables.get(name)

    page = Page(
        "/people", "people", "users", "nav.act", lambda view: exports(view, "people", "people"), download=rows
    )
    desk = Desk(reader, guarded(lambda: store), Settings(data=tmp_path), (page,), lambda: NOW)
    server = Flask("own")
    serve_downloads(server, desk)
    close(server, desk, {})
    put_site(store, Site("shop", "shop.example"))
    for name, role, code in (("viewer", "viewer", 403), ("marketer", "marketer", 200)):
        person = Person(server).with_cookie_of(add_user(store, name, role, "shop"))
        for kind in ("csv", "parquet"):
            assert person.get(f"/download/people/people.{kind}?site=shop").status_code == code
            assert person.get(f"/download/people/days.{kind}?site=shop").status_code == 200
        with server.test_request_context():
            g.access = Access(User(name, {"shop": role}))
            assert (page.layout(desk.view(State("/people"))) is not None) == (code == 200)
