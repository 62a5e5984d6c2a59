"""Who visits the simulated shop, and when: regulars, newcomers, loyal ones going quiet, WAP, crawlers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from clicktrail.demo.catalogue import (
    COUNTRIES,
    CRAWLERS,
    DESKTOPS,
    HANDSETS,
    HOURS,
    PHONES,
    WAP_COUNTRIES,
    WEEKDAYS,
    Country,
    Device,
)

DAY_MS = 86_400_000
PAID_DAYS = 35  # the paid campaign runs in the last five weeks
NEWSLETTER_WEEKDAY = 1  # Tuesday
NEWSLETTER_HOUR = 8
FIRST_WEEKDAY = 3  # 1970-01-01 was a Thursday
_HOURS_SUM = list(accumulate(HOURS))
_SOURCES = ("organic", "direct", "social", "referral", "price")
_NEWCOMER_SOURCES = list(accumulate((42, 20, 16, 14, 8)))
_REGULAR_SOURCES = list(accumulate((22, 62, 8, 6, 2)))


@dataclass(frozen=True)
class Person:
    """One simulated visitor with one or two devices; what happens to them lies in their visits."""

    number: int
    kind: str  # regular | quiet | newcomer | daily | wap | crawler
    country: Country
    devices: tuple[Device, ...]
    ids: tuple[str, ...]  # visitor_id on each device
    quality: str = "cookie"  # of those ids
    subscribed: bool = False

    @property
    def user_id(self) -> str:
        """Their name as a customer of the shop, once they log in."""
        return f"customer-{1000 + self.number}"


@dataclass(frozen=True)
class Visit:
    """One coming: when (ms since 1970), on which of the person's devices, from where."""

    at: int
    person: Person
    device: int = 0
    source: str = "direct"  # organic | direct | social | referral | price | paid | newsletter
    last: bool = False  # the last one of somebody going quiet


