"""Two ids that belong to one person; a join is a view over edges, never a change of events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class IdentityEdge:
    """One statement that two ids are one person; deleting it undoes the join everywhere."""

    site_id: str
    id_a: str  # a visitor id
    id_b: str  # 'user:<user_id>' of an identify, another visitor id of an alias
    since: datetime
    source: str  # identify | alias | manual
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
