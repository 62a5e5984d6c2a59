"""Programs that end before one of their acts, for tests of what they leave behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest


class Stopped(Exception):
    """The end, at a point of the test's choice."""


def stop_before(acts: int, patch: pytest.MonkeyPatch, places: Sequence[tuple[object, str]]) -> None:
    """Let so many calls of these functions (owner, name) pass, and raise Stopped in place of the next."""
    left = acts

    def counted(act: Callable[..., None]) -> Callable[..., None]:
        def counting(*arguments: object, **named: object) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Stopped
            act(*arguments, **named)

        return counting

    for owner, name in places:
        patch.setattr(owner, name, counted(getattr(owner, name)))
