-- The newest row, also a deleted one, of every edge of the sites of `ids` (site_id, id), which is sent along.
SELECT site_id, id_a, id_b, since, source, unlinked_at, is_deleted
FROM identity_edges
WHERE site_id IN (SELECT site_id FROM ids)
ORDER BY version DESC
LIMIT 1 BY site_id, id_a, id_b
