"""What is said of one person: risk in ten with dots, reasons with points; a card for their own page."""

from __future__ import annotations

from dash import html

from crm.fitted import Fitted
from dashboards import format
from dashboards.annotations import Annotation, notes_of
from dashboards.page import Node, View
from dashboards.parts import card, computed, graph
from dashboards.reports.churn import figure, sentences
from dashboards.reports.churn.records import Person
from dashboards.reports.churn.risk import Risk
from dashboards.reports.churn.scoring import within


def risk_in_ten(view: View, person: Person, *, alone: bool = False) -> list[Node]:
    """3 in 10, ten dots, the band, the interval; a newcomer's is that of a typical one.

    `alone`: the interval in tenths too, where there is room for it.
    """
    text, risk = view.text, person.risk or 0.0
    full = round(10 * risk)
    dots = [html.I(className="on" if at < full else "") for at in range(10)]
    under = text("churn.typical") if person.known.is_newcomer else text(f"churn.band.{person.band}")
    look = "risk-dots muted" if person.known.is_newcomer else "risk-dots"
    said = sentences.likely_in_ten(text, person) if alone else sentences.in_ten(text, risk)
    likely = sentences.likely(text, person)
    parts: list[Node] = [
        html.Div(said, className="strong"),
        html.Div(dots, className=look, **{"aria-hidden": "true"}),
        html.Div([under, html.Span(f" · {format.percent(risk, 0)}", className="num")], className="muted xs"),
    ]
    if likely:
        parts.append(html.Div(likely, className="muted xs num", title=text("churn.likely.words")))
    return parts


def whys(view: View, fitted: Fitted, person: Person) -> list[Node]:
    """The reasons with points, what a visit today would do, and what the forecast does not know."""
    text = view.text
    lines: list[Node] = [
        html.Div(
            [
                html.Span(sentences.points(why), className=f"pts {'bad' if why.points > 0 else 'good'}"),
                html.Span(sentences.reason(text, why, person.known, fitted.primary, fitted.horizon.days)),
            ],
            className="why",
        )
        for why in person.reasons
        if round(why.points)
    ]
    more = [sentences.after_today(text, person, fitted.primary), sentences.evidence(text, person.evidence)]
    return lines + [html.Div(words, className="muted xs more-why") for words in more if words]


def risk_card(view: View, risk: Risk | None) -> Node:
    """The card of one person: risk, reasons, action, the risk of past days; facts where it is withheld."""
    text = view.text
    if risk is None:
        return card(text("churn"), html.P(text("churn.card.none"), className="muted sm"))
    person, fitted = risk.person, risk.fitted
    action = html.Div(
        [
            html.B(text(f"churn.stage.{person.stage.value}")),
            " · ",
            text(f"churn.action.{person.stage.value}"),
        ],
        className="sm mt12",
    )
    how = text("churn.list.how", days=within(fitted.horizon.days), horizon=fitted.horizon.days)
    body: list[Node] = [html.P(text("churn.withheld.words"), className="muted sm")]
    if person.risk is not None:
        body = [
            *risk_in_ten(view, person, alone=True),
            html.Div(whys(view, fitted, person), className="mt12"),
        ]
        body += _history(view, risk)
    return card(text("churn"), *body, action, info=computed(view, risk.computed, how))


def _history(view: View, risk: Risk) -> list[Node]:
    """The risk at the end of each day that was scored, and the notes on these days; the ends in words."""
    if len(risk.history) < 2:
        return []
    text, (first, last) = view.text, (risk.history[0], risk.history[-1])
    said = text(
        "churn.card.history",
        first=format.percent(first.risk, 0),
        since=format.day(first.as_of, view.lang),
        last=format.percent(last.risk, 0),
        until=format.day(last.as_of, view.lang),
    )
    shown = figure.history(risk.history, _notes(view, risk), view.lang)
    chart = graph("churn-history", shown, text("churn.card.history.label"), figure.LOW)
    return [html.Div(chart, className="mt12"), html.Div(said, className="muted xs")]


def _notes(view: View, risk: Risk) -> tuple[Annotation, ...]:
    """The notes on the days of the history: those of the page may be others."""
    assert view.site is not None
    first, last = risk.history[0].as_of, risk.history[-1].as_of
    notes = notes_of(view.desk.store, view.site.id)
    return tuple(one for one in notes if first <= one.day <= last)
