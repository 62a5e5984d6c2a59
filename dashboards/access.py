"""Who asks, and what they may: the one place where a right is checked.

`gate.py` finds out who sends a request and keeps it for the length of the request. From there on nothing has
to be remembered by a page: `Desk.view` shows only the sites of who asks and refuses pages and sites that are
not theirs, and the store that may write is handed out only to those who may change something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from flask import g, has_request_context

from schemas.objects import EVERY_SITE, ROLES, User

Opened = TypeVar("Opened")


class AccessError(Exception):
    """Who asks may not; `site`: the one that is not theirs to see, `role`: the one that is needed.

    No ClicktrailError: pages catch those to show them, and a refusal goes past them to the gate.
    """

    def __init__(self, *, site: str = "", role: str = "") -> None:
        super().__init__(f"needs the role {role}" if role else f"no site {site} that they may see")
        self.site, self.role = site, role


@dataclass(frozen=True)
class Right:
    """A role on the site of the request, or on every site."""

    role: str = ROLES[0]
    everywhere: bool = False

    def __or__(self, other: Right) -> Right:
        """What both ask for."""
        role = max(self.role, other.role, key=ROLES.index)
        return Right(role, self.everywhere or other.everywhere)


SEE, CHANGE, SET_UP = (Right(role) for role in ROLES)
SEE_ALL, OWN = Right(ROLES[0], everywhere=True), Right(ROLES[-1], everywhere=True)


ACTS = {"site-form": OWN, "failed-try": OWN, "users-form": OWN, "visitor-unlink": SET_UP}
"""Component that sends it → what a callback needs beyond its page. What writes through the store of the desk
needs no line here to be closed to viewers; what starts a process of its own does."""
PEOPLE_TABLES = frozenset(
    {("people", "people"), ("visitor", "matches"), ("visitor", "timeline"), ("churn", "visitors")}
)
"""(page, table): what is offered to those only who may take people along."""
PEOPLE_COLUMNS = frozenset({"person_id", "visitor_id", "user_id", "anonymous_id"})
"""A table with one of these holds people, offered or not, and is refused to others."""


@dataclass(frozen=True)
class Access:
    """Who sends a request. `user` is None where nobody is asked to log in: everything is allowed."""

    user: User | None = None
    asked: Right = SEE  # by the address or the callback
    viewed: set[str] = field(default_factory=set)  # site ids of the request so far; "": a page without a site

    def holds(self, right: Right, site: str | None = None) -> bool:
        """Whether the right is given on a site; None: on any."""
        if self.user is None:
            return True
        if right.everywhere:
            roles = [self.user.roles.get(EVERY_SITE, "")]
        else:
            roles = list(self.user.roles.values()) if site is None else [self.user.role(site)]
        return any(role in ROLES[ROLES.index(right.role) :] for role in roles)

    def sees(self, site: str) -> bool:
        """Whether the site may be seen."""
        return self.holds(SEE, site)

    @property
    def limited(self) -> bool:
        """Whether there may be sites that are not to be seen, so that none is said not to exist."""
        return self.user is not None and EVERY_SITE not in self.user.roles

    def enter(self, right: Right, wanted: str, site: str | None) -> None:
        """Let a view of a site through. wanted: the id in the URL; site: that of the view, None for none.

        Raises AccessError if the site is not theirs, or their role on it is less than `right` and `asked`.
        """
        if wanted and site is None and self.limited:
            raise AccessError(site=wanted)
        needed = right | self.asked
        if not self.holds(needed, site):
            raise AccessError(role=needed.role)
        self.viewed.add(site or "")

    def takes(self, page: str, table: str, site: str | None) -> bool:
        """Whether a table is offered as a file."""
        return (page, table) not in PEOPLE_TABLES or self.holds(CHANGE, site)

    def check_taken(self, head: Iterable[object], site: str | None) -> None:
        """Raises AccessError if a table with these columns may not be taken along as a file."""
        if not PEOPLE_COLUMNS.isdisjoint(head) and not self.holds(CHANGE, site):
            raise AccessError(role=CHANGE.role)

    def check_write(self) -> None:
        """Raises AccessError unless all that was viewed may be changed: at least a marketer's right."""
        needed = self.asked | CHANGE
        if not all(self.holds(needed, site) for site in self.viewed or {EVERY_SITE}):
            raise AccessError(role=needed.role)


def current() -> Access:
    """Who sends the request that is answered; our own code outside of a request may do everything."""
    if not has_request_context():
        return Access()
    found: Access = g.get("access") or Access(User(""))
    return found


def guarded(writer: Callable[[], Opened]) -> Callable[[], Opened]:
    """The same opener of a store, for those who may write."""

    def opened() -> Opened:
        current().check_write()
        return writer()

    return opened
