"""What the address of the page asks for: the funnel, and what is wrong with which control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from clicktrail.errors import ConfigError
from dashboards.conditions import ConditionError, parse as parse_condition
from dashboards.expressions import text_of
from dashboards.filters import check_by_engine
from dashboards.i18n import Text
from dashboards.page import View
from dashboards.reports.funnel.options import ASKED, FunnelOptions, OptionError, parse
from store.tables.client import Store

PARAMS = (*ASKED, "trend", "left", "by", "segment")
"""The page's own parameters."""

BREAKDOWN = "channel"
"""The breakdown of the page when none is chosen."""

_BESIDE = ("breakdown", "breakdown-at", "trend")
"""Options of a card beside the steps: the steps stand without them."""


@dataclass(frozen=True)
class Wish:
    """`options` is None while there are fewer than two steps or something is wrong with them.

    faults: control → what is wrong in words; controls are named by their parameter, a step `step-2` and an
    exclusion `exclude-1`, counted from 1.
    """

    options: FunnelOptions | None
    faults: Mapping[str, str] = field(default_factory=dict)


def wish(view: View) -> Wish:
    """Read the address. Raises StoreError when the engine cannot be asked about a regular expression."""
    own, text = view.state.own, view.text
    faults = _conditions(view.desk.store, own.get("step", ()), "step", text)
    tails = [one.partition(":")[2] for one in own.get("exclude", ())]
    faults |= _conditions(view.desk.store, tails, "exclude", text)
    faults |= _fields(view)
    steps = {name: own[name] for name in ASKED if name in own and name not in _BESIDE}
    options = _parsed(steps, faults, text) if len(own.get("step", ())) > 1 else None
    if options is None or faults.keys() - set(_BESIDE):
        return Wish(None, faults)
    if options.open:
        return Wish(options, faults)
    beside = {
        "breakdown": (view.state.one("breakdown", BREAKDOWN),),
        "breakdown-at": own.get("breakdown-at", ()),
        "trend": (view.state.one("trend", "day" if view.period.days <= 45 else "week"),),
    }
    kept = {name: values for name, values in beside.items() if name not in faults}
    if "breakdown" in faults:
        kept.pop("breakdown-at", None)
    found = _parsed({**steps, **kept}, faults, text)
    if found is None:  # one of those beside: without it
        found = _parsed({**steps, **{n: v for n, v in kept.items() if n not in faults}}, faults, text)
    return Wish(replace(found or options, next=True), faults)


def _parsed(
    given: Mapping[str, tuple[str, ...]], faults: dict[str, str], text: Text
) -> FunnelOptions | None:
    """None, and one more fault, when the options cannot be meant."""
    try:
        return parse(given)
    except OptionError as error:
        faults.setdefault(error.option, error.said(text))
    except ConfigError as error:
        faults.setdefault("step", _said(error, text))
    return None


def _conditions(store: Store, texts: tuple[str, ...] | list[str], name: str, text: Text) -> dict[str, str]:
    """Control → what is wrong with its condition."""
    faults = {}
    for number, condition in enumerate(texts, 1):
        try:
            check_by_engine(store, parse_condition(condition))
        except ConfigError as error:
            faults[f"{name}-{number}"] = _said(error, text)
    return faults


def _fields(view: View) -> dict[str, str]:
    """What is wrong with the fields to hold or to break down by."""
    faults = {}
    for name in ("hold", "breakdown"):
        for value in view.state.all(name):
            try:
                text_of(value)
            except ConfigError as error:
                faults[name] = _said(error, view.text)
    return faults


def _said(error: ConfigError, text: Text) -> str:
    return error.said(text) if isinstance(error, ConditionError) else str(error)
