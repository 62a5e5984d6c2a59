-- Sessions as acts: each touches the periods from its start to its end.
SELECT
    s.vh AS vh,
    s.start AS start,
    s.`end` AS `end`,
    {start_active:UInt8} AS starts,
    {return_active:UInt8} AS returns,
    s.revenue AS revenue,
    /*place*/ 1 AS place,
    /*session_value*/ 1 AS value
FROM sessions AS s FINAL
WHERE s.site_id = {site_id:String}
    AND s.start >= {sessions_since:DateTime64(3, 'UTC')} - toIntervalDay(1)
    AND s.start <= {now:DateTime64(3, 'UTC')}
    AND (NOT s.is_bot OR {bots:UInt8})
    AND /*sessions*/ 1
