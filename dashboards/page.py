"""What a page is, and what it may use: the store, the clock, the settings, the sites."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from clicktrail.errors import ClicktrailError, StoreError
from clicktrail.settings import Settings
from dashboards.access import SEE, Access, Right, current
from dashboards.i18n import Text
from dashboards.period import Period
from dashboards.replays import Replays
from dashboards.state import PERIODS, State
from dashboards.tags import collector_address
from schemas.objects import Site
from store.objects import read_sites_file, sites
from store.tables.client import Store

if TYPE_CHECKING:
    from dashboards.people import Selection

Node = Any
"""A Dash component, an Element, a text or None: whatever may stand among children."""


PEOPLE = "/people"
"""Path of the page of the people behind a number."""


def utc_now() -> datetime:
    """The clock of a running dashboard."""
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Page:
    """One page.

    `layout` gets a View; `connect` registers callbacks; `download` gives a table's rows, the first one its
    head, None for a name it does not know; `people` says who is counted by one of its numbers.
    Who asks needs `right`; what needs more than the page it stands on is listed in access.py.
    """

    path: str
    name: str  # i18n key of its title
    icon: str
    group: str  # i18n key of its group in the navigation
    layout: Callable[[View], Node]
    connect: Callable[[Any, Desk], None] | None = None
    download: Callable[[View, str], list[list[object]] | None] | None = None
    people: Callable[[View, str], Selection | None] | None = None
    params: tuple[str, ...] = ()  # names of its own parameters in the URL
    right: Right = SEE
    under: str = ""  # path of the page that stands for it in the navigation


@dataclass(frozen=True)
class Desk:
    """What every page may use."""

    store: Store
    writer: Callable[[], Store]
    settings: Settings
    pages: tuple[Page, ...] = ()
    now: Callable[[], datetime] = utc_now

    @cached_property
    def replays(self) -> Replays:
        """The replays that pages start, one at a time."""
        return Replays(self.settings)

    @property
    def collector(self) -> str:
        """The collector's address as a page elsewhere would write it."""
        return collector_address(self.settings)

    def own(self, path: str) -> tuple[str, ...]:
        """Names of the own parameters of the page at a path; the people of a page are asked with its own."""
        if path == PEOPLE:
            return tuple(dict.fromkeys(name for page in self.pages for name in page.params))
        return next((page.params for page in self.pages if page.path == path), ())

    def at(self, path: str, search: str) -> View:
        """The view of an address: path and query."""
        return self.view(State.of_search(path, search, self.own(path)))

    def right(self, path: str) -> Right:
        """What is needed for the page at a path."""
        return next((page.right for page in self.pages if page.path == path), SEE)

    def view(self, state: State) -> View:
        """A request of a page. Raises AccessError if who asks may not see the page or the site."""
        view = self.glance(state)
        if view.trouble is None:  # of a store that is away nothing can be seen
            view.access.enter(self.right(state.path), state.site, view.site.id if view.site else None)
        return view

    def glance(self, state: State) -> View:
        """The frame alone, also of what is refused. A store that is away leaves the sites of the file."""
        access = current()
        try:
            found, trouble = sites(self.store), None
        except StoreError as error:
            found, trouble = self._sites_on_file(), error
        return View(self, state, tuple(site for site in found if access.sees(site.id)), trouble, access)

    def _sites_on_file(self) -> list[Site]:
        try:
            return read_sites_file(self.settings.data / "sites.json")
        except (OSError, ClicktrailError):
            return []


@dataclass(frozen=True)
class View:
    """One request of a page. `sites`: those that who asks may see."""

    desk: Desk
    state: State
    sites: tuple[Site, ...]
    trouble: StoreError | None = field(default=None, compare=False)
    access: Access = field(default_factory=Access, compare=False)

    def may(self, right: Right) -> bool:
        """Whether who asks has a right on the site: what they may not do is not offered either."""
        return self.access.holds(right, self.site.id if self.site else None)

    @cached_property
    def pages(self) -> tuple[Page, ...]:
        """The pages that may be seen."""
        return tuple(page for page in self.desk.pages if self.may(page.right))

    @cached_property
    def text(self) -> Text:
        """The words in the language of the request."""
        return Text(self.state.lang)

    @property
    def lang(self) -> str:
        """en or zh."""
        return self.state.lang

    @cached_property
    def site(self) -> Site | None:
        """The site asked for, the first one without a wish, None when there is no such site."""
        if not self.state.site:
            return self.sites[0] if self.sites else None
        return next((site for site in self.sites if site.id == self.state.site), None)

    @property
    def zone(self) -> str:
        """The site's time zone."""
        return self.site.timezone if self.site else "UTC"

    @cached_property
    def today(self) -> date:
        """The date in the site's zone."""
        return self.desk.now().astimezone(ZoneInfo(self.zone)).date()

    @cached_property
    def period(self) -> Period:
        """The days the page is about."""
        return period_of(self.state, self.today, self.zone)


def period_of(state: State, today: date, zone: str) -> Period:
    """The days a state asks for, both inclusive, in the site's zone."""
    if state.p == "dates":
        return Period(date.fromisoformat(state.start), date.fromisoformat(state.end), zone)
    start = date.fromordinal(today.toordinal() - PERIODS[state.p] + 1)
    return Period(start, today, zone)
