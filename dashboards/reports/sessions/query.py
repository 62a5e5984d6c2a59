"""The list of sessions that start in a period, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.computed import Computed
from dashboards.period import Period
from schemas.objects import Site
from schemas.session import Session
from store.tables.client import Store


@dataclass(frozen=True)
class SessionRow:
    """One session and the person it belongs to."""

    session: Session
    person_id: str


@dataclass(frozen=True)
class Sessions:
    """At most `limit` human sessions, newest start first (then by session_id)."""

    site_id: str
    period: Period
    filters: tuple[str, ...]
    limit: int
    total: int  # sessions there are in all
    rows: tuple[SessionRow, ...]
    computed: tuple[Computed, ...]

    def to_json(self) -> dict[str, Any]:
        """{"sessions": [every Session column and person_id], "total", "meta"}."""
        raise NotImplementedError


def sessions(
    store: Store, site: Site, period: Period, filters: Sequence[str] = (), limit: int = 1000
) -> Sessions:
    """The newest sessions of a period."""
    raise NotImplementedError
