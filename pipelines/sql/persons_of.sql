-- What stands in persons of `ids` (site_id, id), which is sent along.
SELECT site_id, visitor_id, person_id FROM persons FINAL
WHERE (site_id, visitor_id) IN (SELECT site_id, id FROM ids)
