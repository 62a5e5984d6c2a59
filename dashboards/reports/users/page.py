"""Users: who may see which sites and do what; for admins of every site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

from dash import Dash, Input, Output, dcc, html, no_update
from dash import State as Given

from clicktrail.errors import StoreError
from dashboards.access import OWN
from dashboards.controls import hidden
from dashboards.page import Desk, Node, Page, View
from dashboards.parts import card, empty, exports, icon, menu
from dashboards.reports.users.form import FIELDS, SITE, Change, Fault, read
from dashboards.shell import shell
from dashboards.static import Element, fast
from schemas.objects import EVERY_SITE, ROLES, User
from store import objects

_SEND = {"data-store": "users-form"}  # app.js hands the fields of a form to this store


def layout(view: View) -> Node:
    """The page."""
    text, users = view.text, objects.users(view.desk.store)
    left = html.Div(
        [html.Div(id="users-said"), html.Div(_list(view, users), id="users-list")], className="grid top"
    )
    columns = html.Div([left, html.Div(_add(view, len(users)), id="users-add")], className="cols")
    return shell(view, columns, dcc.Store(id="users-form"), title=text("users"), sub=text("users.sub"))


def _list(view: View, users: list[User]) -> Node:
    text = view.text
    if not users:
        nobody = empty("users", text("users.none"), text("users.none.words"), alone=True)
        return html.Section(nobody, className="card")
    heads = [html.Th(text(key), scope="col") for key in ("users.name", "users.rights")]
    heads.append(html.Th(html.Span(text("users.change"), className="off"), className="n", scope="col"))
    rows = [_row(view, user) for user in users]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="t rows stack")
    return card(text("users.list"), table, tools=[exports(view, "users", "users")])


def _row(view: View, user: User) -> Node:
    text, me = view.text, view.access.user
    you = [" ", html.Span(text("users.you"), className="tag-c")] if me and me.name == user.name else []
    cells = [
        html.Th([html.Span(user.name, className="strong break"), *you], scope="row"),
        html.Td([html.Div(_said(view, site, role)) for site, role in sorted(user.roles.items())]),
        html.Td(_change(view, user), className="n"),
    ]
    return html.Tr(cells, key=f"{user.name} {crc32(user.to_json().encode())}")  # changed, its menu closes


def _said(view: View, site: str, role: str) -> list[Node]:
    where = view.text("users.every") if site == EVERY_SITE else _site_name(view, site)
    return [view.text(f"role.{role}"), html.Span(f" · {where}", className="muted")]


def _site_name(view: View, site: str) -> str:
    return next((one.domain or one.id for one in view.sites if one.id == site), site)


def _change(view: View, user: User) -> Node:
    """The menu of a row: other roles, another password, or away."""
    text = view.text
    fields = [
        hidden("what", "change"),
        hidden("name", user.name),
        *_roles(view, user.roles),
        _password(text("users.password.new"), required=False),
        html.Button(text("users.save"), className="btn primary", type="submit"),
    ]
    away = [
        html.P(text("users.remove.words", name=user.name), className="muted sm"),
        hidden("what", "remove"),
        hidden("name", user.name),
        html.Button(text("users.remove.go", name=user.name), className="btn", type="submit"),
    ]
    remove = html.Details(
        [
            html.Summary([icon("chevron-right", 14), text("users.remove")]),
            Element("form", away, className="fields flush", **_SEND),
        ],
        className="more",
    )
    panel = [Element("form", fields, className="fields flush", **_SEND), remove]
    name = text("users.change_of", name=user.name)
    return menu([icon("pencil", 14), text("users.change")], panel, "btn sm", "right form-pop", name)


def _add(view: View, known: int) -> Node:
    """The form for one more. known: how many there are."""
    text = view.text
    name = Element(
        "input", name="name", className="in", autoComplete="off", autoCapitalize="none", spellCheck="false",
        maxLength=64, required=True, **_described("name"),
    )  # fmt: skip
    parts = [
        hidden("what", "add"),
        _slotted(Element("label", [text("users.name"), name]), "name"),
        _slotted(_password(text("users.password"), required=True, **_described("password")), "password"),
        *_roles(view, {EVERY_SITE: ROLES[0] if known else ROLES[-1]}),
        _slotted(None, "roles"),
        html.Button(text("users.add"), className="btn primary", type="submit"),
    ]
    # The slots for errors have ids: Dash must know them, so the form cannot be one folded tree.
    form = html.Form([fast(part) for part in parts], className="fields flush", **_SEND)
    return card(text("users.add"), html.P(text("users.add.words"), className="muted sm"), form)


def _slotted(label: Node, field: str) -> Node:
    """A label with the place for what is wrong with it."""
    slot = html.Div(id=f"users-error-{field}", className="err", role="alert")
    return html.Div([one for one in (fast(label), slot) if one is not None], className="field")


def _described(field: str) -> dict[str, str]:
    return {"aria-describedby": f"users-error-{field}"}


def _password(label: str, *, required: bool, **props: str) -> Node:
    box = Element(
        "input", type="password", name="password", className="in", autoComplete="new-password",
        required=required, maxLength=256, **props,
    )  # fmt: skip
    return Element("label", [label, box])


def _roles(view: View, roles: Mapping[str, str]) -> list[Node]:
    """A role for every site, and one for each site where it is another."""
    text = view.text
    every = _role(view, "role", text("users.every.role"), roles.get(EVERY_SITE, ""), text("users.no_role"))
    own = [
        _role(view, SITE + one.id, one.domain or one.id, roles.get(one.id, ""), text("users.as_every"))
        for one in view.sites
    ]
    if not own:
        return [every]
    single = html.Details(
        [html.Summary([icon("chevron-right", 14), text("users.single")]), html.Div(own, className="checks")],
        className="more",
        open=bool(roles.keys() - {EVERY_SITE}),
    )
    return [every, single]


def _role(view: View, name: str, label: str, chosen: str, without: str) -> Node:
    options = [Element("option", without, value="")]
    options += [Element("option", view.text(f"role.{role}"), value=role) for role in ROLES]
    box = Element("select", options, name=name, defaultValue=chosen, className="in")
    return Element("label", [label, box])


def download(view: View, name: str) -> list[list[object]] | None:
    """Who may do what where, with a head."""
    if name != "users":
        return None
    users = objects.users(view.desk.store)
    rows: list[list[object]] = [
        [user.name, site, role] for user in users for site, role in sorted(user.roles.items())
    ]
    return [["user", "site", "role"], *rows]


def connect(app: Dash, desk: Desk) -> None:
    """Every form of the page."""
    app.callback(
        Output("users-said", "children"),
        Output("users-list", "children"),
        Output("users-add", "children"),
        *[Output(f"users-error-{field}", "children") for field in FIELDS],
        Input("users-form", "data"),
        Given("_pages_location", "search"),
        prevent_initial_call=True,
    )(lambda fields, search: done(desk.at("/users", search), fields))


def done(view: View, fields: Mapping[str, object] | None) -> list[Any]:
    """What to say, the list and the form as they are after what was asked for, and what is wrong by field."""
    if not isinstance(fields, Mapping):
        return [no_update] * (3 + len(FIELDS))
    try:
        users = {user.name: user for user in objects.users(view.desk.store)}
        found = read(fields, users, [site.id for site in view.sites])
        if isinstance(found, Fault):
            words = view.text(found.key, **found.values)
            if fields.get("what") == "add":
                return [None, no_update, no_update, *(words if one == found.field else "" for one in FIELDS)]
            return _only(_note(words))
        _keep(view, found)
        left = objects.users(view.desk.store)
    except StoreError as error:
        return _only(_note(view.text("form.not_saved", error=str(error)[:200])))
    said = [icon("check"), view.text(found.said, name=found.user.name)]
    ready = html.Div(said, className="status", role="status")
    added = fast(_add(view, len(left))) if fields.get("what") == "add" else no_update  # anew, it is empty
    return [fast(ready), fast(_list(view, left)), added, *[""] * len(FIELDS)]


def _only(said: Node) -> list[Any]:
    """To say something, and leave the rest as it is."""
    return [said, no_update, no_update, *[""] * len(FIELDS)]


def _keep(view: View, change: Change) -> None:
    store = view.desk.writer()
    if change.removed:
        objects.remove_user(store, change.user.name)
    else:
        objects.put_user(store, change.user)


def _note(words: str) -> Node:
    return fast(html.Div([icon("circle-alert"), words], className="note", role="alert"))


PAGE = Page("/users", "users", "users", "nav.set_up", layout, connect=connect, download=download, right=OWN)
"""Registered in dashboards/app.py."""
