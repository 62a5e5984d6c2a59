-- The sessions of everybody who can be in play; those joined out of several visitors are looked at in any case.
s.vh IN (
    SELECT vh
    FROM sessions
    WHERE site_id = {site_id:String} AND start >= {until:DateTime64(3, 'UTC')} - toIntervalDay({within:Int32} + 1)
    UNION ALL
    SELECT sipHash64(visitor_id) FROM persons FINAL WHERE site_id = {site_id:String}
)
