"""Whom a report on one visitor is asked about, and which part of the timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clicktrail.errors import ConfigError
from dashboards.reports.people.options import page_number
from schemas.event import CHANNELS

OPTIONS = ("id", "user", "property", "channel")
LINES = 40
"""Lines of a timeline on one page."""


@dataclass(frozen=True)
class Options:
    """At most one of id, user and property says who is meant; all empty: nobody yet."""

    id: str = ""  # of a visitor, a person or a user
    user: str = ""  # the site's own id of a user
    with_property: str = ""  # key=value of the client's own properties
    channel: str = ""  # of the timeline; '' all
    page: int = 1  # of the timeline

    @property
    def is_empty(self) -> bool:
        """Whether nobody is asked for."""
        return not (self.id or self.user or self.with_property)

    def to_json(self) -> dict[str, str]:
        """What was asked, under the names of the options."""
        given = {"id": self.id, "user": self.user, "property": self.with_property, "channel": self.channel}
        return {name: text for name, text in given.items() if text}


def parse(given: Mapping[str, Sequence[str]]) -> Options:
    """Read the options as they were written; ConfigError says what is wrong."""
    one = {name: values[-1].strip() for name, values in given.items() if values}
    asked = Options(
        id=one.get("id", ""),
        user=one.get("user", ""),
        with_property=one.get("property", ""),
        channel=one.get("channel", ""),
        page=page_number(one.get("page", "")),
    )
    if sum(map(bool, (asked.id, asked.user, asked.with_property))) > 1:
        raise ConfigError("id, user, property: ask for a visitor by one of them")
    if asked.channel and asked.channel not in CHANNELS:
        raise ConfigError(f"channel={asked.channel}: there are {', '.join(CHANNELS)}")
    if "\0" in asked.id + asked.user + asked.with_property:
        raise ConfigError("an id or a property holds no NUL byte")
    return asked
