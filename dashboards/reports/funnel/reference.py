"""The funnel in words of Python: what the SQL of `sql.py` must say of every unit, tried out way by way.

A *unit* (person, visitor or session) has a history: its events by (at, seq, event_id, visitor_id). An
*attempt* fills the required steps one after another with events of that history, each event one step, within
the window from the event of its first step. The *best* attempt is the one that gets furthest, then the one
that gets there first, then the one that began last, then the one whose steps in between came first.

An optional step is filled by the first event that fits it between the steps around it in the best attempt.

This says what is right and is not made to be fast: the number of ways grows with every repeated event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from dashboards.reports.funnel.options import LAST_TOUCH, FunnelOptions

Place = tuple[int, int, bytes, bytes]
"""Where an event stands in a history: at, seq, event_id, visitor_id."""


@dataclass(frozen=True)
class Seen:
    """One event as a funnel looks at it; `at` in milliseconds."""

    at: int
    seq: int
    event_id: str
    visitor_id: str
    fits: frozenset[int]  # numbers of the steps it can fill, from 1
    excluded: frozenset[int]  # places of the exclusions it meets
    inside: bool  # in the range of the report, and in a session that its filters keep: an attempt may begin
    interactive: bool
    held: tuple[str, ...] = ()
    value: str = ""  # of the breakdown
    what: tuple[str, str, str] = ("", "", "")  # event_type, event_name, path

    @property
    def order(self) -> Place:
        """Its place among the events of a unit."""
        return (self.at, self.seq, self.event_id.encode(), self.visitor_id.encode())


@dataclass(frozen=True)
class Reached:
    """How far a unit came."""

    stopped: int  # the last required step of its best attempt; 0 in an open funnel
    after_ms: tuple[
        int, ...
    ]  # a step: milliseconds from the attempt's first event, -1 where it was not reached
    in_progress: bool  # an attempt as far as the best one can still go on
    value: str = ""  # of the breakdown; '' where the step that gives it was not reached
    began_ms: int = 0  # of the attempt
    finish: Place | None = None  # of the last required event


@dataclass(frozen=True)
class _Attempt:
    """Places in a history: of each required step that was reached, and of the first event."""

    places: tuple[int, ...]
    start: int

    @property
    def rank(self) -> tuple[int, int, int, tuple[int, ...]]:
        return (-len(self.places), self.places[-1], -self.start, self.places)


def reached(events: Iterable[Seen], options: FunnelOptions, now: int) -> Reached | None:
    """How far one unit came at `now` (milliseconds; no event is later); None if it did not enter."""
    history = sorted(events, key=lambda event: event.order)
    if options.open:
        return _open(history, options)
    found = []
    for held in {event.held for event in history}:
        same = [event for event in history if event.held == held]
        attempts = list(_attempts(same, options))
        if attempts:
            best = min(attempts, key=lambda attempt: attempt.rank)
            going = [one for one in attempts if len(one.places) == len(best.places)]
            waits = any(_goes_on(same, one, options, now) for one in going)
            found.append((same[best.places[-1]].order, _told(same, best, options, waits)))
    if not found:
        return None
    furthest = max(one.stopped for _, one in found)
    alike = [(order, one) for order, one in found if one.stopped == furthest]
    first = min(alike, key=lambda pair: pair[0])[1]
    waits = any(one.in_progress for _, one in alike)
    return replace(first, in_progress=waits)


def next_act(events: Iterable[Seen], reached: Reached, options: FunnelOptions) -> tuple[str, str, str] | None:
    """What a unit did next after its best attempt had ended early, within the window; None: nothing more."""
    if reached.finish is None or reached.in_progress or reached.stopped == options.required[-1]:
        return None
    for event in sorted(events, key=lambda event: event.order):
        if event.interactive and event.order > reached.finish:
            return event.what if event.at <= reached.began_ms + options.window_ms else None
    return None


def _open(history: Sequence[Seen], options: FunnelOptions) -> Reached | None:
    done = {step for event in history if event.inside for step in event.fits}
    steps = range(1, len(options.steps) + 1)
    return Reached(0, tuple(0 if step in done else -1 for step in steps), False) if done else None


def _attempts(history: Sequence[Seen], options: FunnelOptions) -> Iterator[_Attempt]:
    """Every attempt, also those that could have gone further."""
    if options.order == "any":
        yield from _in_any_order(history, options)
        return
    for places in _in_order(history, options, ()):
        yield _Attempt(places, places[0])


def _in_order(
    history: Sequence[Seen], options: FunnelOptions, places: tuple[int, ...]
) -> Iterator[tuple[int, ...]]:
    """All continuations of an attempt, itself the first of them."""
    if places:
        yield places
    if len(places) == len(options.required):
        return
    for place in range(places[-1] + 1 if places else 0, len(history)):
        if _may_follow(history, options, places, place):
            yield from _in_order(history, options, (*places, place))


def _may_follow(history: Sequence[Seen], options: FunnelOptions, places: tuple[int, ...], place: int) -> bool:
    """Whether the event at `place` can fill the next step of an attempt."""
    event, step = history[place], options.required[len(places)]
    if step not in event.fits or (options.order == "strict" and not event.interactive):
        return False
    if not places:
        return event.inside
    if event.at - history[places[0]].at > options.window_ms:
        return False
    if _ends(history[places[-1] + 1 : place], options, len(places)):
        return False
    return not any(
        options.exclusions[one].covers(step) and _begun(options, one, places) for one in event.excluded
    )


def _begun(options: FunnelOptions, exclusion: int, places: tuple[int, ...]) -> bool:
    """Whether the attempt has filled the step from which the exclusion counts."""
    return options.exclusions[exclusion].first in options.required[: len(places)]


def _ends(between: Sequence[Seen], options: FunnelOptions, filled: int) -> bool:
    """Whether one of these events ends an attempt that has filled so many required steps."""
    last = options.required[filled - 1]
    if options.order == "strict" and any(event.interactive for event in between):
        return True
    return any(options.exclusions[one].covers(last) for event in between for one in event.excluded)


def _in_any_order(history: Sequence[Seen], options: FunnelOptions) -> Iterator[_Attempt]:
    """From each event: when steps 1 to k have all been done since, each by an event of its own."""
    for start, first in enumerate(history):
        if first.inside and first.fits:
            window = [event for event in history[start:] if event.at - first.at <= options.window_ms]
            places: list[int] = []
            for steps in range(1, len(options.steps) + 1):
                tried = range(1, len(window) + 1)
                done = next((n for n in tried if _can_fill(window[:n], range(1, steps + 1))), None)
                if done is None:
                    break
                places.append(start + done - 1)
            if places:
                yield _Attempt(tuple(places), start)


def _can_fill(events: Sequence[Seen], steps: Sequence[int]) -> bool:
    """Whether each step can have an event of its own."""
    if not steps:
        return True
    return any(
        steps[0] in event.fits and _can_fill([*events[:at], *events[at + 1 :]], steps[1:])
        for at, event in enumerate(events)
    )


def _goes_on(history: Sequence[Seen], attempt: _Attempt, options: FunnelOptions, now: int) -> bool:
    """Whether the attempt is neither complete nor ended, and its window still runs."""
    if len(attempt.places) == len(options.required):
        return False
    if history[attempt.start].at + options.window_ms < now:
        return False
    if options.order == "any":
        return True
    return not _ends(history[attempt.places[-1] + 1 :], options, len(attempt.places))


def _told(history: Sequence[Seen], attempt: _Attempt, options: FunnelOptions, waits: bool) -> Reached:
    start, filled = history[attempt.start], dict(zip(options.required, attempt.places, strict=False))
    stopped = options.required[len(attempt.places) - 1]
    for step in sorted(options.optional):
        place = _optional(history, filled, options, step)
        if place is not None:
            filled[step] = place
    after = tuple(
        history[filled[step]].at - start.at if step in filled else -1
        for step in range(1, len(options.steps) + 1)
    )
    finish = history[attempt.places[-1]]
    return Reached(stopped, after, waits, _value(history, attempt, filled, options), start.at, finish.order)


def _value(history: Sequence[Seen], attempt: _Attempt, filled: dict[int, int], options: FunnelOptions) -> str:
    if options.at_step:
        return history[filled[options.at_step]].value if options.at_step in filled else ""
    return history[attempt.places[-1] if options.breakdown_at == LAST_TOUCH else attempt.start].value


def _optional(
    history: Sequence[Seen], filled: dict[int, int], options: FunnelOptions, step: int
) -> int | None:
    """Where an optional step happened between the steps around it, if it did."""
    needed = max(one for one in options.required if one < step)
    if needed not in filled:
        return None
    after = max(place for one, place in filled.items() if one < step)
    until = min((place for one, place in filled.items() if one > step), default=len(history))
    for place in range(after + 1, until):
        event = history[place]
        if any(options.exclusions[one].covers(needed) for one in event.excluded) and not any(
            one > step for one in filled
        ):
            return None
        if step in event.fits and event.at - history[filled[1]].at <= options.window_ms:
            return place
    return None
