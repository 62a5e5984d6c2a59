ALTER TABLE failed_events
    ADD COLUMN IF NOT EXISTS envelope String CODEC(ZSTD(1)) AFTER raw_ref,
    ADD COLUMN IF NOT EXISTS history String CODEC(ZSTD(1)) AFTER envelope;
