-- Failed events of a period, and the newest event of the site whatever the period. Without FINAL: a row that
-- was replaced holds the same moment.
SELECT
    (
        SELECT count()
        FROM failed_events FINAL
        WHERE site_id = {site_id:String}
            AND received_at >= {since:DateTime64(3, 'UTC')}
            AND received_at < {until:DateTime64(3, 'UTC')}
    ) AS failed,
    (SELECT maxOrNull(received_at) FROM events WHERE site_id = {site_id:String}) AS last_received
