-- Failed events received in a period.
SELECT count() AS failed
FROM failed_events FINAL
WHERE site_id = {site_id:String}
    AND received_at >= {since:DateTime64(3, 'UTC')}
    AND received_at < {until:DateTime64(3, 'UTC')}
