-- The risk of everybody in play under their names.
INSERT INTO visitor_scores (site_id, person_id, primary_event, horizon_days, as_of, model, risk, version)
SELECT {site_id:String}, n.name, {primary:String}, {horizon_days:Int64}, {as_of:Date}, {model:String}, f.risk, {version:UInt64}
FROM /*facts*/ 1 AS f
JOIN (
    SELECT if(p.person_id = '', s.vh, sipHash64(p.person_id)) AS person, any(if(p.person_id = '', s.name, p.person_id)) AS name
    FROM (
        SELECT vh, any(visitor_id) AS name FROM sessions WHERE site_id = {site_id:String} GROUP BY vh
    ) AS s
    LEFT JOIN (
        SELECT sipHash64(visitor_id) AS vh, person_id FROM persons FINAL WHERE site_id = {site_id:String}
    ) AS p ON p.vh = s.vh
    GROUP BY person
) AS n ON n.person = f.person
