"""The URL is the only state: every control is a link to the same page with one thing changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlencode

METRICS = ("visitors", "sessions", "page_views", "bounce_rate", "engaged_s")
PERIODS = {"today": 1, "7d": 7, "30d": 30, "90d": 90}
LANGS = ("en", "zh")
MAX_FILTERS = 8
MAX_DAYS = 3660
MAX_OWN, MAX_OWN_LENGTH = 40, 2_000  # values of one own parameter, characters of a value
_SHARED = ("site", "p", "start", "end", "cmp", "f", "lang")


@dataclass(frozen=True)
class State:
    """What a page shows. `notes` are the i18n keys of what could not be read and fell back."""

    path: str = "/"
    site: str = ""
    p: str = "30d"  # one of PERIODS, or "dates" with start and end
    start: str = ""
    end: str = ""
    cmp: str = "prev"  # prev | none
    f: tuple[str, ...] = ()  # conditions, all of them hold
    lang: str = "en"
    metric: str = "visitors"
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # the page's own parameters
    notes: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, path: str, params: Mapping[str, Any], own: Sequence[str] = ()) -> State:
        """Read query parameters; unreadable values fall back with a note.

        `own`: names of the page's own parameters; other names are ignored.
        """
        notes: list[str] = []
        lang = _one(params, "lang") or "en"
        p, start, end = _dates(params, notes)
        filters = tuple(dict.fromkeys(text for text in _all(params, "f") if text.strip()))
        if len(filters) > MAX_FILTERS:
            notes.append("note.filters")
        metric = _one(params, "metric") or "visitors"
        if metric not in METRICS:
            notes.append("note.metric")
        return cls(
            path=path,
            site=_one(params, "site")[:200],
            p=p,
            start=start,
            end=end,
            cmp="none" if _one(params, "cmp") == "none" else "prev",
            f=filters[:MAX_FILTERS],
            lang=lang if lang in LANGS else "en",
            metric=metric if metric in METRICS else "visitors",
            own=_own(params, own),
            notes=tuple(notes),
        )

    @classmethod
    def of_search(cls, path: str, search: str, own: Sequence[str] = ()) -> State:
        """Read the query part of an address, with or without its question mark."""
        return cls.of(path, parse_qs((search or "").removeprefix("?")), own)

    def href(self, path: str | None = None, **changes: Any) -> str:
        """A link to the page (or to `path`) with some things changed; defaults are left out.

        own: parameters of the page to change (of another page: to give it), name → values, none to drop one.
        """
        here = path is None or path == self.path
        given = {**(self.own if here else {}), **changes.pop("own", {})}
        new, base = replace(self, **changes), State()
        names = [n for n in (*_SHARED, "metric") if here or n in _SHARED or n in changes]
        query = {n: getattr(new, n) for n in names if getattr(new, n) != getattr(base, n)}
        query |= {n: values for n, values in given.items() if values}
        return (path or self.path) + ("?" + urlencode(query, doseq=True, safe=":,") if query else "")

    def one(self, name: str, default: str = "") -> str:
        """The last value of an own parameter."""
        values = self.own.get(name, ())
        return values[-1] if values else default

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of an own parameter, in order."""
        return self.own.get(name, ())

    def without(self, condition: str) -> str:
        """The same page without one filter."""
        return self.href(f=tuple(text for text in self.f if text != condition))

    def filtered(self, condition: str) -> str:
        """The same page with one more filter; one that stands already is taken off."""
        return self.without(condition) if condition in self.f else self.href(f=(*self.f, condition))


def _all(params: Mapping[str, Any], name: str) -> list[str]:
    value = params.get(name, "")
    return [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]


def _own(params: Mapping[str, Any], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The page's own parameters that were given; what is too much or too long is cut off."""
    found = {name: tuple(v[:MAX_OWN_LENGTH] for v in _all(params, name) if v.strip()) for name in names}
    return {name: values[:MAX_OWN] for name, values in found.items() if values}


def _one(params: Mapping[str, Any], name: str) -> str:
    return _all(params, name)[-1].strip() if params.get(name) else ""


def _dates(params: Mapping[str, Any], notes: list[str]) -> tuple[str, str, str]:
    """(p, start, end); start and end are empty unless p is "dates"."""
    start, end = _day(_one(params, "start")), _day(_one(params, "end"))
    p = _one(params, "p") or ("dates" if start or end else "30d")
    if p in PERIODS:
        return p, "", ""
    if p == "dates" and start and end and start <= end:
        if (end - start).days < MAX_DAYS:
            return p, start.isoformat(), end.isoformat()
        notes.append("note.long")
    else:
        notes.append("note.dates")
    return "30d", "", ""


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 < found.year < 2200 else None
