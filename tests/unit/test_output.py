"""What a command says while it works."""

from __future__ import annotations

import io
import sys

import pytest

from clicktrail.output import progress, to_text


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


def test_a_list_in_a_table_has_short_numbers_and_a_mark_where_it_is_cut() -> None:
    rows = [
        {"start": "2026-11-02", "rates": [1.0, 0.118699187]},
        {"start": "2026-11-09", "rates": [1 / 3] * 9},
    ]
    head, short, cut = to_text(rows).splitlines()
    assert head.split() == ["start", "rates"]
    assert short == "2026-11-02  1, 0.1187"
    assert cut == "2026-11-09  " + ("0.3333, " * 9)[:47] + "…"
