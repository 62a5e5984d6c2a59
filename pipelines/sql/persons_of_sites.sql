-- What stands in persons of the sites of `ids` (site_id, id), which is sent along.
SELECT site_id, visitor_id, person_id FROM persons FINAL
WHERE site_id IN (SELECT site_id FROM ids)
