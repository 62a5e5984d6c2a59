vh IN (
    SELECT arrayJoin({tied:Array(UInt64)}) AS vh
    UNION DISTINCT
    SELECT sipHash64(visitor_id) AS vh
    FROM persons FINAL
    WHERE site_id = {site_id:String} AND {unit:String} = 'person' AND sipHash64(person_id) IN {tied:Array(UInt64)}
    UNION DISTINCT
    SELECT s.vh AS vh
    FROM sessions AS s FINAL
    WHERE s.site_id = {site_id:String}
        AND {unit:String} = 'session'
        AND s.start >= {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
        AND s.start < {until:DateTime64(3, 'UTC')}
        AND sipHash64(s.session_id) IN {tied:Array(UInt64)}
)