class Crowd:
    """Draws people. Who they are does not depend on when they come: live traffic meets them again."""

    def __init__(self, rng: Random, first_number: int = 1) -> None:
        self._rng = rng
        self._number = first_number - 1

    def residents(self, visitors_per_day: int) -> list[Person]:
        """Those who come again and again: regulars, loyal ones going quiet, WAP users."""
        rng = self._rng
        regulars = [
            self.person("regular", phone=rng.random() < 0.45, subscribed=rng.random() < 0.6)
            for _ in range(max(1, visitors_per_day * 3))
        ]
        quiet = [
            self.person("quiet", phone=rng.random() < 0.5, subscribed=True)
            for _ in range(max(2, visitors_per_day * 2 // 5))
        ]
        return [*regulars, *quiet, *(self._wap() for _ in range(max(2, visitors_per_day * 3 // 4)))]

    def person(self, kind: str, *, phone: bool = False, subscribed: bool = False) -> Person:
        """Somebody with one device, or a desktop and a phone when `phone`."""
        rng = self._rng
        country = rng.choices(COUNTRIES, [c.weight for c in COUNTRIES])[0]
        pool = DESKTOPS if phone or rng.random() < 0.44 else PHONES
        devices = [rng.choices(pool, [d.weight for d in pool])[0]]
        if phone:
            devices.append(rng.choices(PHONES, [d.weight for d in PHONES])[0])
        quality = "salted_daily" if kind == "daily" else "cookie"
        ids = tuple(self._id(quality[0]) for _ in devices)
        return Person(self._next(), kind, country, tuple(devices), ids, quality, subscribed)

    def crawler(self) -> Person:
        """A robot, known by its agent."""
        device = Device("bot", self._rng.choice(CRAWLERS), "", 1)
        return Person(self._next(), "crawler", COUNTRIES[-1], (device,), (self._id("s"),), "salted_daily")

    def _wap(self) -> Person:
        rng = self._rng
        country = rng.choices(WAP_COUNTRIES, [c.weight for c in WAP_COUNTRIES])[0]
        handset = rng.choices(HANDSETS, [d.weight for d in HANDSETS])[0]
        return Person(self._next(), "wap", country, (handset,), (self._id("w"),), "url")

    def _id(self, prefix: str) -> str:
        return f"{prefix}{self._rng.getrandbits(64):016x}"

    def _next(self) -> int:
        self._number += 1
        return self._number


class Population:
    """People and all their visits between two instants (ms since 1970)."""

    def __init__(self, crowd: Crowd, rng: Random, begin: int, end: int, visitors_per_day: int) -> None:
        self._crowd = crowd
        self._rng = rng
        self._begin = begin - begin % DAY_MS
        self._end = end
        self._per_day = visitors_per_day

    def people(self) -> Iterator[tuple[Person, list[Visit]]]:
        """Everybody who comes, each with their visits; not in the order of time."""
        visits_of = {"regular": self._regular, "quiet": self._quiet, "wap": self._wap}
        for person in self._crowd.residents(self._per_day):
            yield person, visits_of[person.kind](person)
        for day in range(self._begin, self._end, DAY_MS):
            many = self._per_day * WEEKDAYS[weekday(day)]
            for _ in range(round(many)):
                person = self._crowd.person("newcomer")
                yield person, self._newcomer(person, day)
            for _ in range(round(many * 0.2)):
                person = self._crowd.person("daily")
                yield person, [self._visit(person, day, newcomer_source(self._rng))]
            for _ in range(round(many * 0.28) if self._end - day < PAID_DAYS * DAY_MS else 0):
                person = self._crowd.person("newcomer")
                yield person, [self._visit(person, day, "paid")]
            for _ in range(3):
                crawler = self._crowd.crawler()
                yield crawler, [Visit(day + self._rng.randrange(DAY_MS), crawler)]

    def _regular(self, person: Person) -> list[Visit]:
        rng = self._rng
        rate = rng.gammavariate(1.2, 0.75)  # visits a week
        first = self._begin if rng.random() < 0.75 else self._any_day()
        gone = min(int(first + rng.expovariate(1 / 260) * DAY_MS), self._end)
        return self._visits(person, rate, first, gone) + self._newsletter_visits(person, first, gone)

    def _quiet(self, person: Person) -> list[Visit]:
        rng = self._rng
        gone = self._end - rng.randint(16, 38) * DAY_MS
        visits = self._visits(person, rng.uniform(1.6, 3.0), self._begin, gone)
        visits.sort(key=lambda visit: visit.at)
        if visits:
            visits[-1] = Visit(visits[-1].at, person, visits[-1].device, "direct", last=True)
        return visits

    def _wap(self, person: Person) -> list[Visit]:
        return self._visits(person, self._rng.gammavariate(1.5, 0.8), self._begin, self._end)

    def _newcomer(self, person: Person, day: int) -> list[Visit]:
        rng = self._rng
        visits = [self._visit(person, day, newcomer_source(rng))]
        at = float(day)
        while rng.random() < 0.34:
            at += (0.6 + rng.expovariate(1 / 7)) * DAY_MS
            visits.append(self._visit(person, int(at), regular_source(rng)))
        return visits

    def _visits(self, person: Person, per_week: float, begin: int, end: int) -> list[Visit]:
        """A Poisson stream of visits with the rhythm of week and day."""
        rng = self._rng
        visits = []
        for day in range(begin - begin % DAY_MS, end, DAY_MS):
            if rng.random() < per_week / 7 * WEEKDAYS[weekday(day)]:
                visits.append(self._visit(person, day, regular_source(rng)))
        return visits

    def _newsletter_visits(self, person: Person, begin: int, end: int) -> list[Visit]:
        if not person.subscribed:
            return []
        return [
            Visit(
                sent + int(self._rng.expovariate(1 / 5) * 3_600_000),
                person,
                self._rng.randrange(len(person.devices)),
                "newsletter",
            )
            for sent in newsletters(begin, end)
            if self._rng.random() < 0.22
        ]

    def _visit(self, person: Person, day: int, source: str) -> Visit:
        rng = self._rng
        hour = rng.choices(range(24), cum_weights=_HOURS_SUM)[0] - person.country.offset_h
        at = day - day % DAY_MS + (hour % 24) * 3_600_000 + rng.randrange(3_600_000)
        device = 0 if len(person.devices) == 1 or rng.random() < 0.6 else 1
        return Visit(at, person, device, source)

    def _any_day(self) -> int:
        return self._begin + self._rng.randrange(max(1, (self._end - self._begin) // DAY_MS)) * DAY_MS


def newcomer_source(rng: Random) -> str:
    """Where somebody who does not know the shop comes from."""
    return rng.choices(_SOURCES, cum_weights=_NEWCOMER_SOURCES)[0]


def regular_source(rng: Random) -> str:
    """Where somebody who knows the shop comes from."""
    return rng.choices(_SOURCES, cum_weights=_REGULAR_SOURCES)[0]


def weekday(at: int) -> int:
    """0 for Monday, of an instant in ms since 1970."""
    return (at // DAY_MS + FIRST_WEEKDAY) % 7


def newsletters(begin: int, end: int) -> list[int]:
    """When a newsletter was sent between two instants: every Tuesday morning."""
    days = range(begin - begin % DAY_MS, end, DAY_MS)
    sent = [day + NEWSLETTER_HOUR * 3_600_000 for day in days if weekday(day) == NEWSLETTER_WEEKDAY]
    return [at for at in sent if begin <= at < end]
