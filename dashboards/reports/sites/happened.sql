-- Events of the last 24 hours by event_time, bots included.
SELECT site_id, count() AS events
FROM events FINAL
WHERE event_time >= {day_ago:DateTime64(3, 'UTC')}
    AND indexHint(toDate(event_time) >= toDate({day_ago:DateTime64(3, 'UTC')}))
    AND (empty({ids:Array(String)}) OR has({ids:Array(String)}, site_id))
GROUP BY site_id
