"""The Dash app: pages, frame, answers' headers. No state but the URL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dash
from dash import Dash, html, page_container, register_page
from flask import Flask, Response, current_app, request
from plotly.offline import get_plotlyjs_version

from clicktrail.errors import ClicktrailError, StoreError
from clicktrail.settings import Settings
from dashboards import gate, login, theme
from dashboards.access import AccessError, guarded
from dashboards.annotations import connect as connect_notes
from dashboards.annotations import stores as note_stores
from dashboards.downloads import serve_downloads
from dashboards.i18n import Text
from dashboards.page import Desk, Node, Page, View, utc_now
from dashboards.parts import empty, failure, link
from dashboards.reports.campaigns import page as campaigns
from dashboards.reports.churn import page as churn
from dashboards.reports.content import page as content
from dashboards.reports.failed import page as failed
from dashboards.reports.funnel import page as funnel
from dashboards.reports.goals import page as goals
from dashboards.reports.live import page as live
from dashboards.reports.overview import page as overview
from dashboards.reports.people import page as people
from dashboards.reports.retention import page as retention
from dashboards.reports.sites import page as sites
from dashboards.reports.users import page as users
from dashboards.reports.visitor import page as visitor
from dashboards.shell import shell
from dashboards.state import State
from dashboards.static import fast
from dashboards.suggestions import serve_suggestions
from store.tables.client import Store

PAGES: tuple[Page, ...] = (
    overview.PAGE,
    live.PAGE,
    campaigns.PAGE,
    content.PAGE,
    goals.PAGE,
    funnel.PAGE,
    retention.PAGE,
    churn.PAGE,
    people.PAGE,
    visitor.PAGE,
    sites.PAGE,
    failed.PAGE,
    users.PAGE,
)
"""Every page, in the order of the navigation. A new page is one line here."""

ASSETS = Path(__file__).parent / "assets"
_CHARTS = f"/assets/plotly-basic.min.js?m={get_plotlyjs_version()}"
_FONT = "/assets/inter.woff2?m=5.3.0"
_YEAR = "public, max-age=31536000, immutable"
_THEME = (
    "try{var t=new URLSearchParams(location.search).get('theme')||localStorage.theme;"
    "document.documentElement.dataset.theme=t==='dark'||t==='light'?t:"
    "matchMedia('(prefers-color-scheme:dark)').matches?'dark':'light'}catch(e){}"
)
_SKELETON = (
    '<div id="react-entry-point"><div class="shell" aria-busy="true"><div class="side"></div>'
    '<div class="page">'
    '<div class="head"><div class="sk" style="width:220px;height:28px"></div></div><main>'
    '<div class="sk"></div><div class="sk" style="height:360px"></div></main></div></div></div>'
)
_DESK = "clicktrail"


class _App(Dash):
    """Dash with our own index: theme before the first paint, tokens, font, skeleton."""

    def interpolate_index(self, **parts: Any) -> str:
        return (
            f'<!DOCTYPE html><html lang="en"><head>{parts["metas"]}<title>{parts["title"]}</title>'
            f'<meta name="clicktrail-charts" content="{_CHARTS}"><link rel="icon" href="/assets/favicon.svg">'
            f"<script>{_THEME}</script><style>{theme.css()}</style>{parts['css']}"
            f'<link rel="preload" href="{_FONT}" as="font" type="font/woff2" crossorigin></head>'
            f"<body>{_SKELETON}<footer>{parts['config']}{parts['scripts']}{parts['renderer']}</footer></body></html>"
        )


def create_app(
    store_reader: Store,
    writer: Callable[[], Store],
    settings: Settings,
    *,
    now: Callable[[], Any] = utc_now,
) -> Dash:
    """The dashboard over a store. `writer()`: the store that may write (sites); `now()`: the clock, UTC."""
    app = _App(
        "clicktrail",
        server=_server(),
        assets_folder=str(ASSETS),
        assets_ignore=r"plotly-basic.*|.*\.py",
        use_pages=True,
        pages_folder="",
        include_pages_meta=False,
        suppress_callback_exceptions=True,
        compress=True,
        update_title="",
        title="Clicktrail",
        meta_tags=[{"name": "viewport", "content": "width=device-width,initial-scale=1"}],
    )
    desk = Desk(store_reader, guarded(writer), settings, PAGES, now)
    app.server.extensions[_DESK] = desk
    for page in PAGES:
        register_page(
            f"dashboards{page.path.replace('/', '.')}",
            path=page.path,
            title=_title(page),
            layout=_layout(page),
        )
    register_page("dashboards.not_found_404", path="/404", title="Clicktrail", layout=_not_found)
    app.layout = html.Div(
        [
            page_container,
            html.Div(id="toast", role="status", className="toast"),
            html.Div(id="bar"),
            *note_stores(),
        ]
    )
    rights = gate.connect_pages(app, desk)
    connect_notes(app, desk)
    serve_downloads(app.server, desk)
    serve_suggestions(app.server, desk)
    login.serve_login(app.server, gate.close(app.server, desk, rights), writer, _THEME)
    app.server.after_request(_headers(app))
    return app


def _server() -> Flask:
    """Answers are packed with Brotli where the browser takes it: a page is a tenth smaller than by zstd."""
    server = Flask(_DESK)
    server.config["COMPRESS_ALGORITHM"] = ["br", "zstd", "gzip", "deflate"]
    server.config["COMPRESS_BR_LEVEL"] = 5
    return server


def _desk() -> Desk:
    """The desk of the app that answers: Dash's list of pages is one for all apps of a process."""
    return current_app.extensions[_DESK]


