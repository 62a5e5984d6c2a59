"""What a churn report is asked: typed options, read from the words of a command or an address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Literal

from clicktrail.errors import ConfigError
from crm.churn import LONGEST_HORIZON
from crm.models import Primary
from dashboards.period import DAY, iso_date, local_date, midnight

OPTIONS = ("horizon", "primary", "as-of")
"""Names of the options as they are written."""

PRIMARIES: tuple[Primary, ...] = ("visit", "order")
SORTS = ("risk", "value", "seen")
PAGE = 25  # people of one page of the list
Sort = Literal["risk", "value", "seen"]
_SPAN = re.compile(r"(\d{1,4})d?")


@dataclass(frozen=True)
class ChurnOptions:
    """What counts as coming back, in how many days (None: the site's returns choose), and as of when."""

    primary: Primary = "visit"
    horizon: int | None = None
    as_of: str = ""  # a date of the site, its end; or an instant; '' = now


@dataclass(frozen=True)
class Listing:
    """Which people are listed, in which order; '' and 0 keep everybody. `ranked`: without newcomers."""

    sort: Sort = "risk"
    band: str = ""
    stage: str = ""
    above: float = 0.0  # least risk
    ranked: bool = False
    limit: int = PAGE
    offset: int = 0


@dataclass(frozen=True)
class Moment:
    """Until when things are known: an instant (UTC, itself not included) and its local day.

    `whole` is the last local day that was over by then: forecasts are learnt up to it.
    """

    until: datetime
    today: date
    whole: date


def parse(options: Mapping[str, str]) -> ChurnOptions:
    """Read options by name; ConfigError for an unknown name or a value that cannot be read."""
    for name in options:
        if name not in OPTIONS:
            raise ConfigError(f"churn has no option {name!r}; there are {', '.join(OPTIONS)}")
    primary = options.get("primary", "visit")
    if primary not in PRIMARIES:
        raise ConfigError(f"primary={primary}: choose {', '.join(PRIMARIES)}")
    span = options.get("horizon", "")
    return ChurnOptions(primary, horizon_days(span) if span else None, options.get("as-of", ""))


def horizon_days(text: str) -> int:
    """28d or 28 as days; ConfigError outside 1 to 366."""
    found = _SPAN.fullmatch(text.strip())
    if not found or not 1 <= int(found[1]) <= LONGEST_HORIZON:
        raise ConfigError(f"horizon={text}: give 1d to {LONGEST_HORIZON}d, for example 28d")
    return int(found[1])


def moment(as_of: str, zone: str, now: datetime) -> Moment:
    """The moment of an option as-of; ConfigError if it cannot be read or is still to come."""
    text = as_of.strip()
    today = local_date(now, zone)
    if not text:
        return Moment(now, today, today - DAY)
    if "T" in text:
        instant = _instant(text)
        if instant > now:
            raise ConfigError(f"as-of={text}: that is still to come")
        day = local_date(instant, zone)
        return Moment(instant, day, day - DAY)
    day = iso_date(text, "as-of")
    if day > today:
        raise ConfigError(f"as-of={text}: that is still to come")
    return Moment(now, day, day - DAY) if day == today else Moment(midnight(day + DAY, zone), day, day)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ConfigError(f"as-of={text}: write 2026-03-31 or 2026-03-31T12:00:00Z") from None
    return found.replace(tzinfo=found.tzinfo or timezone.utc).astimezone(timezone.utc)
