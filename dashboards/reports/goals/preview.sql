-- Human events of some days that meet a condition, and the people who made them.
-- The day is asked for beside the instant, for the index alone: only so does the engine use the sort key.
SELECT count() AS events, uniqExact(if(p.ph = 0, e.vh, p.ph)) AS people
FROM (
    SELECT e.vh AS vh
    FROM events AS e FINAL
    WHERE e.site_id = {site_id:String}
        AND e.event_time >= {since:DateTime64(3, 'UTC')}
        AND indexHint(toDate(e.event_time) >= toDate({since:DateTime64(3, 'UTC')}))
        AND e.event_time < {until:DateTime64(3, 'UTC')}
        AND NOT e.is_bot
        AND /*fits*/ 1
) AS e
LEFT JOIN /*persons*/ 1 AS p ON p.vh = e.vh
