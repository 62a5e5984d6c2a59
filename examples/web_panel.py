"""Web panel data (panelist_id, wave, timestamp, url, device) as native events, one JSON object a line.

    python examples/web_panel.py web_panel_tracking.csv.gz | clicktrail import - --site panel

The data: package webtrackR of GESIS, MIT. A panelist is a visitor, a visit of an address a page view.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator


def events(rows: Iterable[dict[str, str]]) -> Iterator[dict[str, object]]:
    """Rows of the panel as native events, in the order of the rows.

    The same row again is another visit of the address, so the id counts how often it came.
    """
    seen: Counter[str] = Counter()
    for row in rows:
        said = "|".join(row[name] for name in ("panelist_id", "timestamp", "url"))
        seen[said] += 1
        yield {
            "event_id": hashlib.sha256(f"{said}|{seen[said]}".encode()).hexdigest()[:32],
            "event_type": "page_view",
            "event_time": round(float(row["timestamp"]) * 1000),
            "visitor_id": row["panelist_id"],
            "url": row["url"],
            "properties": {"wave": row["wave"], "panel_device": row["device"]},
        }


def main() -> None:
    """Read the file named on the command line, print its events."""
    with gzip.open(sys.argv[1], "rt", encoding="utf-8", newline="") as file:
        for event in events(csv.DictReader(file)):
            print(json.dumps(event))


if __name__ == "__main__":
    main()
