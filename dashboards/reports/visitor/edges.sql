-- The newest row, also a deleted one, of every edge with an end among the ids of a person. Without FINAL, which
-- hides unlinked edges.
SELECT id_a, id_b, since, source, unlinked_at, is_deleted
FROM identity_edges
WHERE site_id = {site_id:String}
    AND (id_a IN {ids:Array(String)} OR id_b IN {ids:Array(String)})
ORDER BY version DESC
LIMIT 1 BY id_a, id_b
