"""From requests to events: each protocol's own decoding, then the steps that are the same for all.

Pure: the same requests and sites give the same events. A step takes the events and returns them with what
it adds; rows it refuses carry a reason and leave as failed events with their original bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import polars as pl

from ingest.identity import put_visitor
from ingest.protocols import BY_NAME
from ingest.protocols.base import Decoded, Source
from ingest.protocols.failure import failed
from ingest.protocols.instants import LATEST_MS
from ingest.sites import SiteIndex
from schemas.arrow import INSTANT, defaults, schema
from schemas.event import CHANNELS, EVENT_TYPES, Event
from schemas.failed_event import FailedEvent, Reason, Stage

IMPORT = "IMPORT"
AHEAD_MS = 5 * 60 * 1000
"""An event later than its arrival by more than this has a wrong clock."""
MONEY_LIMIT = 10**10
_MOST = {"engaged_ms": 86_400_000, "scroll_pct": 100}
REFUSED = "_refused"
FOR_ENRICHMENTS = ("_webdriver",)
Step = Callable[[pl.DataFrame, SiteIndex], pl.DataFrame]


def decode(sources: Sequence[Source], sites: SiteIndex) -> Decoded:
    """Events of the requests, columns of Event that are not all default; and what failed."""
    frames, failures = [_NOTHING], list[FailedEvent]()
    for name in dict.fromkeys(source.envelope.protocol for source in sources):
        at = [number for number, source in enumerate(sources) if source.envelope.protocol == name]
        decoded = _decode_protocol(name, [sources[number] for number in at])
        failures += decoded.failed
        where = pl.Series(at, dtype=pl.UInt32).gather(decoded.events["_source"])
        frames.append(decoded.events.with_columns(where.alias("_source"), protocol=pl.lit(name)))
    events = pl.concat(frames, how="diagonal_relaxed")
    if events.is_empty():
        return Decoded(
            _NOTHING.select(pl.lit(None, t).alias(n) for n, t in _ALWAYS.items()).clear(), failures
        )
    events = _with_envelopes(events, sources)
    for step in STEPS:
        events = step(events, sites)
        refused = events.filter(pl.col(REFUSED).is_not_null())
        failures += _failures(refused, sources)
        events = events.filter(pl.col(REFUSED).is_null())
    return Decoded(_finished(events, sources), failures)


def _decode_protocol(name: str, sources: Sequence[Source]) -> Decoded:
    protocol = BY_NAME.get(name)
    if protocol is not None:
        return protocol.decode(sources)
    reason, detail = Reason.UNSUPPORTED, f"no decoder for {name!r}"
    refused = [failed(s, 0, s.envelope.body, Stage.DECODE, reason, detail) for s in sources]
    return Decoded(_NOTHING, refused)


def _with_envelopes(events: pl.DataFrame, sources: Sequence[Source]) -> pl.DataFrame:
    """What the envelope says, beside each of its events; absent columns the steps read, as nulls."""
    headers = [dict(source.envelope.headers) for source in sources]
    envelopes = [source.envelope for source in sources]
    beside = pl.DataFrame(
        {
            "_import": [e.method == IMPORT for e in envelopes],
            "_fixed": [e.method == IMPORT or (e.trusted and e.site_key != "") for e in envelopes],
            "_key": [e.site_key for e in envelopes],
            "_arrived": [e.received_at for e in envelopes],
            "_hash": [e.client_hash for e in envelopes],
            "_cookie": [e.cookie_id for e in envelopes],
            "_subscriber": [e.subscriber for e in envelopes],
            "_agent": [h.get("user-agent", "") for h in headers],
            "_language": [h.get("accept-language", "").split(",")[0].split(";")[0] for h in headers],
            "_gpc": [h.get("sec-gpc") == "1" for h in headers],
            "_origin": [h.get("origin", "") for h in headers],
        },
        schema_overrides={"_arrived": pl.Int64},
    ).with_columns(pl.col("_arrived").cast(INSTANT))
    beside = beside.select(pl.all().gather(events["_source"]))
    absent = [pl.lit(None, dtype).alias(n) for n, dtype in _READ.items() if n not in events.columns]
    return events.with_columns(*beside.get_columns(), *absent, pl.lit(None, pl.String).alias(REFUSED))


def put_site(events: pl.DataFrame, sites: SiteIndex) -> pl.DataFrame:
    """The site of the key: what the event says, else what the request says.

    The site of an import or of a secret is fixed: nobody may write as trusted to another site.
    """
    silent = pl.col("site_key").fill_null("") == ""
    said = pl.when(pl.col("_fixed") | silent).then("_key").otherwise("site_key")
    events = events.with_columns(said.alias("site_key"))
    keys = events.select("protocol", "site_key", "_origin").unique()
    found = [_site_of(sites, *row) for row in keys.iter_rows()]
    if len(found) == 1:
        site, why = found[0]
        return events.with_columns(pl.lit(site).alias("site_id"), pl.lit(why, pl.String).alias(REFUSED))
    keys = keys.with_columns(
        pl.Series("site_id", [site for site, _ in found], pl.String),
        pl.Series("_why", [why for _, why in found], pl.String),
    )
    joined = events.join(keys, on=["protocol", "site_key", "_origin"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("_why").alias(REFUSED)).drop("_why")


def _site_of(sites: SiteIndex, protocol: str, key: str, origin: str) -> tuple[str, str | None]:
    site = sites.find(protocol, key)
    if site is None:
        return key, _why(Reason.UNKNOWN_SITE, f"no site {key[:200]!r}")
    if origin and site.origins and origin not in site.origins:
        return site.id, _why(Reason.ORIGIN, f"origin {origin[:200]!r} is none of the site's")
    return site.id, None


def put_type(events: pl.DataFrame, _sites: SiteIndex) -> pl.DataFrame:
    """A word that is no type is the name of a custom event; neither type nor name is refused."""
    given, name = pl.col("event_type").fill_null(""), pl.col("event_name").fill_null("")
    known = given.is_in(EVENT_TYPES)
    return events.with_columns(
        event_type=pl.when(known).then(given).otherwise(pl.lit("custom")),
        event_name=pl.when(~known & (given != "") & (name == "")).then(given).otherwise(name),
        channel=pl.when(pl.col("channel").is_in(CHANNELS)).then("channel").otherwise(_channels()),
        **{
            REFUSED: _refuse(
                (given == "") & (name == ""), Reason.NO_TYPE, "neither event_type nor event_name"
            )
        },
    )


def _channels() -> pl.Expr:
    return pl.col("protocol").replace({name: protocol.channel for name, protocol in BY_NAME.items()})


def put_time(events: pl.DataFrame, _sites: SiteIndex) -> pl.DataFrame:
    """When it arrived and when it happened, by our clock; how well that is known in time_quality."""
    true, device, sent = pl.col("true_time"), pl.col("device_time"), pl.col("sent_at")
    arrived = pl.col("received_at").fill_null(
        pl.when("_import").then(pl.coalesce(true, device, "_arrived")).otherwise("_arrived")
    )
    events = events.with_columns(received_at=arrived)
    arrived = pl.col("received_at")
    guess = pl.coalesce(true, arrived - (sent - device), device)
    latest = arrived.cast(pl.Int64) + AHEAD_MS
    plausible = guess.cast(pl.Int64).is_between(0, pl.min_horizontal(latest, pl.lit(LATEST_MS - 1)))
    how = pl.when(true.is_not_null()).then(pl.lit("true")).when(sent.is_not_null()).then(pl.lit("corrected"))
    bad = pl.col("_bad_time").fill_null(False)
    return events.with_columns(
        event_time=pl.when(plausible).then(guess).otherwise(arrived),
        time_quality=pl.when(plausible).then(how.otherwise(pl.lit("device"))).otherwise(pl.lit("received")),
        **{REFUSED: _refuse(bad, Reason.BAD_TIME, "event_time or received_at is no time from 1970 to 2149")},
    )


def put_limits(events: pl.DataFrame, _sites: SiteIndex) -> pl.DataFrame:
    """Amounts whose sum over a session of 10,000 events fits the tables; larger money is refused."""
    names = [name for name in ("engaged_ms", "scroll_pct") if name in events.columns]
    clipped = [pl.col(name).clip(0, _MOST[name]) for name in names]
    if "revenue" not in events.columns:
        return events.with_columns(clipped)
    much = pl.col("revenue").abs() >= MONEY_LIMIT
    return events.with_columns(
        *clipped, **{REFUSED: _refuse(much, Reason.TOO_LARGE, f"revenue: {MONEY_LIMIT:,} or more")}
    )


def put_headers(events: pl.DataFrame, _sites: SiteIndex) -> pl.DataFrame:
    """What the event does not say itself comes from the headers of its request."""
    agent, language = pl.col("user_agent").fill_null(""), pl.col("language").fill_null("")
    return events.with_columns(
        user_agent=pl.when(agent == "").then("_agent").otherwise(agent),
        language=pl.when(language == "").then("_language").otherwise(language),
        gpc=pl.col("gpc").fill_null(False) | pl.col("_gpc"),
    )


STEPS: tuple[Step, ...] = (put_site, put_type, put_time, put_limits, put_visitor, put_headers)
"""In this order; each may refuse rows."""


def _refuse(condition: pl.Expr, reason: Reason, detail: str) -> pl.Expr:
    return pl.when(condition).then(pl.lit(_why(reason, detail)))


def _why(reason: Reason, detail: str) -> str:
    return f"{reason.value} {detail}"


def _failures(refused: pl.DataFrame, sources: Sequence[Source]) -> Iterator[FailedEvent]:
    for number, part, why, site in refused.select("_source", "_part", REFUSED, "site_id").iter_rows():
        source, (reason, _, detail) = sources[number], why.partition(" ")
        raw = BY_NAME[source.envelope.protocol].raw(source.envelope, part)
        yield failed(source, part, raw, Stage.SCHEMA, Reason(reason), detail, site)


def _finished(events: pl.DataFrame, sources: Sequence[Source]) -> pl.DataFrame:
    """Columns of Event without nulls; those of the steps go, but for what enrichments read."""
    places = pl.Series([source.raw_ref for source in sources], dtype=pl.String).gather(events["_source"])
    first = pl.Series([source.first_part for source in sources], dtype=pl.UInt32).gather(events["_source"])
    events = events.with_columns(raw_ref=pl.concat_str(places, pl.lit(":"), pl.col("_part") + first))
    wanted, default = schema(Event), defaults(Event)
    filled = [
        pl.col(name).cast(wanted[name]).fill_null(default.get(name))
        if default.get(name) is not None
        else name
        for name in events.columns
        if name in wanted
    ]
    kept = [name for name in FOR_ENRICHMENTS if name in events.columns]
    return events.select(*filled, *kept)


_NOTHING = pl.DataFrame(schema={"_source": pl.UInt32, "_part": pl.UInt32})
_ALWAYS = {
    name: schema(Event)[name] for name in ("site_id", "event_id", "event_type", "protocol", "received_at")
}
_ALWAYS |= {name: schema(Event)[name] for name in ("event_time", "visitor_id")}
_READ = {
    **dict.fromkeys(
        ("site_key", "event_type", "event_name", "channel", "user_agent", "language"), pl.String()
    ),
    **dict.fromkeys(("visitor_id", "anonymous_id", "user_id", "id_quality", "consent"), pl.String()),
    **dict.fromkeys(("true_time", "device_time", "sent_at", "received_at"), INSTANT),
    **dict.fromkeys(("_bad_time", "gpc"), pl.Boolean()),
    "_client_hash": pl.String(),
}
"""Columns the steps read, which a protocol may leave out."""
