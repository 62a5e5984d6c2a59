-- The newest event of the site among those of the last days. Without FINAL: a row that was replaced holds the
-- same moment.
SELECT maxOrNull(received_at) AS last_received
FROM events
WHERE site_id = {site_id:String}
    AND event_time >= {recently:DateTime64(3, 'UTC')}
    AND indexHint(toDate(event_time) >= toDate({recently:DateTime64(3, 'UTC')}))
