-- Everybody with a session that starts in the period.
SELECT DISTINCT if(p.person_id = '', s.visitor_id, p.person_id) AS person_id
FROM sessions AS s FINAL
LEFT JOIN (
    SELECT sipHash64(visitor_id) AS vh, person_id
    FROM persons FINAL
    WHERE site_id = {site_id:String}
) AS p ON p.vh = s.vh
WHERE s.site_id = {site_id:String}
    AND s.start >= {since:DateTime64(3, 'UTC')}
    AND s.start < {until:DateTime64(3, 'UTC')}
    AND (NOT s.is_bot OR {bots:UInt8})
    AND /*sessions*/ 1
