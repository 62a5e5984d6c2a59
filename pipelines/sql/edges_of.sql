-- The newest row, also a deleted one, of every edge with an end among `ids` (site_id, id), which is sent along.
-- No FINAL: it would merge the whole table and hide unlinked edges.
SELECT site_id, id_a, id_b, since, source, unlinked_at, is_deleted
FROM identity_edges
WHERE (site_id, id_a) IN (SELECT site_id, id FROM ids) OR (site_id, id_b) IN (SELECT site_id, id FROM ids)
ORDER BY version DESC
LIMIT 1 BY site_id, id_a, id_b