def _layout(page: Page) -> Callable[..., Node]:
    def layout(**params: Any) -> Node:
        desk = _desk()
        state = State.of(page.path, params, desk.own(page.path))
        try:
            return fast(_guarded(desk.view(state), page))
        except AccessError as error:
            return fast(_refused(desk.glance(state), error, page))

    return layout


def _refused(view: View, error: AccessError, page: Page) -> Node:
    """The card of a page or a site that is not for who asks."""
    links = [link(site.domain or site.id, view.state.href("/", site=site.id), "btn") for site in view.sites]
    title, words = gate.said(view.text, error)
    body = empty("lock", title, words, *links[:6], alone=True)
    return shell(view, html.Section(body, className="card", role="alert"), title=view.text(page.name))


def _guarded(view: View, page: Page) -> Node:
    """The page, or the card that says why not; the frame stays in either case."""
    try:
        if view.trouble is not None:
            raise view.trouble
        return page.layout(view)
    except StoreError as error:
        return shell(view, failure(view, error), title=view.text(page.name))
    except ClicktrailError as error:
        body = empty("circle-alert", view.text("error.title"), str(error)[:400], alone=True)
        return shell(view, html.Section(body, className="card", role="alert"), title=view.text(page.name))


def _title(page: Page) -> Callable[..., str]:
    """The title in the language of the address."""

    def title(**_: Any) -> str:
        search = dash.ctx.inputs.get("_pages_location.search", "")
        return f"{Text(State.of_search(page.path, search).lang)(page.name)} · Clicktrail"

    return title


def _not_found(**params: Any) -> Node:
    view = _desk().glance(State.of("/404", params))
    home = link(view.text("overview"), view.state.href("/"), "btn primary")
    body = empty("search", view.text("lost"), view.text("lost.words"), home, alone=True)
    return fast(shell(view, html.Section(body, className="card"), title=view.text("lost")))


def _headers(app: Dash) -> Callable[[Response], Response]:
    """What goes with every answer: what the browser may load, and how long it may keep it."""
    from base64 import b64encode  # noqa: PLC0415
    from hashlib import sha256  # noqa: PLC0415

    theme_hash = b64encode(sha256(_THEME.encode()).digest()).decode()

    def add(answer: Response) -> Response:
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "same-origin"
        answer.headers["X-Frame-Options"] = "DENY"
        if answer.mimetype == "text/html":
            scripts = " ".join(["'self'", f"'sha256-{theme_hash}'", *dict.fromkeys(app.csp_hashes())])
            answer.headers["Content-Security-Policy"] = (
                f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; "
                "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; "
                "form-action 'self'; frame-ancestors 'none'"
            )
            answer.headers["Cache-Control"] = "no-store"
        elif request.path.startswith("/assets/") and "m" in request.args and answer.status_code == 200:
            answer.headers["Cache-Control"] = _YEAR
        return answer

    return add
