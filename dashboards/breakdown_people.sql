-- The people of the human sessions of a period whose field has one value, or of those that hold the goal.
SELECT DISTINCT if(p.person_id = '', s.visitor_id, p.person_id) AS person_id
FROM sessions AS s FINAL
LEFT JOIN (
    SELECT visitor_id, person_id
    FROM persons FINAL
    WHERE site_id = {site_id:String}
) AS p ON p.visitor_id = s.visitor_id
WHERE s.site_id = {site_id:String}
    AND s.start >= {middle:DateTime64(3, 'UTC')}
    AND s.start < {until:DateTime64(3, 'UTC')}
    AND (NOT s.is_bot OR {bots:UInt8})
    AND /*value*/ 1 = {value:String}
    AND (/*goal*/ 1 OR NOT {won:UInt8})
    AND /*sessions*/ 1
