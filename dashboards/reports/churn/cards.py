"""The cards above the list: whom to contact, where everybody stands, how right past forecasts were."""

from __future__ import annotations

import json
from dataclasses import dataclass

from dash import html

from crm.accuracy import Accuracy
from crm.backtest import Backtest, Cutoff
from dashboards import format, people
from dashboards.page import Node, View
from dashboards.parts import card, computed, exports, graph, icon, link
from dashboards.reports.churn.figure import HEIGHT, TALL, distribution, reliability
from dashboards.reports.churn.records import Churn
from dashboards.reports.churn.scoring import within
from dashboards.static import Element


@dataclass(frozen=True)
class Reach:
    """What a threshold means: people contacted, how many of them leave, of how many, and value at risk."""

    people: int
    hits: float
    leavers: float
    at_risk: float

    @property
    def misses(self) -> float:
        """People contacted who would have stayed."""
        return self.people - self.hits


@dataclass(frozen=True)
class Bins:
    """Ranked people by hundredths of risk (100,): how many, expected leavers, value at risk."""

    people: list[int]
    leavers: list[float]
    at_risk: list[float]

    @classmethod
    def of(cls, found: Churn) -> Bins:
        """Of the ranked people of a report."""
        made = cls([0] * 100, [0.0] * 100, [0.0] * 100)
        for one in found.spread:
            if not one.is_newcomer:
                made.people[one.hundredth] += one.people
                made.leavers[one.hundredth] += one.leavers
                made.at_risk[one.hundredth] += one.at_risk
        return made

    def reach(self, above: int) -> Reach:
        """Of everybody with a risk of at least `above` per cent."""
        value = sum(self.at_risk[above:])
        return Reach(sum(self.people[above:]), sum(self.leavers[above:]), sum(self.leavers), value)


def contact(view: View, found: Churn, bins: Bins, above: int) -> Node:
    """The threshold, and what it would mean; assets/churn.js keeps the numbers with the slider."""
    text, reach = view.text, bins.reach(above)
    assert view.site is not None
    label = text("churn.threshold")
    slider = Element(
        "input", type="range", min="0", max="100", step="1", defaultValue=str(above), className="slide",
        key=view.state.href(), **{"data-churn": "1", "aria-label": label, "aria-valuetext": f"{above}%"},
    )  # fmt: skip
    share = reach.hits / reach.leavers if reach.leavers else 0.0
    stats = [
        ("people", format.number(reach.people), text("churn.contacted")),
        ("hits", format.number(reach.hits), text("churn.hits")),
        ("misses", format.number(reach.misses), text("churn.misses")),
        ("reached", format.percent(share, 0), text("churn.reached")),
        ("value", format.money(round(reach.at_risk), view.site.currency), text("churn.value")),
    ]
    see = link(
        [icon("users"), text("churn.see")],
        people.href(view, "churn", f"above:{above}"),
        "btn primary",
        **{"data-who": "above:"},
    )
    head = html.Div(
        [
            html.Span(label, className="muted sm"),
            html.B(text("churn.threshold.value", risk=f"{above}%"), **{"data-out": "risk"}),
        ],
        className="row between",
    )
    return card(
        text("churn.contact"),
        html.Div([head, slider], className="slider"),
        html.Div([_stat(*one) for one in stats], className="reach"),
        see,
        _data(view, bins),
        info=computed(view, found.computed[1], text("churn.contact.how")),
        look="churn-contact",
    )


def _data(view: View, bins: Bins) -> Node:
    """What the slider needs to say the numbers of another threshold."""
    assert view.site is not None
    counts = {
        "people": bins.people,
        "leavers": [round(value, 4) for value in bins.leavers],
        "value": [round(value, 2) for value in bins.at_risk],
    }
    data = {
        "data-bins": json.dumps(counts),
        "data-money": format.money(0, view.site.currency).replace("0", ""),
        "data-said": view.text("churn.threshold.value", risk="%"),
        "data-line": view.text("churn.at", risk="%"),
    }
    return html.Span(hidden=True, **data)


def _stat(name: str, value: str, words: str) -> Node:
    return html.Div(
        [html.Div(value, className="stat-v", **{"data-out": name}), html.Div(words, className="stat-l")]
    )


