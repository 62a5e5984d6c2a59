-- The id of every person under the hash of it.
SELECT
    if(p.person_id = '', s.vh, sipHash64(p.person_id)) AS person,
    any(if(p.person_id = '', s.name, p.person_id)) AS name
FROM (
    SELECT vh, any(visitor_id) AS name FROM sessions WHERE site_id = {site_id:String} GROUP BY vh
) AS s
LEFT JOIN (
    SELECT sipHash64(visitor_id) AS vh, person_id FROM persons FINAL WHERE site_id = {site_id:String}
) AS p ON p.vh = s.vh
GROUP BY person
