CREATE TABLE IF NOT EXISTS failed_events (
    site_id LowCardinality(String),
    failed_id String CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    stage LowCardinality(String),
    reason LowCardinality(String),
    protocol LowCardinality(String),
    detail String CODEC(ZSTD(1)),
    raw String CODEC(ZSTD(1)),
    raw_ref String CODEC(ZSTD(1)),
    rule_version LowCardinality(String),
    attempts UInt32 DEFAULT 1,
    version UInt64,
    is_deleted Bool
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYYYYMM(received_at)
ORDER BY (site_id, received_at, failed_id)
SETTINGS non_replicated_deduplication_window = 1000;
