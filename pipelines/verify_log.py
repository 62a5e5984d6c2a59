"""The events that stand compared with what today's decoders make of the raw log, for what it still holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

import polars as pl

from clicktrail.settings import Settings
from pipelines.known import read_sql
from pipelines.late import late_folder, waiting_events
from pipelines.lease import Lease
from pipelines.sources import block_sources
from pipelines.worker import Worker, worker
from schemas.arrow import complete
from schemas.event import Event
from schemas.objects import Site
from sessionize.repeats import KEYS, winners
from store.log import open_log
from store.log.base import PIPELINE, Log, Offsets, Record

COPIES = read_sql("verify_copies")
NO_CONTENT = ("version", "is_deleted")
EventDifference = tuple[str, str, str, object, object]


@dataclass
class LogCheck:
    """How much of the log was decoded again."""

    records: int = 0
    events: int = 0  # of the site


def differing_events(
    settings: Settings, lease: Lease, site: Site, check: LogCheck
) -> Iterator[EventDifference]:
    """(what, visitor_id, event_id, stored, expected) of the events of a site that differ."""
    log, decoder = open_log(settings, write=False), worker(settings)
    decoder.read_sites()
    try:
        end = log.committed(PIPELINE) or log.start()
        for records in _blocks(log, end, settings.batch_bytes):
            decoded = complete(decoder.decode(block_sources(records)).events, Event)
            decoded = decoded.filter(pl.col("site_id") == site.id)
            check.records += len(records)
            check.events += decoded.height
            with lease.still():
                stored = _stored(decoder, site, decoded, records)
                waiting = [rows.select(KEYS) for rows in waiting_events(late_folder(settings))]
            for late in waiting:  # not in the tables yet
                decoded = decoded.join(late, on=KEYS, how="anti", maintain_order="left")
                stored = stored.join(late, on=KEYS, how="anti")
            yield from _compare(decoded, stored, [_place(record) for record in records])
    finally:
        log.close()


def _blocks(log: Log, end: Offsets, size: int) -> Iterator[list[Record]]:
    """Records before `end`, a block at a time."""
    at = log.start()
    while any(at.get(partition, 0) < offset for partition, offset in end.items()):
        records, at = log.read(at, size)
        if not records:
            return
        if inside := [record for record in records if record.offset < end.get(record.partition, 0)]:
            yield inside


def _place(record: Record) -> str:
    return f"log:{record.partition}:{record.offset}"


def _stored(decoder: Worker, site: Site, decoded: pl.DataFrame, records: list[Record]) -> pl.DataFrame:
    """Standing rows: copies of what was decoded, and all that came with these records."""
    arrived = [one.envelope.received_at for one in block_sources(records)]
    rows = decoder.store.query(
        COPIES,
        tables={
            "ids": decoded.select("visitor_id", "event_id").unique(),
            "records": pl.DataFrame({"record": [_place(record) for record in records]}),
        },
        site_id=site.id,
        first=_instant(min(arrived, default=0)),
        last=_instant(max(arrived, default=0)),
    )
    latest = rows.sort("version").unique([*KEYS, "event_time"], keep="last", maintain_order=True)
    return latest.filter(~pl.col("is_deleted"))


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)


def _compare(decoded: pl.DataFrame, stored: pl.DataFrame, places: list[str]) -> Iterator[EventDifference]:
    expected = decoded.filter(pl.Series(winners(decoded), dtype=pl.Boolean))
    standing = {(row["visitor_id"], row["event_id"]): row for row in stored.iter_rows(named=True)}
    for row in expected.iter_rows(named=True):
        key = row["visitor_id"], row["event_id"]
        other = standing.pop(key, None)
        if other is None:
            yield ("event", *key, None, _named(row))
        elif other["raw_ref"] == row["raw_ref"]:
            names = [n for n, value in row.items() if n not in NO_CONTENT and value != other[n]]
            if names:
                yield ("event", *key, {n: other[n] for n in names}, {n: row[n] for n in names})
        elif _rank(other) > _rank(row):
            yield ("event", *key, _named(other), _named(row))
    for key, row in standing.items():  # nothing that was decoded is a copy of these
        if row["raw_ref"].rpartition(":")[0].rpartition(":")[0] in places:
            yield ("event", *key, _named(row), None)


def _rank(row: dict[str, object]) -> tuple[object, object]:
    return row["received_at"], row["event_time"]


def _named(row: dict[str, object]) -> dict[str, object]:
    return {name: row[name] for name in ("event_type", "event_time", "received_at", "raw_ref")}
