-- Events of bots in the last 30 minutes; no other number of the report holds them.
SELECT count() AS events
FROM events AS e FINAL
WHERE e.site_id = {site_id:String}
    AND e.event_time >= {since:DateTime64(3, 'UTC')}
    AND indexHint(toDate(e.event_time) >= toDate({since:DateTime64(3, 'UTC')}))
    AND e.event_time <= {now:DateTime64(3, 'UTC')} + toIntervalMinute(5)
    AND indexHint(toDate(e.event_time) <= toDate({now:DateTime64(3, 'UTC')} + toIntervalMinute(5)))
    AND e.is_bot
