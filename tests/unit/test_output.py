"""What a command says while it works."""

from __future__ import annotations

import io
import sys

import pytest

from clicktrail.output import progress


class Terminal(io.StringIO):
    """Somebody looks on."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_is_shown_how_far_the_work_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    shown = sys.stderr
    with progress("rebuild", 100) as show:
        show(0, "slice 1 of 3")
        assert "slice 1 of 3" in shown.getvalue()  # type: ignore[attr-defined]
        show(60, "slice 2 of 3")
        show(60, "round 1")
    text = shown.getvalue()  # type: ignore[attr-defined]
    assert "rebuild" in text
    assert "60%" in text
    assert "round 1" in text


def test_who_does_not_look_on_is_shown_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress("rebuild", 100) as show:
        show(50, "slice 2 of 3")
    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]
    assert capsys.readouterr().out == ""
