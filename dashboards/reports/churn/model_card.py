"""The model card: for whom, what outcome, which facts count how much, learnt when."""

from __future__ import annotations

from dash import html

from crm.fitted import Fitted
from crm.logistic import OddsRatio
from crm.models import rivals
from dashboards import format
from dashboards.page import Node, View
from dashboards.parts import card, exports
from dashboards.reports.churn.records import Churn
from dashboards.reports.churn.scoring import within


def model_card(view: View, found: Churn) -> Node:
    """All that must be known of the forecast to trust it, or not."""
    text, fitted = view.text, found.fitted
    facts = [
        ("name", text(f"churn.model.{fitted.name}") if fitted.name else "–"),
        ("population", _population(view, fitted)),
        ("facts", text(f"churn.model.facts.{fitted.name}") if fitted.name else ""),
        ("outcome", text(f"churn.model.outcome.{fitted.primary}", days=fitted.horizon.days)),
        ("horizon", _horizon(view, fitted)),
        ("base", "" if fitted.base_rate is None else format.percent(fitted.base_rate)),
        ("fitted", _learnt(view, found)),
        ("rivals", _rivals(view, fitted)),
        ("likely", _likely(view, fitted)),
    ]
    rows = [
        html.Div([html.Dt(text(f"churn.model.{key}")), html.Dd(said)], className="fact-row")
        for key, said in facts
        if said
    ]
    parts = [html.Dl(rows, className="card-facts"), _ratios(view, fitted)]
    parts.append(html.P(text("churn.limits"), className="muted xs mt12"))
    tools = [exports(view, "churn", "model")] if fitted.logistic is not None else []
    return card(text("churn.model"), *[part for part in parts if part is not None], tools=tools)


def _population(view: View, fitted: Fitted) -> str:
    return view.text(
        "churn.model.population.words",
        people=format.number(fitted.people),
        within=within(fitted.horizon.days),
        lost=format.number(fitted.lost),
    )


def _horizon(view: View, fitted: Fitted) -> str:
    horizon = fitted.horizon
    if horizon.quantile is not None:
        gaps = format.number(horizon.gaps)
        return view.text("churn.model.horizon.site", quantile=f"{horizon.quantile:.0f}", gaps=gaps)
    return view.text("churn.model.horizon.given", days=horizon.days)


def _learnt(view: View, found: Churn) -> str:
    day = format.day(found.fitted.as_of, view.lang, year=True)
    return view.text(f"churn.model.fitted.{'kept' if found.learnt.is_kept else 'now'}", day=day)


def _likely(view: View, fitted: Fitted) -> str:
    """Where the interval of a risk comes from; a forecast of an earlier version has none."""
    return view.text(f"churn.model.likely.{fitted.name}") if fitted.has_bounds else ""


def _rivals(view: View, fitted: Fitted) -> str:
    """Logistic 0.181 · Table 0.190 · base rate 0.240."""
    record = fitted.backtest
    if record is None:
        return "–"
    said = [
        f"{view.text(f'churn.model.{name}')} {record.rivals[name]:.3f}"
        for name in rivals(fitted.primary)
        if name in record.rivals
    ]
    return " · ".join([*said, f"{view.text('churn.model.base_score')} {record.base_brier:.3f}"])


def _ratios(view: View, fitted: Fitted) -> Node:
    """The odds ratios of the regression, widest effect first."""
    if fitted.logistic is None:
        return None
    text = view.text
    heads = [html.Th(text(f"churn.model.{key}"), scope="col", className=look) for key, look in _HEADS]
    found = sorted(fitted.odds_ratios().items(), key=lambda pair: -max(pair[1].ratio, 1 / pair[1].ratio))
    rows = [_ratio(view, name, ratio) for name, ratio in found]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="t rows")
    title = [
        html.H3(text("churn.model.ratios")),
        html.P(text("churn.model.ratios.words"), className="muted xs"),
    ]
    return html.Div([*title, table], className="mt20")


_HEADS = (("fact", ""), ("ratio", "n"), ("interval", "n"))


def _ratio(view: View, name: str, found: OddsRatio) -> Node:
    label = html.Th(view.text(f"churn.feature.{name}"), scope="row")
    if found.low is None or found.high is None:
        return html.Tr(
            [label, html.Td(view.text("churn.model.held"), className="n muted"), html.Td("–", className="n")]
        )
    interval = f"{found.low:.2f}–{found.high:.2f}"
    return html.Tr(
        [label, html.Td(f"×{found.ratio:.2f}", className="n"), html.Td(interval, className="n muted")]
    )
