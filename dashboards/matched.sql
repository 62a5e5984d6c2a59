-- The sessions whose time holds an event for every condition. An event belongs to the session of its visitor
-- that starts last before it, if that one has not ended. A session lasts at most a day.
-- The day is asked for beside the instant: only so does the engine use the sort key.
SELECT e.vh AS vh, k.start AS start
FROM (
    SELECT *, vh
    FROM events AS e FINAL
    WHERE e.site_id = {site_id:String}
        AND e.event_time >= {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
        AND toDate(e.event_time) >= toDate({since:DateTime64(3, 'UTC')} - toIntervalDay(1))
        AND e.event_time < {until:DateTime64(3, 'UTC')} + toIntervalDay(1)
        AND toDate(e.event_time) <= toDate({until:DateTime64(3, 'UTC')} + toIntervalDay(1))
        AND /*any*/ 1
) AS e
ASOF JOIN (
    SELECT vh, start, `end`
    FROM sessions FINAL
    WHERE site_id = {site_id:String}
        AND start >= {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
        AND start < {until:DateTime64(3, 'UTC')}
) AS k ON e.vh = k.vh AND e.event_time >= k.start
WHERE e.event_time <= k.`end`
GROUP BY e.vh, k.start
HAVING /*every*/ 1
