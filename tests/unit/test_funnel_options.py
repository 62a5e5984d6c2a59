"""What a funnel may be asked with, and what is said when it may not."""

from __future__ import annotations

import pytest

from clicktrail.errors import ConfigError
from dashboards.reports import REPORTS, check_taken
from dashboards.reports.funnel.options import OPTIONS, Exclusion, FunnelOptions, parse

TWO = {"step": ["path=/a", "path=/b"]}
THREE = {"step": ["path=/a", "path=/b", "path=/c"]}


def test_all_options_are_read() -> None:
    assert parse(
        {
            **THREE,
            "order": ["ordered"],
            "window": ["2w"],
            "unit": ["session"],
            "exclude": ["1-3:event_type=error & path=/b:c"],
            "optional": ["2"],
            "hold": ["order_id", "properties.plan"],
            "breakdown": ["country"],
        }
    ) == FunnelOptions(
        steps=("path=/a", "path=/b", "path=/c"),
        window="2w",
        unit="session",
        exclusions=(Exclusion(1, 3, "event_type=error & path=/b:c"),),
        optional=(2,),
        hold=("order_id", "properties.plan"),
        breakdown="country",
    )


def test_left_out_is_the_usual() -> None:
    options = parse(TWO)
    assert (options.order, options.unit, options.open) == ("ordered", "person", False)
    assert options.window_ms == 14 * 86_400_000
    assert parse({**TWO, "open": ["true"]}).open


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1m", 60_000),
        ("90m", 5_400_000),
        ("12h", 43_200_000),
        ("3650d", 315_360_000_000),
        ("521w", 315_100_800_000),
    ],
)
def test_windows(text: str, milliseconds: int) -> None:
    assert parse({**TWO, "window": [text]}).window_ms == milliseconds


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "2 to 12 steps, not 0"),
        ({"step": ["path=/a"]}, "2 to 12 steps, not 1"),
        ({"step": ["path=/a"] * 13}, "2 to 12 steps, not 13"),
        ({"step": ["path=/a", "pth=/b"]}, "did you mean path"),
        ({"step": ["path=/a", ""]}, "field=value"),
        ({**TWO, "order": ["loose"]}, "--order loose: one of ordered, strict, any"),
        ({**TWO, "unit": ["device"]}, "--unit device: one of person, visitor, session"),
        ({**TWO, "window": ["0m"]}, "a window is 1m to 3650d"),
        ({**TWO, "window": ["3651d"]}, "a window is 1m to 3650d"),
        ({**TWO, "window": ["522w"]}, "a window is 1m to 3650d"),
        ({**TWO, "window": ["59s"]}, "--window 59s: write"),
        ({**TWO, "window": ["soon"]}, "--window soon: write"),
        ({**TWO, "window": ["-1d"]}, "--window -1d: write"),
        ({**TWO, "window": ["١d"]}, "--window ١d: write"),
        ({**TWO, "window": [""]}, "--window: write"),
        ({**TWO, "exclude": ["path=/x"]}, "--exclude path=/x: write"),
        ({**TWO, "exclude": ["0-1:path=/x"]}, "--exclude 0-1: steps are 1 to 2"),
        ({**TWO, "exclude": ["1-3:path=/x"]}, "--exclude 1-3: steps are 1 to 2"),
        ({**TWO, "exclude": ["2-1:path=/x"]}, "--exclude 2-1: steps are 1 to 2, the earlier first"),
        ({**TWO, "exclude": ["1-1:path=/x"]}, "--exclude 1-1: steps are 1 to 2"),
        ({**TWO, "exclude": ["1-2:path"]}, "field=value"),
        ({**TWO, "exclude": ["1-2:path=/x"] * 13}, "at most 12"),
        ({**TWO, "exclude": ["1-2:path=/x"], "order": ["any"]}, "--exclude: steps in any order"),
        ({**THREE, "exclude": ["1-2:path=/x"], "optional": ["2"]}, "that are not optional"),
        ({**THREE, "optional": ["1"]}, "--optional 1: a step from 2 to 3"),
        ({**THREE, "optional": ["4"]}, "--optional 4: a step from 2 to 3"),
        ({**THREE, "optional": ["two"]}, "--optional two: give the number"),
        ({**THREE, "optional": ["2", "3"]}, "at least two steps"),
        ({**THREE, "optional": ["2"], "order": ["strict"]}, "--optional: only when steps come in order"),
        ({**TWO, "hold": ["path", "os", "country", "brand"]}, "at most 3 fields, not 4"),
        ({**TWO, "hold": ["countri"]}, "did you mean country"),
        ({**TWO, "breakdown": ["plan"]}, "properties.plan"),
        ({**TWO, "breakdown": ["pa\0th"]}, "NUL"),
        ({**TWO, "open": ["true"], "window": ["1d"]}, "--window: an open funnel"),
        ({**TWO, "open": ["true"], "hold": ["path"]}, "--hold: an open funnel"),
    ],
)
def test_what_cannot_be_asked_is_said(given: dict[str, list[str]], says: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(given)
    assert says in str(error.value)


def test_an_option_of_another_report_is_refused() -> None:
    with pytest.raises(ConfigError, match="the report overview takes no --step; it belongs to funnel"):
        check_taken(REPORTS["overview"], TWO)
    with pytest.raises(ConfigError, match=r"the report funnel takes no --sometime$"):
        check_taken(REPORTS["funnel"], {"sometime": ["28d"]})
    check_taken(REPORTS["funnel"], {name: ["x"] for name in OPTIONS})
