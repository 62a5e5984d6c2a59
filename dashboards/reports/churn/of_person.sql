-- The sessions of some persons only: those of the visitors that they are.
s.vh IN (
    SELECT arrayJoin({asked_people:Array(UInt64)})
    UNION ALL
    SELECT sipHash64(visitor_id)
    FROM persons FINAL
    WHERE site_id = {site_id:String} AND sipHash64(person_id) IN {asked_people:Array(UInt64)}
)
