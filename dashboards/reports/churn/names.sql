-- The ids behind hashes of persons: of those joined out of several visitors, and of visitors who are one by themselves.
SELECT person, argMax(name, joined) AS person_id
FROM (
    SELECT sipHash64(person_id) AS person, person_id AS name, 1 AS joined
    FROM persons FINAL
    WHERE site_id = {site_id:String} AND sipHash64(person_id) IN {people:Array(UInt64)}
    UNION ALL
    SELECT vh AS person, visitor_id AS name, 0 AS joined
    FROM sessions
    WHERE site_id = {site_id:String} AND vh IN {people:Array(UInt64)}
)
GROUP BY person
