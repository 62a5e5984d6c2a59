"""What a failed row needs to be tried again, and what becomes of a row that was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from clicktrail.output import to_json
from ingest.protocols import BY_NAME
from ingest.protocols.base import Decoded, Source
from ingest.protocols.failure import failed, failed_id, kept_envelope
from schemas.failed_event import FailedEvent, Reason, Stage

_HISTORY = ("reason", "detail", "rule_version")


def with_envelopes(failures: Iterable[FailedEvent], sources: Sequence[Source]) -> list[FailedEvent]:
    """The failures, each with the part of its request that was refused."""
    at_place = defaultdict[str, list[Source]](list)
    for source in sources:
        at_place[source.raw_ref].append(source)
    return [one if one.envelope else _with_envelope(one, at_place) for one in failures]


def _with_envelope(failure: FailedEvent, at_place: dict[str, list[Source]]) -> FailedEvent:
    place, _, number = failure.raw_ref.rpartition(":")
    parts = [source for source in at_place.get(place, ()) if source.first_part <= int(number)]
    if not parts:
        return failure
    source = max(parts, key=lambda source: source.first_part)
    protocol, part = BY_NAME.get(failure.protocol), int(number) - source.first_part
    if protocol is None:
        return replace(failure, envelope=kept_envelope(source.envelope))
    name = failure.failed_id
    if failure.stage == Stage.LOAD.value:  # its raw is the decoded event, which enrichments may change
        name = failed_id(failure.raw_ref, protocol.raw(source.envelope, part))
    return replace(failure, failed_id=name, envelope=kept_envelope(protocol.alone(source.envelope, part)))


def silent(decoded: Decoded, sources: Sequence[Source]) -> list[FailedEvent]:
    """Failures for requests of a replay of which nothing came: their rows must not go without a reason."""
    again = [source for source in sources if source.refused is not None]
    if not again:
        return []
    places = set[str](failure.raw_ref.rpartition(":")[0] for failure in decoded.failed)
    if "raw_ref" in decoded.events.columns:
        places.update(ref.rpartition(":")[0] for ref in decoded.events["raw_ref"].to_list())
    return [
        failed(one, 0, one.envelope.body, Stage.DECODE, Reason.EMPTY, "no event came of it")
        for one in again
        if one.raw_ref not in places
    ]


@dataclass(frozen=True)
class Settled:
    """What becomes of a replay's rows."""

    failed: Sequence[FailedEvent]  # rows that stand: new ones, and old ones that failed again
    gone: Sequence[FailedEvent]  # rows to remove


def settled(failures: Sequence[FailedEvent], sources: Sequence[Source], now: datetime) -> Settled:
    """Failures of a batch as rows; those that failed before count on and remember why they failed."""
    before = defaultdict[str, list[FailedEvent]](list)
    for source in sources:
        if source.refused is not None:
            before[source.refused.raw_ref].append(source.refused)
    if not before:
        return Settled(failures, ())
    rows = [_again(failure, before.get(failure.raw_ref, ()), now) for failure in failures]
    standing = {_key(row) for row in rows}
    old = {_key(row): row for some in before.values() for row in some}
    return Settled(rows, [row for key, row in old.items() if key not in standing])


def _key(row: FailedEvent) -> tuple[object, ...]:
    return row.site_id, row.received_at, row.failed_id


def _again(failure: FailedEvent, before: Sequence[FailedEvent], now: datetime) -> FailedEvent:
    if not before:
        return failure
    row = next((one for one in before if one.failed_id == failure.failed_id), before[0])
    history = row.history
    if any(getattr(row, name) != getattr(failure, name) for name in _HISTORY):
        earlier = {**{name: getattr(row, name) for name in _HISTORY}, "at": now}
        history = to_json([*msgspec.json.decode(history or "[]"), earlier])
    return replace(failure, received_at=row.received_at, attempts=row.attempts + 1, history=history)
