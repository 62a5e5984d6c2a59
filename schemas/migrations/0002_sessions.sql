-- A tombstone carries the start of the session it removes: start is part of the sort key.
CREATE TABLE IF NOT EXISTS sessions (
    site_id LowCardinality(String),
    visitor_id String CODEC(ZSTD(1)),
    session_id String CODEC(ZSTD(1)),
    start DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `end` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    events Int64 CODEC(ZSTD(1)),
    page_views Int64 CODEC(ZSTD(1)),
    engaged_s Float64 CODEC(ZSTD(1)),
    entry_path String CODEC(ZSTD(1)),
    exit_path String CODEC(ZSTD(1)),
    host LowCardinality(String),
    channel LowCardinality(String),
    source LowCardinality(String),
    medium LowCardinality(String),
    campaign LowCardinality(String),
    channel_group LowCardinality(String),
    device_class LowCardinality(String),
    os LowCardinality(String),
    browser LowCardinality(String),
    country LowCardinality(String),
    orders Int64 CODEC(ZSTD(1)),
    revenue Decimal(18, 4) CODEC(ZSTD(1)),
    is_bounce Bool,
    is_engaged Bool,
    is_bot Bool,
    version UInt64 CODEC(ZSTD(1)),
    is_deleted Bool,
    vh UInt64 MATERIALIZED sipHash64(visitor_id)
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYYYYMM(start)
ORDER BY (site_id, vh, start, session_id)
SETTINGS non_replicated_deduplication_window = 1000;
