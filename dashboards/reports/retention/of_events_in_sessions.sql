-- The acts of of_events.sql that lie in a kept session. An event belongs to the session of its visitor that
-- starts last before it, if that one has not ended.
SELECT e.*
FROM (/*of_events*/ 1) AS e
ASOF JOIN (
    SELECT s.vh AS vh, s.start AS start, s.`end` AS `end`
    FROM sessions AS s FINAL
    WHERE s.site_id = {site_id:String}
        AND s.start >= {events_since:DateTime64(3, 'UTC')} - toIntervalDay(1)
        AND s.start < {ends:DateTime64(3, 'UTC')}
        AND (NOT s.is_bot OR {bots:UInt8})
        AND /*sessions*/ 1
) AS k ON e.vh = k.vh AND e.start >= k.start
WHERE e.start <= k.`end`
