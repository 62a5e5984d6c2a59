"""A range of local dates and the instants it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from clicktrail.errors import ConfigError

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """Local dates of a zone, both inclusive."""

    start: date
    end: date
    zone: str = "UTC"

    def __post_init__(self) -> None:
        zone_info(self.zone)
        if self.end < self.start:
            raise ConfigError(f"the period ends ({self.end}) before it starts ({self.start})")

    @property
    def begins(self) -> datetime:
        """The first instant, UTC."""
        return midnight(self.start, self.zone)

    @property
    def ends(self) -> datetime:
        """The first instant after the period, UTC."""
        return midnight(self.end + DAY, self.zone)

    @property
    def days(self) -> int:
        """Number of local days."""
        return (self.end - self.start).days + 1

    def previous(self) -> Period:
        """As many days directly before."""
        return Period(self.start - self.days * DAY, self.start - DAY, self.zone)

    def comparable(self, now: datetime) -> datetime:
        """Where a comparison cuts the period before: as far in as `now` is in this one by the clock."""
        if now >= self.ends:
            return self.begins
        clock = now.astimezone(zone_info(self.zone)) - self.days * DAY
        return min(max(clock.astimezone(timezone.utc), self.previous().begins), self.begins)

    def to_json(self) -> dict[str, str]:
        """{"from", "to", "timezone"}."""
        return {"from": self.start.isoformat(), "to": self.end.isoformat(), "timezone": self.zone}

    def dates(self) -> list[date]:
        """Every local date, in order."""
        return [self.start + at * DAY for at in range(self.days)]


def period(start: str, end: str, zone: str) -> Period:
    """Read two ISO dates; ConfigError says which one cannot be read."""
    return Period(iso_date(start, "from"), iso_date(end, "to"), zone)


def last_days(n: int, today: date, zone: str) -> Period:
    """The `n` local days that end with `today`."""
    if n < 1:
        raise ConfigError(f"a period has at least one day, not {n}")
    return Period(today - (n - 1) * DAY, today, zone)


def local_date(instant: datetime, zone: str) -> date:
    """The date on the calendar of a zone at an instant."""
    return instant.astimezone(zone_info(zone)).date()


def iso_date(text: str, name: str) -> date:
    """Read YYYY-MM-DD; `name` is the option the error names."""
    try:
        found = datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=timezone.utc).date()
    except ValueError:
        raise ConfigError(f"{name}={text}: write a date as YYYY-MM-DD, for example 2026-03-31") from None
    if not 1971 <= found.year <= 2199:
        raise ConfigError(f"{name}={text}: dates are 1971-01-01 to 2199-12-31")
    return found


def zone_info(name: str) -> ZoneInfo:
    """The zone of an IANA name; ConfigError if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # KeyError: ZoneInfoNotFoundError; OSError: a folder's name
        raise ConfigError(f"unknown time zone {name!r}: write it like Europe/Berlin") from None


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a local date, UTC; where midnight does not exist, the moment after the gap."""
    local = datetime(day.year, day.month, day.day, tzinfo=zone_info(zone))
    instant = local.astimezone(timezone.utc)
    if local_date(instant, zone) < day:  # in a gap the clock of before is read: an hour too early
        instant = local.replace(fold=1).astimezone(timezone.utc)
    return instant
