"""What a funnel is asked with: steps, their order, the window and who is counted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clicktrail.errors import ConfigError
from dashboards.conditions import parse as parse_condition
from dashboards.expressions import text_of
from dashboards.i18n import Text

ORDERS = ("ordered", "strict", "any")
UNITS = ("person", "visitor", "session")
TRENDS = ("day", "week", "month")
FIRST_TOUCH, LAST_TOUCH = "first_touch", "last_touch"
ASKED = (
    "step",
    "order",
    "open",
    "window",
    "unit",
    "exclude",
    "optional",
    "hold",
    "breakdown",
    "breakdown-at",
)
"""What makes a funnel."""

OPTIONS = (*ASKED, "trend", "next", "people")
"""The report's own options."""

MOST_STEPS, MOST_EXCLUSIONS, MOST_HELD = 12, 12, 3
_UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_LONGEST_MS = 3650 * _UNIT_MS["d"]


class OptionError(ConfigError):
    """An option that cannot be meant; `option` is its name, `said` tells it in the language of a page."""

    def __init__(self, option: str, key: str, given: str = "", **values: object) -> None:
        self.option, self.given = option, given
        self._key, self._values = f"funnel.bad.{key}", values
        super().__init__(f"--{option}{' ' * bool(given)}{given}: {self.said(Text('en'))}")

    def said(self, text: Text) -> str:
        """What is wrong, and how to write it."""
        return text(self._key, **self._values)


@dataclass(frozen=True)
class Exclusion:
    """An event between step `first` and step `last` that fits the condition ends the attempt."""

    first: int  # number of a step, from 1
    last: int
    condition: str

    @property
    def between(self) -> str:
        """Its two steps as they are written: 1-2."""
        return f"{self.first}-{self.last}"

    def covers(self, step: int) -> bool:
        """Whether an attempt that has reached `step` is ended by such an event."""
        return self.first <= step < self.last


@dataclass(frozen=True)
class FunnelOptions:
    """A funnel as asked for; every condition and field has been read once and is sound."""

    steps: tuple[str, ...]  # conditions
    order: str = "ordered"  # one of ORDERS
    open: bool = False  # each step by itself: no order and no window
    window: str = "14d"
    unit: str = "person"  # one of UNITS
    exclusions: tuple[Exclusion, ...] = ()
    optional: tuple[int, ...] = ()  # numbers of steps, from 1
    hold: tuple[str, ...] = ()  # fields that keep their value all through an attempt
    breakdown: str = ""  # a field
    breakdown_at: str = FIRST_TOUCH  # the event whose value counts; or LAST_TOUCH, or the number of a step
    trend: str = ""  # one of TRENDS: conversion by the day, week or month in which attempts begin
    next: bool = False  # whether to say where those went who left
    people: str = ""  # who is to be listed, see `people.who`

    @property
    def window_ms(self) -> int:
        """Length of the window in milliseconds."""
        return _window_ms(self.window)

    @property
    def at_step(self) -> int:
        """The step whose event gives the value of the breakdown; 0: the first or the last event."""
        return int(self.breakdown_at) if self.breakdown_at.isdigit() else 0

    @property
    def required(self) -> tuple[int, ...]:
        """Numbers of the steps that are not optional."""
        return tuple(step for step in range(1, len(self.steps) + 1) if step not in self.optional)


def parse(given: Mapping[str, Sequence[str]]) -> FunnelOptions:
    """Read the options of the command line, name → values; ConfigError says what is wrong with which."""
    options = FunnelOptions(
        steps=tuple(given.get("step", ())),
        order=_choice("order", _last(given, "order", "ordered"), ORDERS),
        open=_last(given, "open", "false") == "true",
        window=_last(given, "window", "14d").strip(),
        unit=_choice("unit", _last(given, "unit", "person"), UNITS),
        exclusions=tuple(_exclusion(text) for text in given.get("exclude", ())),
        optional=tuple(_number("optional", text) for text in given.get("optional", ())),
        hold=tuple(name.strip() for name in given.get("hold", ())),
        breakdown=_last(given, "breakdown", "").strip(),
        breakdown_at=_touch(_last(given, "breakdown-at", FIRST_TOUCH)),
        trend=_choice("trend", _last(given, "trend", ""), ("", *TRENDS)),
        next=_last(given, "next", "false") == "true",
        people=_last(given, "people", "").strip(),
    )
    _check_steps(options)
    _check_fields(options)
    _check_exclusions(options)
    _check_optional(options)
    _check_breakdown_at(options)
    _check_together(options, given)
    return options


