"""What a retention report is asked: typed options, read from the words of a command or an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, get_args

from clicktrail.errors import ConfigError
from dashboards.conditions import EVENT_FIELDS, SESSION_FIELDS, TEXT
from dashboards.conditions import parse as parse_condition
from dashboards.expressions import text_of

Unit = Literal["day", "week", "month"]
UNITS: tuple[Unit, ...] = get_args(Unit)

BREAKDOWNS = tuple(
    name for name, kind in SESSION_FIELDS.items() if kind == TEXT and name not in ("visitor_id", "session_id")
)
"""Fields of the session by which a start without a condition can be divided."""

_CHOICES = {
    "period": UNITS,
    "start": ("first", "recurring"),
    "return": ("on", "on_or_after"),
}


@dataclass(frozen=True)
class RetentionOptions:
    """How cohorts are made and who counts as having come back.

    Without a condition a session counts in every period it touches; with one, each human event that meets it
    counts in the period of its time, in a session or not.
    """

    period: Unit = "week"  # weeks begin on Monday; all are cut in the site's zone
    start: Literal["first", "recurring"] = "first"  # first in all history, or any in the period
    return_: Literal["on", "on_or_after"] = "on"  # in that very period, or in it or a later one of the report
    start_condition: str = ""  # '' = active
    return_condition: str = ""  # '' = active
    breakdown: str = ""  # field whose value at the start divides each cohort; '' = none


OPTIONS = tuple(f.name.rstrip("_").replace("_", "-") for f in fields(RetentionOptions))
"""Names of the options as they are written."""


def parse(options: Mapping[str, str]) -> RetentionOptions:
    """Read options by name; ConfigError for an unknown name or value, or a condition that cannot be read."""
    for name, value in options.items():
        if name not in OPTIONS:
            raise ConfigError(f"retention has no option {name!r}; there are {', '.join(OPTIONS)}")
        allowed = _CHOICES.get(name)
        if allowed and value not in allowed:
            raise ConfigError(f"{name}={value}: choose {', '.join(filter(None, allowed))}")
        if name.endswith("-condition") and value:
            _check_condition(name, value)
    _check_breakdown(options.get("breakdown", ""), options.get("start-condition", ""))
    return RetentionOptions(**{_field(name): value for name, value in options.items()})  # type: ignore[arg-type]


def _check_condition(name: str, value: str) -> None:
    try:
        parse_condition(value)
    except ConfigError as error:
        raise ConfigError(f"{name}: {error}") from None


def _check_breakdown(name: str, start_condition: str) -> None:
    """A field of the start: of the event that meets the condition, or else of the session."""
    if name and start_condition:
        text_of(name, EVENT_FIELDS)
    elif name and name not in BREAKDOWNS:
        also = " (any field of an event with a start condition)" if name in EVENT_FIELDS else ""
        raise ConfigError(f"breakdown={name}: choose {', '.join(BREAKDOWNS)}{also}")


def _field(name: str) -> str:
    return "return_" if name == "return" else name.replace("-", "_")
