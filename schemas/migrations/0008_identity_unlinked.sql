-- Until when nothing that is said of a pair counts: somebody has unlinked it. The edge itself is deleted then,
-- until a later statement makes it stand again.
ALTER TABLE identity_edges
    ADD COLUMN IF NOT EXISTS unlinked_at Nullable(DateTime64(3, 'UTC')) AFTER source;
