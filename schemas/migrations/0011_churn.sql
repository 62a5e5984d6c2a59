-- A fitted forecast of churn; reports make risks of its document and of what is known of people now.
CREATE TABLE IF NOT EXISTS churn_models (
    site_id LowCardinality(String),
    primary_event LowCardinality(String),
    horizon_days Int64,
    is_chosen Bool,
    as_of Date,
    document String CODEC(ZSTD(3)),
    version UInt64,
    is_deleted Bool
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (site_id, primary_event, as_of, horizon_days)
SETTINGS non_replicated_deduplication_window = 1000;

-- The risk of every person at the end of the day a forecast was fitted: their history, a year and a month long.
CREATE TABLE IF NOT EXISTS visitor_scores (
    site_id LowCardinality(String),
    person_id String CODEC(ZSTD(1)),
    primary_event LowCardinality(String),
    horizon_days Int64,
    as_of Date,
    model LowCardinality(String),
    risk Float64 CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    is_deleted Bool
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYYYYMM(as_of)
ORDER BY (site_id, primary_event, person_id, as_of, horizon_days)
TTL as_of + toIntervalDay(400)
SETTINGS non_replicated_deduplication_window = 1000;
