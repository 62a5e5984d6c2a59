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

CREATE DICTIONARY IF NOT EXISTS person_of (site_id String, visitor_id String, person_id String)
PRIMARY KEY site_id, visitor_id
SOURCE(CLICKHOUSE(QUERY 'SELECT site_id, visitor_id, person_id FROM persons FINAL'))
LAYOUT(COMPLEX_KEY_HASHED())
LIFETIME(0);
