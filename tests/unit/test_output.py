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
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    with progress("rebuild", 100) as show:
        show(0, "slice 1 of 3")
        assert "slice 1 of 3" in shown.getvalue()
        show(60, "slice 2 of 3")
        show(60, "round 1")
    text = shown.getvalue()
    assert "rebuild" in text
    assert "60%" in text
    assert "round 1" in text


def test_who_does_not_look_on_is_shown_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    with progress("rebuild", 100) as show:
        show(50, "slice 2 of 3")
    assert shown.getvalue() == ""
    assert capsys.readouterr().out == ""
