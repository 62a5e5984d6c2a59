-- People with a session in the period and a name that begins so.
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
    AND (
        startsWith(s.visitor_id, {name:String})
        OR startsWith(p.person_id, {name:String})
        OR startsWith(p.person_id, concat('user:', {name:String}))
    )
