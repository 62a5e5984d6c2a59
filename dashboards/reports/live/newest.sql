-- The events received last, of the last 30 minutes.
SELECT
    event_id, event_time, received_at, visitor_id, event_type, event_name, path, title, source, medium,
    device_class, channel, country, target, search_term, value, order_id, revenue, currency
FROM events FINAL
WHERE site_id = {site_id:String}
    AND event_time >= {since:DateTime64(3, 'UTC')}
    AND indexHint(toDate(event_time) >= toDate({since:DateTime64(3, 'UTC')}))
    AND event_time <= {now:DateTime64(3, 'UTC')} + toIntervalMinute(5)
    AND indexHint(toDate(event_time) <= toDate({now:DateTime64(3, 'UTC')} + toIntervalMinute(5)))
    AND NOT is_bot
ORDER BY received_at DESC, event_time DESC, event_id
LIMIT 50
