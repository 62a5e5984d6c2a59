"""A step as people say it: "Added to cart" for event_type=add_to_cart."""

from __future__ import annotations

from clicktrail.errors import ConfigError
from crm.rate import Rate
from dashboards import format
from dashboards.conditions import Clause, parse
from dashboards.i18n import Text
from dashboards.reports.funnel.options import FunnelOptions


def step_name(text: Text, condition: str) -> str:
    """The condition in words where there are words for it, else as it is written."""
    try:
        clauses = parse(condition)
    except ConfigError:
        return condition
    said = [_said(text, clause) for clause in clauses]
    if len(clauses) <= 2 and all(said):
        return ": ".join(word for word in said if word)
    return condition


def _said(text: Text, clause: Clause) -> str:
    """'' where there is no short word."""
    if clause.operator != "=" or clause.key:
        return ""
    if clause.field == "event_type" and not clause.begins:
        return act_name(text, clause.value)
    if clause.field in ("path", "event_name"):
        return clause.value + "*" * clause.begins
    return ""


def act_name(text: Text, event_type: str, event_name: str = "") -> str:
    """ "Viewed a page"; a custom event by its own name."""
    return event_name or text.name("funnel.did", event_type)


def field_name(text: Text, field: str) -> str:
    """The word for a field, or its name."""
    return text.name("field", field)


def window_words(text: Text, window: str) -> str:
    """14d → 14 days."""
    return text.n(f"funnel.{window[-1]}", int(window[:-1]))


def units(text: Text, options: FunnelOptions, count: int) -> str:
    """ "4,127 people"."""
    return text.n(f"funnel.units.{options.unit}", count)


def in_hundred(text: Text, rate: Rate) -> str:
    """A share in whole people: "25 in 100", "67 in 1,000"."""
    share = rate.value or 0.0
    if share >= 0.1 or share == 0:
        return text("funnel.of_100", n=round(100 * share))
    return text("funnel.of_1000", n=round(1000 * share)) if share >= 0.001 else text("funnel.under")


def interval(rate: Rate) -> str:
    """The 95 % interval: 24.7–25.4%."""
    if rate.low is None or rate.high is None:
        return "–"
    return f"{100 * rate.low:.1f}–{format.percent(rate.high)}"


def share(rate: Rate) -> str:
    """25.0%, or – when there is nothing to divide by."""
    return "–" if rate.value is None else format.percent(rate.value)
