"""The frame of every page: sites, navigation, head with title and period, filters, language, theme."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from dashboards.access import OWN
from dashboards.account import account, log_out_option
from dashboards.i18n import LANGUAGES
from dashboards.page import Node, View
from dashboards.parts import empty, icon, link, menu, unseen

TABS = ("overview", "live", "funnel", "churn")
"""Pages that a phone shows at once; the others lie behind "More"."""


def shell(
    view: View, *body: Node, title: str, sub: Node = None, tools: Sequence[Node] = (), health: Node = None
) -> Node:
    """The page in its frame. sub: the sentence under the title; tools: what stands right of it."""
    text = view.text
    names = [html.H1(title), html.P(sub, className="sub") if sub else None]
    head = html.Header(
        [html.Div(names, className="grow"), html.Div(list(tools), className="tools") if tools else None],
        className="head",
    )
    main = html.Main([*_notes(view), *(node for node in body if node is not None)], id="main", tabIndex="-1")
    return html.Div(
        [
            html.A(text("skip"), href="#main", className="skip"),
            _side(view, health),
            html.Div([_topbar(view), head, main], className="page"),
            _tabs(view),
        ],
        className=f"shell {_scope(view)}",
        lang="zh-CN" if view.lang == "zh" else "en",
    )


def _scope(view: View) -> str:
    """A class of the page's own, under which its style sheet (assets/3-….css) stands."""
    return f"on-{view.state.path.strip('/') or 'overview'}"


def _notes(view: View) -> list[Node]:
    """What of the URL could not be read, in words."""
    return [
        html.Div([icon("circle-alert"), view.text(key)], className="note", role="status")
        for key in view.state.notes
    ]


def _side(view: View, health: Node) -> Node:
    pages = [page for page in view.pages if not page.under]
    text, groups = view.text, dict.fromkeys(page.group for page in pages)
    items: list[Node] = []
    for group in groups:
        items.append(html.Div(text(group), className="nav-group"))
        items += [
            _nav(view, page.path, [icon(page.icon), html.Span(text(page.name))], "nav-item")
            for page in pages
            if page.group == group
        ]
    feet = html.Div([_language(view), _theme(view)], className="row between")
    brand = html.Div([html.Span(className="logo"), "Clicktrail"], className="brand")
    who = account(view)
    parts = [brand, _picker(view, "site"), *items, html.Div(className="grow"), health, who, feet]
    return html.Nav(
        [part for part in parts if part is not None], className="side", **{"aria-label": text("nav.main")}
    )


def _nav(view: View, path: str, children: list[Node], look: str) -> Node:
    on = path in (view.state.path, _under(view))
    current = {"aria-current": "page"} if on else {}
    return link(children, view.state.href(path), f"{look} on" if on else look, **current)


def _under(view: View) -> str:
    """The page that stands in the navigation for the one shown."""
    return next((page.under for page in view.desk.pages if page.path == view.state.path), "")


def _tabs(view: View) -> Node:
    """The phone's navigation: four pages, and the others behind "More"."""
    pages = [page for page in view.pages if not page.under]
    front = [page for page in pages if page.name in TABS]
    rest = [page for page in pages if page not in front]
    tabs = [_tab(view, page.path, page.icon, page.name) for page in front]
    if rest or view.access.user is not None:
        here = {view.state.path, _under(view)} & {page.path for page in rest}
        options = [
            link(
                [icon(page.icon), html.Span(view.text(page.name))],
                view.state.href(page.path),
                "opt",
                **({"aria-current": "page"} if page.path == view.state.path else {}),
            )
            for page in rest
        ]
        options += [log_out_option(view)] if view.access.user is not None else []
        more = [icon("ellipsis", 20), html.Span(view.text("nav.more"))]
        tabs.append(menu(more, options, "tab on" if here else "tab", "up"))
    return html.Nav(tabs, className="tabbar", **{"aria-label": view.text("nav.tabs")})


def _tab(view: View, path: str, symbol: str, name: str) -> Node:
    return _nav(view, path, [icon(symbol, 20), html.Span(view.text(name))], "tab")


def _topbar(view: View) -> Node:
    parts = [html.Span(className="logo"), html.Div(_picker(view, "site-phone"), className="grow")]
    tools = [*parts, _theme(view), _language(view, short=True)]
    return html.Nav(tools, className="topbar", **{"aria-label": view.text("site")})


def _language(view: View, *, short: bool = False) -> Node:
    other = "en" if view.lang == "zh" else "zh"
    href = view.state.href(lang=other)
    code = "zh-CN" if other == "zh" else "en"
    if short:
        name = "EN" if other == "en" else "中"
        return link([name, unseen(f" {LANGUAGES[other]}")], href, "ghost sq", lang=code)
    return link([icon("languages"), LANGUAGES[other]], href, "ghost", lang=code)


def _theme(view: View) -> Node:
    faces = [icon("moon", extra="to-dark"), icon("sun", extra="to-light")]
    name = view.text("theme")
    act = {"data-act": "theme", "aria-label": name}
    return html.Button(faces, className="ghost sq", type="button", title=name, **act)


def _picker(view: View, look: str) -> Node:
    text, chosen = view.text, view.site
    shown = (chosen.domain or chosen.id) if chosen else view.state.site or text("site.none")
    options: list[Node] = []
    for site in view.sites:
        name, on = site.domain or site.id, site == chosen
        parts = [
            _letter(name),
            html.Span(name, className="grow ell"),
            icon("check", 14, "" if on else "hide"),
        ]
        options.append(
            link(
                parts, view.state.href(site=site.id, f=()), "opt", **({"aria-current": "true"} if on else {})
            )
        )
    if view.may(OWN):
        options.append(link([icon("plus", 14), text("site.add")], view.state.href("/sites"), "opt sep"))
    front = [_letter(shown)] if look == "site" else []
    label = [
        unseen(f"{text('site')}: "),
        *front,
        html.Span(shown, className="ell grow" if look == "site" else "ell"),
        icon("chevron-down", 14),
    ]
    return menu(label, options, look)


def _letter(name: str) -> Node:
    return html.Span(name[:1].upper(), className="fav", **{"aria-hidden": "true"})


def no_site(view: View, title: str) -> Node:
    """The page when there is no site yet, or none of the name in the URL."""
    text = view.text
    if not view.sites and not view.may(OWN):
        body = empty("globe", text("site.none"), text("site.none.words"), alone=True)
    elif not view.sites:
        action = link([icon("plus", 14), text("site.add")], view.state.href("/sites", site=""), "btn primary")
        body = empty("globe", text("site.first"), text("site.first.words"), action, alone=True)
    else:
        links = [
            link(site.domain or site.id, view.state.href(site=site.id), "btn") for site in view.sites[:6]
        ]
        body = empty(
            "search", text("site.unknown", id=view.state.site), text("site.unknown.words"), *links, alone=True
        )
    return shell(view, html.Section(body, className="card"), title=title)
