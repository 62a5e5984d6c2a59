"""Sites: what sends data, what to paste, who sends without being known; and a form for one more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from dash import Dash, Input, Output, dcc, html, no_update
from dash import State as Given

from clicktrail.errors import ClicktrailError, StoreError
from dashboards import format
from dashboards.access import OWN
from dashboards.computed import Computed
from dashboards.page import Desk, Node, Page, View
from dashboards.parts import card, computed, empty, link
from dashboards.reports.sites import form
from dashboards.reports.sites.query import SiteHealth, Sites, UnknownSite, sites
from dashboards.shell import shell
from dashboards.snippet import codes
from dashboards.static import Element, fast
from schemas.objects import Site
from store import objects


def layout(view: View) -> Node:
    """The page."""
    text = view.text
    found = sites(view.desk.store, [site.id for site in view.sites], now=view.desk.now())
    left: list[Node] = [html.Div(_list(view, found), id="sites-list")]
    if view.site is not None:
        left.append(_details(view, view.site, found.site(view.site.id)))
    elif view.state.site:
        left.append(
            html.Section(
                empty(
                    "search", text("site.unknown", id=view.state.site), text("site.unknown.words"), alone=True
                ),
                className="card",
            )
        )
    if found.unknown and view.may(OWN):
        left.append(_strangers(view, found.unknown, found.computed[3]))
    columns = html.Div(left, className="grid top")
    if view.may(OWN):
        columns = html.Div([columns, _form(view)], className="cols")
    stores = [dcc.Store(id=name) for name in ("site-form", "site-go", "site-beat")]
    return shell(view, columns, *stores, title=text("sites"), sub=text("sites.sub"))


def _list(view: View, found: Sites) -> Node:
    text = view.text
    if not view.sites:
        return html.Section(
            empty("globe", text("site.first"), text("site.first.form"), alone=True), className="card"
        )
    heads = [html.Th(text(key), scope="col") for key in ("head.site", "head.status")]
    heads.append(html.Th(text("head.events_24h"), scope="col", className="n"))
    rows = [_row(view, site, found.site(site.id)) for site in view.sites]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="t rows stack")
    return card(text("sites.list"), table, info=computed(view, found.computed[:2], text("sites.how")))


def _row(view: View, site: Site, health: SiteHealth | None) -> Node:
    on = site == view.site
    name = link(
        site.domain or site.id,
        view.state.href("/sites", site=site.id),
        "strong",
        **({"aria-current": "true"} if on else {}),
    )
    small = html.Div(f"{site.id} · {site.timezone}", className="muted xs")
    count = format.number(health.events_24h if health else 0)
    cells = [
        html.Th([name, small], scope="row"),
        html.Td(_status(view, site, health)),
        html.Td(count, className="n", **{"data-label": view.text("head.events_24h")}),
    ]
    return html.Tr(cells)


def _status(view: View, site: Site, health: SiteHealth | None) -> Node:
    text = view.text
    if health is None or health.first_received is None or health.last_received is None:
        words = text("sites.listening", address=view.desk.collector)
        return html.Div([html.Span(className="pulse"), html.Span(words)], className="status")
    zone = ZoneInfo(site.timezone)
    first = format.instant(health.first_received.astimezone(zone), view.lang)
    seconds = max(0.0, (view.desk.now() - health.last_received).total_seconds())
    words = text("sites.received", first=first, ago=format.span(seconds, view.lang))
    return html.Div(
        [html.Span(className="dot ok" if seconds < 86_400 else "dot"), html.Span(words)], className="status"
    )


def _details(view: View, site: Site, health: SiteHealth | None) -> Node:
    text = view.text
    faults: list[Node] = []
    if health is not None and health.failed_24h:
        reasons = [
            html.Li(
                [
                    html.B(text.name("reason", f.reason)),
                    f" {format.number(f.count)} · ",
                    html.Span(f.detail[:200], className="muted"),
                ]
            )
            for f in health.failed_24h[:5]
        ]
        faults = [
            html.H3(text("sites.failed"), className="mt20"),
            html.Ul(reasons, className="plain sm break"),
        ]
    open_ = link(text("sites.open"), view.state.href("/", site=site.id), "btn sm")
    return card(
        text("sites.paste", name=site.domain or site.id),
        html.Div(_waiting(view, site, health), id="site-status"),
        *codes(view, site),
        *faults,
        tools=[open_],
    )


def _waiting(view: View, site: Site, health: SiteHealth | None) -> Node:
    """Beside the tag of a site that sent nothing: that we listen; app.js asks again by itself."""
    if health is not None and health.first_received is not None:
        return None
    again = html.Span(className="off", **{"data-waits": site.id, "data-beat": "site-beat"})
    return html.Div([_status(view, site, health), again], className="mb")


def _strangers(view: View, unknown: tuple[UnknownSite, ...], query: Computed) -> Node:
    """Requests that name a site nobody added: a typing error in a tag, or a site to add."""
    text = view.text
    heads = [html.Th(text(key), scope="col") for key in ("head.detail", "head.protocol")]
    heads += [
        html.Th(text("head.hits"), scope="col", className="n"),
        html.Th(text("head.last"), scope="col", className="n"),
    ]
    rows = [
        html.Tr(
            [
                html.Th(row.detail[:200], scope="row", className="break"),
                html.Td(row.protocol),
                html.Td(text.n("sites.hits", row.hits), className="n strong"),
                html.Td(text("ago", span=_ago(view, row)), className="n muted"),
            ]
        )
        for row in unknown[:20]
    ]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="t rows stack")
    hint = html.P(
        [text("sites.unknown.words"), " ", html.Code("clicktrail failed list --reason unknown_site")],
        className="muted sm",
    )
    info = computed(view, query, text("sites.unknown.how"))
    return card(text("sites.unknown"), hint, table, info=info)


def _ago(view: View, row: UnknownSite) -> str:
    return format.span(max(0.0, (view.desk.now() - row.last).total_seconds()), view.lang)


def _form(view: View) -> Node:
    """A plain form; app.js hands its fields to the store `site-form`."""
    text = view.text
    fields = [
        _field(
            "domain",
            text("form.domain"),
            placeholder="shop.example",
            autoComplete="off",
            inputMode="url",
        ),
        _field("id", text("form.id"), placeholder="shop", autoComplete="off", maxLength=64),
        _field(
            "timezone",
            text("form.timezone"),
            placeholder="Europe/Berlin",
            list="zones",
            autoComplete="off",
            **{"data-zone": "1"},
        ),
    ]
    send = html.Button(text("form.add"), className="btn primary", type="submit")
    general = html.Div(id="site-error-all", className="err", role="alert")
    # The slots for errors have ids: Dash must know them, so the form cannot be one folded tree.
    body = html.Form([*fields, general, fast(send)], className="fields flush", **{"data-store": "site-form"})
    return card(text("site.add"), html.P(text("form.words"), className="muted sm"), body)


def _field(name: str, label: str, **props: Any) -> Node:
    described = {"aria-describedby": f"site-error-{name}"}
    box = Element("input", name=name, className="in", **described, **props)
    error = html.Div(id=f"site-error-{name}", className="err", role="alert")
    return html.Div([fast(Element("label", [label, box])), error], className="field")


def connect(app: Dash, desk: Desk) -> None:
    """Adding a site: errors beside their fields, or on to its tag; and the first event of the shown one."""
    app.callback(
        Output("sites-list", "children"),
        Output("site-status", "children"),
        Input("site-beat", "data"),
        Given("_pages_location", "search"),
        prevent_initial_call=True,
    )(lambda _beat, search: listen(desk, search))
    app.callback(
        *[Output(f"site-error-{name}", "children") for name in (*form.FIELDS, "all")],
        Output("site-go", "data"),
        Input("site-form", "data"),
        Given("_pages_location", "search"),
        prevent_initial_call=True,
    )(lambda fields, search: add(desk, fields, search))
    app.clientside_callback(
        "function(href){return window.dash_clientside.clicktrail.go(href)}",
        Output("site-go", "modified_timestamp"),
        Input("site-go", "data"),
        prevent_initial_call=True,
    )


def listen(desk: Desk, search: str) -> list[Any]:
    """The list and the status of the shown site once its first event is there; until then nothing new."""
    view = desk.at("/sites", search)
    try:
        found = sites(desk.store, [site.id for site in view.sites], now=desk.now())
    except StoreError:
        return [no_update] * 2
    health = found.site(view.site.id) if view.site else None
    if view.site is None or health is None or health.first_received is None:
        return [no_update] * 2
    status = html.Div(_status(view, view.site, health), className="mb", role="status")
    return [fast(_list(view, found)), fast(status)]


def add(desk: Desk, fields: Mapping[str, object] | None, search: str) -> list[Any]:
    """The texts of the four error slots, and where to go when the site stands."""
    if not isinstance(fields, Mapping):
        return [no_update] * 5
    view = desk.at("/sites", search)
    site, faults = form.read(fields, {site.id for site in view.sites})
    said = [view.text(faults[name]) if name in faults else "" for name in form.FIELDS]
    if site is None:
        return [*said, "", no_update]
    try:
        save(desk, site)
    except ClicktrailError as error:
        return [*said, view.text("form.not_saved", error=str(error)[:200]), no_update]
    return ["", "", "", "", view.state.href("/sites", site=site.id, f=())]


def save(desk: Desk, site: Site) -> None:
    """Write the site to the store and to the collector's copy."""
    store = desk.writer()
    objects.put_site(store, site)
    objects.write_sites_file(desk.settings.data / "sites.json", objects.sites(store))


PAGE = Page("/sites", "sites", "panels-top-left", "nav.set_up", layout, connect=connect)
"""Registered in dashboards/app.py."""
