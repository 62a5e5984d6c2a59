"""The people behind a number of the retention page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from dashboards import format
from dashboards.computed import read_sql
from dashboards.expressions import Expression, fill
from dashboards.page import View
from dashboards.people import Selection
from dashboards.reports.retention.answer import options_of
from dashboards.reports.retention.asked import Asked, ask
from dashboards.reports.retention.options import RetentionOptions

Kind = Literal["back", "gone"]
WAITING = "waiting"
"""Those who have not come back since their first visit."""

_NAMES_SQL, _WANTED_SQL, _WAITING_SQL = (
    read_sql(__package__ or "", f"{name}.sql") for name in ("names", "wanted", "waiting")
)


@dataclass(frozen=True)
class Who:
    """Those who were back, or not, so many periods after their start."""

    kind: Kind
    later_by: int
    cohort: date | None  # None: every cohort for which that period has ended
    value: str | None = None  # of the breakdown; None: any


def who(kind: Kind, later_by: int, cohort: date | None, value: str | None = None) -> str:
    """As it stands in an address: back.1.2026-11-02, gone.1.all.=web."""
    named = "" if value is None else f".={value}"
    return f"{kind}.{later_by}.{cohort.isoformat() if cohort else 'all'}{named}"


def read_who(text: str) -> Who | None:
    """The same read back; None for what cannot be read."""
    kind, _, rest = text.partition(".")
    later_by, _, rest = rest.partition(".")
    start, _, value = rest.partition(".=")
    if kind not in ("back", "gone") or not later_by.isdecimal() or len(later_by) > 4:
        return None
    try:
        cohort = None if start == "all" else date.fromisoformat(start)
    except ValueError:
        return None
    return Who("back" if kind == "back" else "gone", int(later_by), cohort, value if ".=" in rest else None)


def people(view: View, text: str) -> Selection | None:
    """Who is meant by an address's word; None when it means nobody. ConfigError as for the report."""
    options, site = options_of(view), view.site
    if site is None:
        return None
    asked = ask(view.desk.store, site, view.period, options, view.state.f, now=view.desk.now())
    if text == WAITING:
        wanted, values = fill(_WAITING_SQL, visits=asked.visits), dict(asked.visits.parameters)
        return selection(asked, wanted, values, view.text("retention.who.waiting"))
    meant = read_who(text)
    places = _places(asked, meant) if meant else None
    if meant is None or places is None:
        return None
    values = {
        "from_cohort": places[0],
        "to_cohort": places[1],
        "later_by": meant.later_by,
        "back": int(meant.kind == "back"),
        "by_value": int(meant.value is not None),
        "of_value": meant.value or "",
    }
    wanted = fill(_WANTED_SQL, people=Expression(asked.people))
    return selection(asked, wanted, values, _title(view, options, meant))


def selection(asked: Asked, wanted: str, values: dict[str, object], title: str) -> Selection:
    """The people of a query with one column `person`, the hash of their id."""
    names = fill(_NAMES_SQL, wanted=Expression(wanted))
    made = asked.kept.computed("people", "", names, {**asked.given, **values})
    return Selection(title, made.sql, made.used(), made.ahead)


def _places(asked: Asked, meant: Who) -> tuple[int, int] | None:
    """The first and last cohort that is meant; None when there is none."""
    periods = asked.calendar
    if meant.cohort is None:
        last = max((at for at in range(periods.begun) if not periods.runs(at + meant.later_by)), default=-1)
        return (0, last) if last >= 0 else None
    found = [at for at in range(periods.begun - meant.later_by) if periods.start(at) == meant.cohort]
    return (found[0], found[0]) if found else None


def _title(view: View, options: RetentionOptions, meant: Who) -> str:
    """Started in the week of 2 Nov, back in week 1 · WAP."""
    text, unit = view.text, options.period
    said = text(f"retention.who.all.{unit}")
    if meant.cohort is not None:
        day = format.day(meant.cohort, view.lang, year=meant.cohort.year != view.today.year)
        said = text(f"retention.who.of.{unit}", day=day)
    if meant.later_by:
        when = text(f"retention.when.{unit}", n=meant.later_by)
        said = text(f"retention.who.{meant.kind}", start=said, when=when)
    if meant.value is not None:
        said += f" · {text.name(options.breakdown, meant.value) if meant.value else text('unset')}"
    return said
