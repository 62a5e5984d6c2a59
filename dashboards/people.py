"""The people behind a number: who is meant, and the address of their list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dashboards.page import PEOPLE, View


@dataclass(frozen=True)
class Selection:
    """A query with one column person_id (as reports count people: a visitor, or whom it was joined to).

    `ahead`: a WITH clause that stands before the query, as in `Computed`.
    """

    title: str  # who they are, in the language of the page
    sql: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    ahead: str = ""


def href(view: View, page: str, who: str, own: Mapping[str, Sequence[str]] | None = None) -> str:
    """Where the people are listed that `page` means by `who`; `own`: that page's own parameters."""
    asked = {**(view.state.own if own is None else own), "from": (page,), "who": (who,)}
    return view.state.href(PEOPLE, own=asked)


def visitor_href(view: View, person_id: str) -> str:
    """The page of one person or visitor."""
    return view.state.href("/visitor", own={"id": (person_id,)})
