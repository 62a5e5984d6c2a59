-- Edges that touch one of `ids` (site_id, id), which is sent along.
SELECT site_id, id_a, id_b FROM identity_edges FINAL
WHERE (site_id, id_a) IN (SELECT site_id, id FROM ids) OR (site_id, id_b) IN (SELECT site_id, id FROM ids)
