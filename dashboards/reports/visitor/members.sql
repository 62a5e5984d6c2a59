-- The visitors that are this person.
SELECT visitor_id
FROM persons FINAL
WHERE site_id = {site_id:String} AND person_id = {person_id:String}
ORDER BY visitor_id
