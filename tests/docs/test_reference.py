"""The reference says what the code says: generated files are fresh, and nothing is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date, datetime, timezone
from pathlib import Path

import click
import pytest

from clicktrail.cli import COMMANDS
from clicktrail.settings import PREFIX, Settings
from dashboards.i18n import LANGUAGES
from dashboards.i18n import words as texts
from dashboards.period import Period
from dashboards.reports import REPORTS, ReportOptions
from docs import generate, words
from schemas.failed_event import Reason
from schemas.objects import Site
from store.tables.client import Store

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
NOW = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)


def test_the_committed_reference_is_what_the_generator_writes() -> None:
    found = {str(path.relative_to(generate.FOLDER)): path for path in generate.FOLDER.rglob("*.*")}
    wanted = generate.pages()
    assert sorted(found) == sorted(wanted), "run `make docs`"
    stale = [name for name, text in wanted.items() if found[name].read_text(encoding="utf-8") != text]
    assert not stale, f"run `make docs`: {stale}"


def leaves(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from leaves(f"{path} {name}", below)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_is_documented_in_words(name: str) -> None:
    page = generate.commands_page()
    for path, command in leaves(f"clicktrail {name}", generate.load(name)):
        found = re.search(rf"^## `{re.escape(path)}( [A-Z_. ]+)?`\n(.*?)(?=^## |\Z)", page, re.M | re.S)
        assert found, path
        assert command.help, f"{path} has no help"
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                row = re.search(rf"^\| `{re.escape(option.opts[-1])}.*\| (.*) \|$", found[2], re.M)
                assert row, f"{path} {option.opts[-1]}"
                assert row[1].strip(), f"{path} {option.opts[-1]} has no words"


def test_every_setting_is_documented_in_words() -> None:
    page = generate.settings_page()
    for setting in fields(Settings):
        row = re.search(rf"^\| `{PREFIX}{setting.name.upper()}` \|.*\| (.+) \|$", page, re.M)
        assert row, setting.name


def test_every_reason_has_its_sentence_and_no_other_word_has() -> None:
    for lang in LANGUAGES:
        said = {key.split(".")[1] for key in texts(lang) if re.fullmatch(r"reason\.\w+\.(words|do)", key)}
        assert said == {reason.value for reason in Reason}
    page = generate.reasons_page()
    assert all(f"| `{reason.value}` | " in page for reason in Reason)


def test_the_keys_of_every_report_are_documented(store: Store) -> None:
    site = Site(id="shop")
    plain = ReportOptions(Period(date(2026, 3, 1), date(2026, 3, 2), "UTC"), NOW)
    funnel = replace(plain, own={"step": ["path=/", "path=/pricing"], "people": ["entered"]})
    said = {
        name: list(report.run(store, site, funnel if name == "funnel" else plain))
        for name, report in REPORTS.items()
    }
    assert {name: sorted(keys) for name, keys in said.items()} == {
        name: sorted(keys) for name, keys in words.REPORTS.items()
    }


def environment(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_the_full_example_names_every_setting_and_keeps_the_defaults() -> None:
    full = environment(EXAMPLES / "full.env")
    assert sorted(full) == sorted(PREFIX + setting.name.upper() for setting in fields(Settings))
    assert Settings.from_env(full) == Settings()


def test_the_minimal_example_loads() -> None:
    assert Settings.from_env(environment(EXAMPLES / "minimal.env")) == Settings()
