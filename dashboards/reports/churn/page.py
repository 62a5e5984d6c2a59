"""Churn risk: who will probably not come back, how right that was so far, why, and what to do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from dash import html

from clicktrail.errors import ConfigError
from crm.horizon import HORIZONS
from crm.models import FEWEST_PEOPLE
from dashboards import format
from dashboards.controls import chips, kept, share_button, toggle, url_form
from dashboards.coverage import Coverage, coverage
from dashboards.footing import bad_request, cover, health
from dashboards.page import Node, Page, View
from dashboards.parts import card, copy_button, empty, icon, link, menu, unseen
from dashboards.people import Selection
from dashboards.reports.churn import cards, tables
from dashboards.reports.churn.asked import PARAMS, Asked, read
from dashboards.reports.churn.fit import NoForecastError
from dashboards.reports.churn.model_card import model_card
from dashboards.reports.churn.options import PRIMARIES, ChurnOptions
from dashboards.reports.churn.query import churn
from dashboards.reports.churn.records import Churn
from dashboards.reports.churn.selection import select
from dashboards.reports.churn.table import listed
from dashboards.shell import no_site, shell
from dashboards.snippet import first_steps
from dashboards.static import Element


@dataclass(frozen=True)
class Answer:
    """What the store said for one view."""

    found: Churn
    coverage: Coverage


def layout(view: View) -> Node:
    """The page."""
    title = view.text("churn")
    if view.site is None:
        return no_site(view, title)
    try:
        asked = read(view)
        answer = _ask(view, asked)
    except NoForecastError as error:
        body = [_switches(view, read(view).options, None), _no_forecast(view, error)]
        return shell(view, *body, title=title, tools=[_as_of(view), share_button(view)])
    except ConfigError as error:
        return shell(view, chips(view), bad_request(view, error), title=title, tools=[share_button(view)])
    if answer.coverage.last_received is None and not view.state.f:
        return shell(view, first_steps(view), title=title)
    found = answer.found
    notes = [
        html.Div([icon("circle-alert"), view.text(key)], className="note", role="status")
        for key in asked.notes
    ]
    return shell(
        view,
        *notes,
        _choices(view, found),
        *_body(view, found, asked),
        html.Div([cover(view, answer.coverage), _left_out(view, found)], className="feet"),
        title=title,
        sub=_sentence(view, found),
        tools=[_as_of(view), share_button(view)],
        health=health(view, answer.coverage),
    )


def _ask(view: View, asked: Asked) -> Answer:
    site, store, now = view.site, view.desk.store, view.desk.now()
    assert site is not None
    with ThreadPoolExecutor(2) as pool:
        found = pool.submit(churn, store, site, asked.options, view.state.f, asked.listing, now=now)
        covered = pool.submit(coverage, store, site, view.period, now=now)
        return Answer(found.result(), covered.result())


def _body(view: View, found: Churn, asked: Asked) -> list[Node]:
    text, record = view.text, found.fitted.backtest
    if not found.in_play and not view.state.f:
        return [
            html.Section(
                empty("users", text("churn.none"), text("churn.none.words"), alone=True), className="card"
            )
        ]
    if found.fitted.name is None or record is None:
        words: list[Node] = [html.P(text("churn.withheld.words"), className="muted")]
        if record is not None:
            scores = {"brier": f"{record.rivals[record.champion]:.3f}", "base": f"{record.base_brier:.3f}"}
            words.append(html.P(text("churn.withheld.record", **scores), className="sm mt12"))
            words.append(html.P(cards.without_newcomers(view, record), className="muted xs mt12"))
        facts = html.Div(
            [card(text("churn.withheld"), *words), model_card(view, found)], className="grid g-2"
        )
        return [facts, listed(view, found, asked)]
    bins = cards.Bins.of(found)
    top = [
        cards.contact(view, found, bins, asked.above),
        cards.where(view, found, bins, asked.above),
        cards.right(view, found, record),
    ]
    return [
        html.Div(top, className="grid g-3"),
        listed(view, found, asked),
        html.Div([cards.weeks(view, record), model_card(view, found)], className="grid g-2"),
    ]


def _sentence(view: View, found: Churn) -> str:
    """The answer in one sentence."""
    text, fitted = view.text, found.fitted
    people = format.number(found.in_play)
    if fitted.name is None:
        why = text(
            f"churn.why.{fitted.why_not}",
            n=format.number(fitted.returning),
            least=FEWEST_PEOPLE,
            days=fitted.horizon.days,
        )
        return text("churn.sentence.withheld", people=people, why=why)
    gone = format.number(sum(one.leavers for one in found.spread))
    verb = text(f"churn.verb.{fitted.primary}")
    return text("churn.sentence", gone=gone, people=people, verb=verb, days=fitted.horizon.days)


def _no_forecast(view: View, error: NoForecastError) -> Node:
    """The command that makes a forecast, to copy."""
    text = view.text
    words = text("churn.no_forecast.words", n=format.number(error.sessions))
    command = [html.Pre(error.command, tabIndex="0"), copy_button(text, text("churn.no_forecast.copy"))]
    body = empty("clock", text("churn.no_forecast"), words, html.Div(command, className="code"), alone=True)
    return html.Section(body, className="card")


def _choices(view: View, found: Churn) -> Node:
    """What coming back is, within how many days, and the filters."""
    switches = _switches(view, found.options, found.fitted.horizon.days)
    return html.Div([switches, chips(view)], className="row wrap picks")


def _switches(view: View, asked: ChurnOptions, usual_days: int | None) -> Node:
    """The two choices that need a forecast of their own; `usual_days`: the horizon that was chosen."""
    text = view.text
    primaries = [(name, text(f"churn.primary.{name}")) for name in PRIMARIES]
    usual = text("churn.horizon.site")
    if asked.horizon is None and usual_days is not None:
        usual = text("churn.horizon.auto", days=usual_days)
    spans = [("", usual)] + [(f"{n}d", text("churn.horizon.days", n=n)) for n in HORIZONS]
    if asked.horizon is not None and asked.horizon not in HORIZONS:
        spans.append((view.state.one("horizon"), text("churn.horizon.days", n=asked.horizon)))
    parts = [
        _labelled(text("churn.primary"), toggle(view, text("churn.primary"), "primary", primaries, "visit")),
        _labelled(text("churn.horizon"), toggle(view, text("churn.horizon"), "horizon", spans, "")),
    ]
    return html.Div(parts, className="row wrap picks")


def _labelled(label: str, control: Node) -> Node:
    return html.Div([html.Span(label, className="muted xs"), control], className="row g8 pick")


def _as_of(view: View) -> Node:
    """The day whose end is looked at."""
    text, chosen = view.text, view.state.one("as-of")
    field = Element(
        "input", type="date", name="as-of", defaultValue=chosen[:10] or view.today.isoformat(), required=True,
        max=view.today.isoformat(), min="1971-01-01", className="in",
    )  # fmt: skip
    go = html.Button(text("churn.as_of.show"), className="btn primary", type="submit")
    form = url_form(
        view, [*kept(view, "as-of", "page"), Element("label", [text("churn.as_of"), field]), go], chosen
    )
    now = link(text("churn.as_of.now"), view.state.href(own={"as-of": (), "page": ()}), "opt")
    words = html.P(text("churn.as_of.words"), className="muted sm pad8")
    shown = chosen or text("churn.as_of.now")
    label = [
        icon("history"),
        unseen(f"{text('churn.as_of')}: "),
        html.Span(shown, className="num"),
        icon("chevron-down", 14),
    ]
    return menu(label, [words, now, form], "btn", "right")


def _left_out(view: View, found: Churn) -> Node:
    share = found.left_out.value
    if not share:
        return None
    return html.Div(view.text("churn.left_out", share=format.percent(share, 0)), className="muted xs")


def download(view: View, name: str) -> list[list[object]] | None:
    """The rows of a table of the page, with a head; None for one we do not have."""
    if name not in tables.TABLES or view.site is None:
        return None
    asked = read(view)
    listing = replace(asked.listing, limit=tables.MOST if name == "visitors" else 0, offset=0)
    now, site = view.desk.now(), view.site
    found = churn(view.desk.store, site, asked.options, view.state.f, listing, now=now)
    return tables.TABLES[name](found)


def people(view: View, who: str) -> Selection | None:
    """Those of a threshold (above:67), a band (band:high) or a stage (stage:danger)."""
    return None if view.site is None else select(view, who)


PAGE = Page(
    "/churn",
    "churn",
    "user-minus",
    "nav.act",
    layout,
    download=download,
    people=people,
    params=PARAMS,
)
"""Registered in dashboards/app.py."""
