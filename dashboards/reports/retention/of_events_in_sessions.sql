-- The same as of_events.sql for the events that lie in a kept session. An event belongs to the session of its
-- visitor that starts last before it, if that one has not ended.
SELECT
    e.vh AS vh,
    e.event_time AS start,
    e.event_time AS `end`,
    /*starts*/ 1 AS starts,
    /*returns*/ 1 AS returns,
    toDecimal64(0, 4) AS revenue,
    /*place*/ 1 AS place,
    /*event_value*/ 1 AS value
FROM (
    SELECT *, vh
    FROM events AS e FINAL
    WHERE e.site_id = {site_id:String}
        AND e.event_time >= {events_since:DateTime64(3, 'UTC')}
        AND toDate(e.event_time) >= toDate({events_since:DateTime64(3, 'UTC')})
        AND e.event_time < {ends:DateTime64(3, 'UTC')}
        AND toDate(e.event_time) <= toDate({ends:DateTime64(3, 'UTC')})
        AND (NOT e.is_bot OR {bots:UInt8})
        AND (/*starts*/ 1 OR /*returns*/ 1)
) AS e
ASOF JOIN (
    SELECT s.vh AS vh, s.start AS start, s.`end` AS `end`
    FROM sessions AS s FINAL
    WHERE s.site_id = {site_id:String}
        AND s.start >= {events_since:DateTime64(3, 'UTC')} - toIntervalDay(1)
        AND s.start < {ends:DateTime64(3, 'UTC')}
        AND (NOT s.is_bot OR {bots:UInt8})
        AND /*sessions*/ 1
) AS k ON e.vh = k.vh AND e.event_time >= k.start
WHERE e.event_time <= k.`end`
