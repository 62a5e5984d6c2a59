"""The events that stand compared with what today's decoders make of the raw log, for what it still holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

import polars as pl

from clicktrail.settings import Settings
from ingest.protocols.base import Source
from pipelines.known import read_sql
from pipelines.late import late_folder, waiting_events
from pipelines.lease import Lease
from pipelines.sources import block_sources, records_before
from pipelines.worker import Worker, worker
from schemas.arrow import complete
from schemas.event import CONTENT, Event
from schemas.objects import Site
from sessionize.recut import latest
from sessionize.repeats import KEYS, winners
from store.log import open_log
from store.log.base import PIPELINE

COPIES = read_sql("verify_copies")


@dataclass(frozen=True)
class Difference:
    """What stands and what should: `stored` or `expected` is None where there is none."""

    what: str  # repeat | session | person | event
    visitor_id: str
    id: str
    stored: object
    expected: object


@dataclass
class LogCheck:
    """How much of the log was decoded again."""

    records: int = 0
    events: int = 0  # of the site


def differing_events(settings: Settings, lease: Lease, site: Site, check: LogCheck) -> Iterator[Difference]:
    """The events of a site that differ; `check` counts along."""
    log, decoder = open_log(settings, write=False), worker(settings)
    decoder.read_sites()
    try:
        end = log.committed(PIPELINE) or log.start()
        for records in records_before(log, log.start(), end, settings.batch_bytes):
            sources = block_sources(records)
            decoded = complete(decoder.decode(sources).events, Event)
            decoded = decoded.filter(pl.col("site_id") == site.id)
            check.records += len(records)
            check.events += decoded.height
            places = {record.place for record in records}
            with lease.still():
                stored = _stored(decoder, site, decoded, sources, places)
                waiting = [rows.select(KEYS) for rows in waiting_events(late_folder(settings))]
            for late in waiting:  # not in the tables yet
                decoded = decoded.join(late, on=KEYS, how="anti", maintain_order="left")
                stored = stored.join(late, on=KEYS, how="anti")
            yield from _compare(decoded, stored, places)
    finally:
        log.close()


def _stored(
    decoder: Worker, site: Site, decoded: pl.DataFrame, sources: Sequence[Source], places: Collection[str]
) -> pl.DataFrame:
    """Standing rows: copies of what was decoded, and all that came with the records at these places."""
    arrived = [source.envelope.received_at for source in sources]
    rows = decoder.store.query(
        COPIES,
        tables={
            "ids": decoded.select("visitor_id", "event_id").unique(),
            "records": pl.DataFrame({"record": list(places)}),
        },
        site_id=site.id,
        first=_instant(min(arrived, default=0)),
        last=_instant(max(arrived, default=0)),
    )
    return latest(rows, (*KEYS, "event_time"))


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)


def _compare(decoded: pl.DataFrame, stored: pl.DataFrame, places: Collection[str]) -> Iterator[Difference]:
    expected = decoded.filter(pl.Series(winners(decoded), dtype=pl.Boolean))
    standing = {(row["visitor_id"], row["event_id"]): row for row in stored.iter_rows(named=True)}
    for row in expected.iter_rows(named=True):
        key = row["visitor_id"], row["event_id"]
        other = standing.pop(key, None)
        if other is None:
            yield Difference("event", *key, None, _named(row))
        elif other["raw_ref"] == row["raw_ref"]:
            names = [name for name in CONTENT if row[name] != other[name]]
            if names:
                unlike = ({n: one[n] for n in names} for one in (other, row))
                yield Difference("event", *key, *unlike)
        elif _rank(other) > _rank(row):
            yield Difference("event", *key, _named(other), _named(row))
    for key, row in standing.items():  # nothing that was decoded is a copy of these
        if row["raw_ref"].rpartition(":")[0].rpartition(":")[0] in places:
            yield Difference("event", *key, _named(row), None)


def _rank(row: dict[str, object]) -> tuple[object, object]:
    return row["received_at"], row["event_time"]


def _named(row: dict[str, object]) -> dict[str, object]:
    return {name: row[name] for name in ("event_type", "event_time", "received_at", "raw_ref")}
