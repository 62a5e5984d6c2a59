"""What is installed, and what the command loads."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from importlib.metadata import requires
from pathlib import Path

import pytest

from clicktrail import folders
from clicktrail.cli import COMMANDS, cli
from clicktrail.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("apache_beam", "chdb", "dash", "plotly", "kafka", "polars", "clickhouse_driver", "uvicorn")


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("wheel")
    source = tmp_path_factory.mktemp("source")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in tracked.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


def test_the_wheel_holds_our_folders_and_nothing_else(wheel_names: list[str]) -> None:
    top = {name.split("/")[0] for name in wheel_names if ".dist-info/" not in name}
    assert top == set(folders.OUR_FOLDERS)


def test_the_wheel_holds_the_files_that_are_read_at_run_time(wheel_names: list[str]) -> None:
    kinds = (".sql", ".js", ".css", ".woff2", ".json", ".txt", ".typed")
    tracked = subprocess.run(
        ["git", "ls-files", *folders.OUR_FOLDERS], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout.split()
    data = {name for name in tracked if name.endswith(kinds) and "/src/" not in name}
    assert data
    assert data <= set(wheel_names)


def test_fast_checksums_for_kafka_come_along_without_an_extra() -> None:
    needed = [one for one in requires("clicktrail") or [] if "extra ==" not in one]
    assert {re.split(r"[^\w-]", one)[0] for one in needed} >= {"crc32c", "kafka-python"}


def test_help_is_quick_because_it_loads_no_engine() -> None:
    code = (
        "import sys, clicktrail.cli as c; c.cli.main(['--help'], standalone_mode=False); "
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "[]"


def test_every_command_has_a_module_and_help() -> None:
    context = cli.make_context("clicktrail", [], resilient_parsing=True)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str()


def test_another_owner_of_our_folders_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    owners = {"schemas": ["clicktrail", "schemas-of-others"], "clicktrail": ["clicktrail"]}
    monkeypatch.setattr(folders, "packages_distributions", lambda: owners)
    with pytest.raises(ConfigError, match="schemas-of-others also installs a folder schemas/"):
        folders.check_folders()
