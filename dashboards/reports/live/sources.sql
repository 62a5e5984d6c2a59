-- Where the sessions that are going on came from: events of the last 30 minutes with the source of their session.
SELECT
    k.source AS source,
    k.medium AS medium,
    uniqExact(if(p.ph = 0, e.vh, p.ph)) AS visitors,
    count() AS events
FROM (
    SELECT vh, event_time
    FROM events FINAL
    WHERE site_id = {site_id:String}
        AND event_time >= {since:DateTime64(3, 'UTC')}
        AND indexHint(toDate(event_time) >= toDate({since:DateTime64(3, 'UTC')}))
        AND event_time <= {now:DateTime64(3, 'UTC')} + toIntervalMinute(5)
        AND indexHint(toDate(event_time) <= toDate({now:DateTime64(3, 'UTC')} + toIntervalMinute(5)))
        AND NOT is_bot
) AS e
ASOF JOIN (
    SELECT vh, start, `end`, source, medium
    FROM sessions FINAL
    WHERE site_id = {site_id:String}
        AND start >= {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
        AND start <= {now:DateTime64(3, 'UTC')} + toIntervalMinute(5)
        AND `end` >= {since:DateTime64(3, 'UTC')}
        AND NOT is_bot
        AND vh IN (
            SELECT vh
            FROM events
            WHERE site_id = {site_id:String}
                AND event_time >= {since:DateTime64(3, 'UTC')}
                AND indexHint(toDate(event_time) >= toDate({since:DateTime64(3, 'UTC')}))
                AND event_time <= {now:DateTime64(3, 'UTC')} + toIntervalMinute(5)
                AND indexHint(toDate(event_time) <= toDate({now:DateTime64(3, 'UTC')} + toIntervalMinute(5)))
        )
) AS k ON e.vh = k.vh AND e.event_time >= k.start
LEFT JOIN /*persons*/ 1 AS p ON p.vh = e.vh
WHERE e.event_time <= k.`end`
GROUP BY source, medium
ORDER BY visitors DESC, events DESC, source, medium
LIMIT 10
