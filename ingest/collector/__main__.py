"""`python -m ingest.collector`: the collector alone, set up by CLICKTRAIL_* variables."""

from __future__ import annotations

import logging
import os
import sys

from clicktrail.errors import ClicktrailError
from clicktrail.settings import Settings
from ingest.collector.serve import serve


def main() -> int:
    """Serve until stopped; the exit code: 0 stopped, 1 our error in one line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        serve(Settings.from_env(os.environ))
    except ClicktrailError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
