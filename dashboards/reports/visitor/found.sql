-- The people that have one of these names: as a visitor, a person or a user.
SELECT DISTINCT b.person_id AS person_id
FROM (
    SELECT person_id
    FROM persons FINAL
    WHERE site_id = {site_id:String}
        AND (visitor_id IN {names:Array(String)} OR person_id IN {names:Array(String)})
    UNION ALL
    SELECT a.visitor_id AS person_id
    FROM (
        SELECT DISTINCT visitor_id
        FROM sessions
        WHERE site_id = {site_id:String}
            AND vh IN (SELECT sipHash64(arrayJoin({names:Array(String)})))
            AND visitor_id IN {names:Array(String)}
        UNION DISTINCT
        SELECT DISTINCT visitor_id
        FROM events
        WHERE site_id = {site_id:String}
            AND vh IN (SELECT sipHash64(arrayJoin({names:Array(String)})))
            AND visitor_id IN {names:Array(String)}
    ) AS a
    WHERE a.visitor_id NOT IN (
        SELECT visitor_id
        FROM persons FINAL
        WHERE site_id = {site_id:String} AND visitor_id IN {names:Array(String)}
    )
) AS b
ORDER BY person_id
