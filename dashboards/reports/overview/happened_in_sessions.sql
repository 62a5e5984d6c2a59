-- The same as happened.sql for the events that lie in a kept session, whichever day it started. An event belongs
-- to the session of its visitor that starts last before it, if that one has not ended.
SELECT
    e.vh AS vh,
    e.path AS path,
    e.event_time >= {middle:DateTime64(3, 'UTC')} AS current,
    NOT current AS before,
    e.event_type IN ('page_view', 'screen_view') AS is_view,
    e.is_bot AS is_bot,
    (NOT e.is_bot AND NOT k.is_bot) OR {bots:UInt8} AS counted
FROM (
    SELECT vh, event_time, event_type, path, is_bot
    FROM events FINAL
    WHERE site_id = {site_id:String}
        AND event_time >= {since:DateTime64(3, 'UTC')}
        AND indexHint(toDate(event_time) >= toDate({since:DateTime64(3, 'UTC')}))
        AND event_time < {until:DateTime64(3, 'UTC')}
        AND indexHint(toDate(event_time) <= toDate({until:DateTime64(3, 'UTC')}))
        AND (event_time >= {middle:DateTime64(3, 'UTC')} OR event_time < {cut:DateTime64(3, 'UTC')})
        AND /*paths*/ 1
) AS e
ASOF JOIN (
    SELECT s.vh AS vh, s.start AS start, s.`end` AS `end`, s.is_bot AS is_bot
    FROM sessions AS s FINAL
    WHERE s.site_id = {site_id:String}
        AND s.start >= {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
        AND s.start < {until:DateTime64(3, 'UTC')}
        AND /*sessions*/ 1
) AS k ON e.vh = k.vh AND e.event_time >= k.start
WHERE e.event_time <= k.`end`
