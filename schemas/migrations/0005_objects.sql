-- Sites, and later goals, segments, audiences, saved views, annotations, users and links.
CREATE TABLE IF NOT EXISTS objects (
    kind LowCardinality(String),
    id String,
    document String CODEC(ZSTD(1)),
    version UInt64,
    is_deleted Bool
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (kind, id);