def _last(given: Mapping[str, Sequence[str]], name: str, default: str) -> str:
    values = given.get(name, ())
    return values[-1] if values else default


def _choice(name: str, text: str, choices: Sequence[str]) -> str:
    if text not in choices:
        raise OptionError(name, "choice", text, choices=", ".join(filter(None, choices)))
    return text


def _number(name: str, text: str) -> int:
    if not re.fullmatch(r"\s*[0-9]{1,4}\s*", text, re.ASCII):
        raise OptionError(name, "number", text)
    return int(text)


def _touch(text: str) -> str:
    """first_touch, last_touch or the number of a step, which may be written as "step 2"."""
    plain = text.strip()
    if plain in (FIRST_TOUCH, LAST_TOUCH):
        return plain
    match = re.fullmatch(r"(?:step[ -]?)?([1-9][0-9]{0,3})", plain, re.ASCII)
    if match is None:
        raise OptionError("breakdown-at", "touch", text)
    return match[1]


def _window_ms(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,9})([mhdw])", text, re.ASCII)
    if match is None:
        raise OptionError("window", "window_form", text)
    length = int(match[1]) * _UNIT_MS[match[2]]
    if not _UNIT_MS["m"] <= length <= _LONGEST_MS:
        raise OptionError("window", "window_range", text)
    return length


def _exclusion(text: str) -> Exclusion:
    match = re.fullmatch(r"\s*([0-9]{1,4})\s*-\s*([0-9]{1,4})\s*:(.*)", text, re.DOTALL | re.ASCII)
    if match is None:
        raise OptionError("exclude", "exclude_form", text)
    return Exclusion(int(match[1]), int(match[2]), match[3])


def _check_steps(options: FunnelOptions) -> None:
    if not 2 <= len(options.steps) <= MOST_STEPS:
        raise OptionError("step", "steps", most=MOST_STEPS, count=len(options.steps))
    for condition in (*options.steps, *(one.condition for one in options.exclusions)):
        parse_condition(condition)
    _window_ms(options.window)


def _check_fields(options: FunnelOptions) -> None:
    if len(options.hold) > MOST_HELD:
        raise OptionError("hold", "hold", most=MOST_HELD, count=len(options.hold))
    for name in (*options.hold, *filter(None, (options.breakdown,))):
        text_of(name)


def _check_exclusions(options: FunnelOptions) -> None:
    if len(options.exclusions) > MOST_EXCLUSIONS:
        raise OptionError("exclude", "excludes", most=MOST_EXCLUSIONS, count=len(options.exclusions))
    for one in options.exclusions:
        if not 1 <= one.first < one.last <= len(options.steps):
            raise OptionError("exclude", "exclude_steps", one.between, most=len(options.steps))
        if {one.first, one.last} & set(options.optional):
            raise OptionError("exclude", "exclude_optional", one.between)


def _check_optional(options: FunnelOptions) -> None:
    for step in options.optional:
        if not 2 <= step <= len(options.steps):
            raise OptionError("optional", "optional", str(step), most=len(options.steps))
    if len(options.required) < 2:
        raise OptionError("optional", "optional_all")


def _check_breakdown_at(options: FunnelOptions) -> None:
    if options.at_step > len(options.steps):
        raise OptionError("breakdown-at", "at_step", options.breakdown_at, most=len(options.steps))
    if options.breakdown_at != FIRST_TOUCH and not options.breakdown:
        raise OptionError("breakdown-at", "at_nothing", options.breakdown_at)


def _check_together(options: FunnelOptions, given: Mapping[str, Sequence[str]]) -> None:
    """Refuse an option that another one leaves without a meaning."""
    if options.open:
        for name in ("order", "window", "exclude", "optional", "hold", "breakdown", "trend", "next"):
            if given.get(name):
                raise OptionError(name, "open")
    if options.order == "any" and options.exclusions:
        raise OptionError("exclude", "exclude_any")
    if options.order != "ordered" and options.optional:
        raise OptionError("optional", "optional_order", order=options.order)
