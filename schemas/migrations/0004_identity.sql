CREATE TABLE IF NOT EXISTS identity_edges (
    site_id LowCardinality(String),
    id_a String,
    id_b String,
    since DateTime64(3, 'UTC'),
    source LowCardinality(String),
    version UInt64,
    is_deleted Bool
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (site_id, id_a, id_b)
SETTINGS non_replicated_deduplication_window = 1000;

-- Only visitors that are joined to others stand here; everyone else is a person by himself.
CREATE TABLE IF NOT EXISTS persons (
    site_id LowCardinality(String),
    visitor_id String,
    person_id String,
    version UInt64,
    is_deleted Bool
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (site_id, visitor_id)
SETTINGS non_replicated_deduplication_window = 1000;
