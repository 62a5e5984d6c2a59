-- The ids of people who are known by the hash of it: those who were joined, then visitors who are their own.
SELECT person_id
FROM persons FINAL
WHERE site_id = {site_id:String} AND sipHash64(person_id) IN (/*wanted*/ 1)
UNION DISTINCT
SELECT visitor_id AS person_id
FROM events
WHERE site_id = {site_id:String} AND vh IN (/*wanted*/ 1)
