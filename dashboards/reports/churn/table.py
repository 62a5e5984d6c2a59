"""The list of people: risk, value, reasons, last seen, what to do. The address sorts and pages it."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from crm.lifecycle import STAGES
from dashboards import format, people
from dashboards.controls import toggle
from dashboards.page import Node, View
from dashboards.parts import card, computed, empty, exports, icon, link, unseen
from dashboards.people import visitor_href
from dashboards.reports.churn import sentences
from dashboards.reports.churn.asked import BANDS, Asked
from dashboards.reports.churn.options import PAGE, SORTS
from dashboards.reports.churn.person import risk_in_ten, whys
from dashboards.reports.churn.records import Churn, Person
from dashboards.reports.churn.scoring import within

_SHOWN_ID = 24  # characters of an id; the title has all


def listed(view: View, found: Churn, asked: Asked) -> Node:
    """The card of the list."""
    text, fitted = view.text, found.fitted
    has_risk = fitted.name is not None
    days = within(fitted.horizon.days)
    how = text("churn.list.how", days=days, horizon=fitted.horizon.days)
    rows = [_row(view, found, person) for person in found.people]
    head = html.Thead(html.Tr(_heads(view, found)))
    body: Node = html.Table([head, html.Tbody(rows)], className="t rows stack risks")
    if not rows:
        body = empty("users", text("churn.list.none"), text("churn.list.none.words"), small=True)
    return card(
        text("churn.list" if has_risk else "churn.list.facts"),
        _controls(view, found),
        body,
        _pages(view, found, asked),
        info=computed(view, found.computed[0], how, _left_out(view, found)),
        tools=[exports(view, "churn", "visitors")],
    )


def _left_out(view: View, found: Churn) -> str:
    share = found.left_out.value
    return "" if not share else view.text("churn.left_out", share=format.percent(share, 0))


def _controls(view: View, found: Churn) -> Node:
    """Band, stage and order, each a link; a change leads to the first page."""
    text = view.text
    counts = found.by("stage")
    stages = [("", text("churn.stage.all"))] + [
        (one.value, f"{text(f'churn.stage.{one.value}')} {format.number(counts[one.value])}")
        for one in STAGES
        if counts[one.value]
    ]
    bands = [("", text("churn.band.all"))] + [(name, text(f"churn.band.{name}")) for name in BANDS]
    sorts = [(name, text(f"churn.sort.{name}")) for name in SORTS]
    parts = [_named(view, "stage", stages, "")]
    if found.fitted.name is None:
        sorts[0] = ("risk", text("churn.sort.late"))
    else:
        parts.insert(0, _named(view, "band", bands, ""))
    return html.Div([*parts, _named(view, "sort", sorts, "risk")], className="row wrap picks")


def _named(view: View, name: str, choices: Sequence[tuple[str, str]], default: str) -> Node:
    label = view.text(f"churn.{name}")
    picks = toggle(view, label, name, choices, default)
    return html.Div([html.Span(label, className="muted xs"), picks], className="row g8 pick")


def _heads(view: View, found: Churn) -> list[Node]:
    text, primary = view.text, found.fitted.primary
    heads = [("visitor", ""), ("risk", ""), ("value", "n"), ("why", "")]
    if found.fitted.name is None:
        heads = [("visitor", ""), ("gap", ""), ("happened", ""), ("spent", "n")]
    heads += [(f"seen.{primary}", "n"), ("action", "")]
    return [html.Th(text(f"churn.head.{key}"), scope="col", className=look) for key, look in heads]


def _row(view: View, found: Churn, person: Person) -> Node:
    if found.fitted.name is None:
        middle = [_gap(view, person), _happened(view, person), _spent(view, person)]
    else:
        middle = [_risk(view, person), _value(view, person), _why(view, found, person)]
    cells = [_who(view, person), *middle, _seen(view, found, person), _action(view, person)]
    return html.Tr(cells)


def _who(view: View, person: Person) -> Node:
    name = person.person_id
    shown = name if len(name) <= _SHOWN_ID else name[: _SHOWN_ID - 1] + "…"
    stage = html.Div(view.text(f"churn.stage.{person.stage.value}"), className="muted xs")
    anchor = link(shown, visitor_href(view, name), "a-quiet strong", title=name)
    return html.Th([anchor, stage], scope="row")


def _risk(view: View, person: Person) -> Node:
    return html.Td(
        risk_in_ten(view, person), className="risk", **{"data-label": view.text("churn.head.risk")}
    )


def _value(view: View, person: Person) -> Node:
    assert view.site is not None
    at_risk = person.at_risk or 0.0
    said = format.money(round(at_risk, 2), view.site.currency) if at_risk > 0 else "–"
    return html.Td(said, className="n strong", **{"data-label": view.text("churn.head.value")})


def _spent(view: View, person: Person) -> Node:
    assert view.site is not None
    said = format.money(person.spent, view.site.currency) if person.spent > 0 else "–"
    return html.Td(said, className="n", **{"data-label": view.text("churn.head.spent")})


def _why(view: View, found: Churn, person: Person) -> Node:
    return html.Td(whys(view, found.fitted, person), className="whys")


def _gap(view: View, person: Person) -> Node:
    words = view.text("churn.once")
    if not person.known.is_newcomer:
        words = view.text("churn.every", days=sentences.days(view.text, person.known.usual_gap))
    return html.Td(words, **{"data-label": view.text("churn.head.gap")})


def _happened(view: View, person: Person) -> Node:
    said = sentences.happened(view.text, person.evidence) or "–"
    return html.Td(said, **{"data-label": view.text("churn.head.happened")})


def _seen(view: View, found: Churn, person: Person) -> Node:
    """How long ago, and how often they usually come."""
    text, known = view.text, person.known
    parts: list[Node] = [html.Div(sentences.ago(text, known.silence), title=person.last.isoformat())]
    if not known.is_newcomer and found.fitted.name is not None:
        gap = text("churn.every", days=sentences.days(text, known.usual_gap))
        parts.append(html.Div([unseen(f"{text('churn.head.gap')}: "), gap], className="muted xs"))
    label = text(f"churn.head.seen.{found.fitted.primary}")
    return html.Td(parts, className="n", **{"data-label": label})


def _action(view: View, person: Person) -> Node:
    return html.Td(
        view.text(f"churn.action.{person.stage.value}"),
        className="act",
        **{"data-label": view.text("churn.head.action")},
    )


def _pages(view: View, found: Churn, asked: Asked) -> Node:
    """Which of them these are, and the pages before and after."""
    text = view.text
    total = sum(
        one.people
        for one in found.spread
        if asked.listing.band in ("", one.band) and asked.listing.stage in ("", one.stage)
    )
    if not total:
        return None
    first = asked.listing.offset + 1
    last = min(total, first + PAGE - 1)
    before = _page_link(view, asked.page - 1, "before", "chevron-left") if asked.page > 1 else None
    after = _page_link(view, asked.page + 1, "next", "chevron-right") if last < total else None
    said = text(
        "churn.page.of",
        first=format.number(first),
        last=format.number(max(last, 0)),
        all=format.number(total),
    )
    parts = [html.Span(said, className="muted sm num"), _see(view, asked), html.Div(className="grow")]
    parts += [before, after]
    return html.Nav(
        [part for part in parts if part is not None],
        className="row g8 pages",
        **{"aria-label": text("churn.pages")},
    )


def _see(view: View, asked: Asked) -> Node:
    """The people of the one band or stage that is chosen."""
    chosen = [
        f"{name}:{getattr(asked.listing, name)}" for name in ("band", "stage") if getattr(asked.listing, name)
    ]
    if len(chosen) != 1:
        return None
    return link(
        [icon("users", 14), view.text("churn.see")], people.href(view, "churn", chosen[0]), "btn sm quiet"
    )


def _page_link(view: View, page: int, word: str, symbol: str) -> Node:
    href = view.state.href(own={"page": (str(page),) if page > 1 else ()})
    return link([icon(symbol, 14), view.text(f"churn.page.{word}")], href, "btn sm")
