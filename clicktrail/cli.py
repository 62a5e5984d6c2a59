"""The one command. Each sub-command is one module of clicktrail/commands, loaded when it is asked for."""

from __future__ import annotations

import importlib
import logging
import os
import sys

import click

from clicktrail.errors import ClicktrailError
from clicktrail.folders import OUR_FOLDERS, check_folders
from clicktrail.settings import Settings
from clicktrail.supervise import end_with_parent

COMMANDS = {
    "bench": "run the benchmarks of this checkout",
    "collect": "take events over HTTP and append them to the log",
    "dashboard": "show the pages",
    "demo": "a simulated shop with history and live traffic",
    "doctor": "check this installation and say what to mend",
    "failed": "events that were refused, with the reason",
    "goal": "what a site wants people to do: add, list, remove",
    "identity": "which ids are one person and why; unlink and link them",
    "import": "bring in files of events or access logs",
    "rebuild": "cut a site's history again under another rule",
    "report": "any report of the dashboard, as a table or JSON",
    "run": "the pipeline: log → sessions → store",
    "score": "fit the forecast of churn and score every visitor",
    "site": "add and list sites, print the tag to paste",
    "sql": "a read-only query",
    "status": "how far the log and the pipeline are",
    "store": "the embedded store",
    "up": "collector, pipeline, store and dashboard together",
    "user": "who may see the dashboard: add, list, remove, new passwords",
    "verify": "compare the tables with what follows from the events and the log",
}
"""Name → one line of help; the module is clicktrail/commands/<name>.py."""
HIDDEN = ("demo-shop",)
"""What other commands start."""


class Commands(click.Group):
    """Loads a sub-command only when it is needed, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names in order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of this name."""
        if cmd_name not in COMMANDS and cmd_name not in HIDDEN:
            return None
        module = "import_" if cmd_name == "import" else cmd_name.replace("-", "_")
        command: click.Command = importlib.import_module(f"clicktrail.commands.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list, without loading the commands."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="clicktrail")
@click.option("-v", "--verbose", is_flag=True, help="Say more on standard error.")
@click.pass_context
def cli(context: click.Context, verbose: bool) -> None:
    """Clicks → sessions → funnels, retention and churn risk. Settings: CLICKTRAIL_* (docs/reference)."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        stream=sys.stderr,
    )
    for name in OUR_FOLDERS:
        logging.getLogger(name).setLevel(logging.INFO)
    if verbose:
        logging.getLogger("kafka").setLevel(logging.INFO)
    # Beam warns of a cloud library that nobody here needs.
    logging.getLogger().handlers[0].addFilter(lambda record: "apitools" not in record.getMessage())
    context.obj = Settings.from_env(os.environ)
    check_folders()


def main() -> None:
    """Entry of the console script: 0 ok, 1 our error in one line, 2 usage, 130 interrupted."""
    end_with_parent()
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except ClicktrailError as error:
        click.echo(f"clicktrail: {error}", err=True)
        code = 1
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        else:
            place = f"{error.filename}: " if error.filename else ""
            click.echo(f"clicktrail: {place}{error.strerror or error}", err=True)
        code = 1
    sys.exit(code if isinstance(code, int) else 0)