def where(view: View, found: Churn, bins: Bins, above: int) -> Node:
    """The distribution with the threshold."""
    text, ranked = view.text, sum(bins.people)
    high = found.by("band")["high"]
    parts = [
        html.P(
            text("churn.where.words", n=format.number(ranked), high=format.number(high)), className="muted sm"
        ),
        graph(
            "churn-where",
            distribution(bins.people, above, text),
            text("churn.where.label", n=format.number(ranked)),
            TALL,
        ),
        html.P(text.n("churn.newcomers", found.newcomers), className="muted xs") if found.newcomers else None,
    ]
    return card(
        text("churn.where"),
        *[part for part in parts if part is not None],
        info=computed(view, found.computed[1]),
    )


def right(view: View, found: Churn, record: Backtest) -> Node:
    """Forecasts of past weeks against what came."""
    text, overall = view.text, record.overall
    facts = [
        (text("churn.auc"), "–" if overall.auc is None else f"{overall.auc:.2f}"),
        (text("churn.brier"), f"{overall.brier:.3f}"),
        _skill(view, overall),
        (text("churn.lift"), "–" if overall.lift is None else f"×{overall.lift:.1f}"),
    ]
    line = html.Div(
        [html.Span([html.B(value), f" {name}"]) for name, value in facts],
        className="row wrap xs muted facts-row",
    )
    return card(
        text("churn.right"),
        html.P(_sentence(view, record), className="sm"),
        graph("churn-right", reliability(overall.deciles, text), text("churn.right.label"), HEIGHT),
        line,
        html.P(without_newcomers(view, record), className="muted xs"),
        html.P(text("churn.actionable", days=within(found.fitted.horizon.days)), className="muted xs"),
        info=computed(view, found.computed[3], text("churn.right.how")),
        tools=[exports(view, "churn", "deciles")],
    )


def _skill(view: View, found: Accuracy) -> tuple[str, str]:
    """(better or worse than the base rate, by how much)."""
    skill = found.skill or 0.0
    return view.text("churn.skill" if skill >= 0 else "churn.skill.worse"), format.percent(abs(skill), 0)


def without_newcomers(view: View, record: Backtest) -> str:
    """The figures for those who have a rank in the list."""
    ranked = record.ranked
    if ranked is None:
        return ""
    return view.text(
        "churn.right.ranked",
        n=format.number(ranked.people),
        auc="–" if ranked.auc is None else f"{ranked.auc:.2f}",
        brier=f"{ranked.brier:.3f}",
        base=f"{ranked.base_brier:.3f}",
        skill=" ".join(reversed(_skill(view, ranked))),
        lift="–" if ranked.lift is None else f"×{ranked.lift:.1f}",
    )


def _sentence(view: View, record: Backtest) -> str:
    """Of 500 marked high on 1 March, 431 did not return: 86%, we said 84%."""
    marked = [one for one in record.cutoffs if one.marked]
    if not marked:
        return view.text("churn.right.nobody")
    newest = marked[-1]
    return view.text(
        "churn.right.sentence",
        n=format.number(newest.marked),
        day=format.day(newest.as_of, view.lang),
        gone=format.number(newest.gone),
        share=format.percent(newest.gone / newest.marked, 0),
        said=format.percent(newest.expected / newest.marked, 0),
    )


def weeks(view: View, record: Backtest) -> Node:
    """One row for each week of the record, newest first."""
    text = view.text
    heads = ("week", "people", "left", "marked", "gone", "said")
    titles = [
        html.Th(text(f"churn.{name}"), scope="col", className="" if name == "week" else "n") for name in heads
    ]
    titles.append(html.Th(text("churn.auc"), scope="col", className="n"))
    body = [_week(view, one) for one in reversed(record.cutoffs)]
    table = html.Table([html.Thead(html.Tr(titles)), html.Tbody(body)], className="t rows")
    box = html.Div(
        table, className="scroll", tabIndex="0", role="region", **{"aria-label": text("churn.weeks")}
    )
    return card(text("churn.weeks"), box, tools=[exports(view, "churn", "weeks")])


def _week(view: View, one: Cutoff) -> Node:
    measured = one.accuracy
    share = "–" if not one.marked else format.percent(one.gone / one.marked, 0)
    said = "–" if not one.marked else format.percent(one.expected / one.marked, 0)
    cells = (
        format.number(measured.people),
        format.percent(measured.churn_rate, 0),
        format.number(one.marked),
        share,
        said,
        "–" if measured.auc is None else f"{measured.auc:.2f}",
    )
    day = html.Th(format.day(one.as_of, view.lang), scope="row")
    return html.Tr([day, *(html.Td(cell, className="n num") for cell in cells)])
