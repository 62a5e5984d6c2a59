"""What a click does to the funnel in the address; steps that move or go take their numbers along. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Own = Mapping[str, tuple[str, ...]]
"""The page's own parameters: name → values."""

_BETWEEN = re.compile(r"\s*([0-9]{1,4})\s*-\s*([0-9]{1,4})\s*:(.*)", re.DOTALL)


def without(own: Own, step: int) -> dict[str, tuple[str, ...]]:
    """The parameters that change when a step (from 1) is taken out."""
    steps = own.get("step", ())
    return _renumbered(
        own,
        (*steps[: step - 1], *steps[step:]),
        lambda old: None if old == step else old - (old > step),
    )


def moved(own: Own, step: int, by: int) -> dict[str, tuple[str, ...]]:
    """The parameters that change when a step changes places with the one `by` (1 or -1) beside it."""
    steps, other = list(own.get("step", ())), step + by
    steps[step - 1], steps[other - 1] = steps[other - 1], steps[step - 1]
    return _renumbered(own, tuple(steps), lambda old: {step: other, other: step}.get(old, old))


def toggled(own: Own, name: str, value: str) -> dict[str, tuple[str, ...]]:
    """One value of a parameter more, or less if it stands already."""
    values = own.get(name, ())
    return {name: tuple(v for v in values if v != value) if value in values else (*values, value)}


def less(own: Own, name: str, at: int) -> dict[str, tuple[str, ...]]:
    """A parameter without its value number `at` (from 0)."""
    values = own.get(name, ())
    return {name: (*values[:at], *values[at + 1 :])}


def _renumbered(
    own: Own, steps: tuple[str, ...], new: Callable[[int], int | None]
) -> dict[str, tuple[str, ...]]:
    """`new`: old number of a step → its new one, None for one that went. The first step is never optional."""
    optional = [_number(text, new) for text in own.get("optional", ())]
    return {
        "step": steps,
        "optional": tuple(text for text in optional if text and text != "1"),
        "exclude": tuple(text for one in own.get("exclude", ()) if (text := _exclusion(one, new))),
        "breakdown-at": tuple(text for one in own.get("breakdown-at", ()) if (text := _number(one, new))),
        "left": tuple(text for one in own.get("left", ()) if (text := _number(one, new))),
    }


def _exclusion(text: str, new: Callable[[int], int | None]) -> str | None:
    match = _BETWEEN.fullmatch(text)
    if match is None:
        return text
    ends = [new(int(match[at])) for at in (1, 2)]
    if None in ends:
        return None
    first, last = sorted(end for end in ends if end is not None)
    return f"{first}-{last}:{match[3]}"


def _number(text: str, new: Callable[[int], int | None]) -> str | None:
    plain = text.strip().removeprefix("step").strip(" -")
    if not plain.isdecimal():
        return text
    found = new(int(plain))
    return None if found is None else str(found)
