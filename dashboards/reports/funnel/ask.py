"""What the address of the page asks for: the funnel, and what is wrong with which control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from clicktrail.errors import ConfigError
from dashboards.conditions import parse as parse_condition
from dashboards.conditions import refusal
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

MOST_DAYS = 45
"""A longer period shows its trend by weeks."""

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
    faults = _faults(view)
    if len(own.get("step", ())) < 2:
        return Wish(None, faults)
    given = {name: own[name] for name in ASKED if name in own and name not in _BESIDE}
    options = _parsed(_sound(given, faults), faults, text)
    if options is None or faults.keys() - set(_BESIDE):
        return Wish(None, faults)
    if options.open:
        return Wish(options, faults)
    beside = {
        "breakdown": (view.state.one("breakdown", BREAKDOWN),),
        "breakdown-at": own.get("breakdown-at", ()),
        "trend": (view.state.one("trend", "day" if view.period.days <= MOST_DAYS else "week"),),
    }
    if "breakdown" in faults:
        beside = {"trend": beside["trend"]}
    found = _parsed({**given, **beside}, faults, text) or options
    return Wish(replace(found, next=True), faults)


def _parsed(given: Mapping[str, tuple[str, ...]], faults: dict[str, str], text: Text) -> FunnelOptions | None:
    """The options without those that cannot be meant, each of which is one more fault; None: no steps."""
    try:
        return parse(given)
    except OptionError as error:
        faults.setdefault(error.option, error.said(text))
        rest = {name: values for name, values in given.items() if name != error.option}
        return _parsed(rest, faults, text) if error.option != "step" and error.option in given else None


def _sound(given: Mapping[str, tuple[str, ...]], faults: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The options with what is known to be wrong left out, so that the rest can be read."""
    steps = tuple(
        "event_type=page_view" if f"step-{at}" in faults else step for at, step in enumerate(given["step"], 1)
    )
    left_out = {name.partition("-")[0] for name in faults}
    rest = {name: values for name, values in given.items() if name not in left_out}
    return {**rest, "step": steps}


def _faults(view: View) -> dict[str, str]:
    """What is wrong with the conditions and the fields."""
    own, store, text = view.state.own, view.desk.store, view.text
    tails = tuple(one.partition(":")[2] or "path=/" for one in own.get("exclude", ()))
    return {
        **_conditions(store, own.get("step", ()), "step", text),
        **_conditions(store, tails, "exclude", text),
        **_fields(view),
    }


def _conditions(store: Store, texts: tuple[str, ...], name: str, text: Text) -> dict[str, str]:
    """Control → what is wrong with its condition."""
    faults = {}
    for number, condition in enumerate(texts, 1):
        try:
            check_by_engine(store, parse_condition(condition))
        except ConfigError as error:
            faults[f"{name}-{number}"] = refusal(error, text)
    return faults


def _fields(view: View) -> dict[str, str]:
    """What is wrong with the fields to hold or to break down by."""
    faults = {}
    for name in ("hold", "breakdown"):
        for value in view.state.all(name):
            try:
                text_of(value)
            except ConfigError as error:
                faults[name] = refusal(error, view.text)
    return faults
