"""Two ids that belong to one person; a join is a view over edges, never a change of events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

USER = "user:"
"""Begins the id of a known user; all other ids are visitor ids."""
GROUP = "group:"
"""Begins the id of a group, which is no person: its edges join nobody."""
MANUAL, FORCED, UNLINKED = "manual", "forced", "unlinked"
"""Sources that are commands. `forced` joins known users too; `unlinked` marks an edge that was taken away."""


@dataclass(frozen=True)
class IdentityEdge:
    """One statement that two ids are one person, or all of them; deleting it undoes the join everywhere."""

    site_id: str
    id_a: str  # a visitor id
    id_b: str  # 'user:<user_id>' of an identify, another visitor id of an alias, 'group:<id>' of a group
    since: datetime  # the least time of the statements that count
    source: str  # identify | alias | group | manual | forced | unlinked
    unlinked_at: datetime | None = None  # statements up to this time do not count
    version: int = 0
    is_deleted: bool = False


@dataclass(frozen=True)
class Person:
    """Who a visitor is; a visitor without a row is a person by itself."""

    site_id: str
    visitor_id: str
    person_id: str
    version: int = 0
    is_deleted: bool = False
