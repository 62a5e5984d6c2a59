"""Events that Snowplow has already enriched (its wide CSV) as native events, one JSON object a line.

    python examples/snowplow_web.py snowplow_web_events.csv.gz | clicktrail import - --site snowplow

The data: test data of dbt-snowplow-web, Apache-2.0. Repeated event ids stay in: the pipeline drops them.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
from collections.abc import Iterable, Iterator, Mapping

TYPES = {"page_view": "page_view", "page_ping": "ping", "link_click": "outlink"}
COPIED = {
    "event_id": "event_id",
    "page_url": "url",
    "page_title": "title",
    "page_referrer": "referrer",
    "domain_sessionid": "client_session",
    "useragent": "user_agent",
    "br_lang": "language",
    "os_timezone": "timezone",
    "geo_country": "country",
    "mkt_source": "utm_source",
    "mkt_medium": "utm_medium",
    "mkt_campaign": "utm_campaign",
}
"""Column of the file → field of an event."""


def events(rows: Iterable[Mapping[str, str]]) -> Iterator[dict[str, object]]:
    """Rows of the file as native events; an empty cell says nothing."""
    for row in rows:
        name = row["event_name"]
        event: dict[str, object] = {to: row[column] for column, to in COPIED.items() if row.get(column)}
        event["event_type"] = TYPES.get(name, "custom")
        if event["event_type"] == "custom":
            event["event_name"] = name
        event["event_time"] = _instant(row["derived_tstamp"])
        event["received_at"] = _instant(row["collector_tstamp"])
        event["visitor_id"] = row["domain_userid"] or row["network_userid"]
        if page_view := _page_view(row.get("contexts_com_snowplowanalytics_snowplow_web_page_1_0_0", "")):
            event["page_view_id"] = page_view
        yield event


def _instant(text: str) -> str:
    """Snowplow writes UTC without saying so."""
    return text.replace(" ", "T") + "Z"


def _page_view(context: str) -> str:
    """The id in a web page context: a list of one object, in some files a list in a list."""
    found = json.loads(context or "[]")
    while isinstance(found, list):
        found = found[0] if found else {}
    return str(found.get("id", ""))


def main() -> None:
    """Read the file named on the command line, print its events."""
    with gzip.open(sys.argv[1], "rt", encoding="utf-8", newline="") as file:
        for event in events(csv.DictReader(file)):
            print(json.dumps(event))


if __name__ == "__main__":
    main()
