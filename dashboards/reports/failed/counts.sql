-- Failed events received in the period, by hour or day of the site's zone, reason and stage: those of the site,
-- and those that name no site that is known.
SELECT
    formatDateTime(received_at, {bucket:String}, {zone:String}) AS at,
    toString(reason) AS reason,
    toString(stage) AS stage,
    count() AS failed,
    max(received_at) AS last
FROM failed_events FINAL
WHERE received_at >= {since:DateTime64(3, 'UTC')}
    AND received_at < {until:DateTime64(3, 'UTC')}
    AND (has({mine:Array(String)}, site_id) OR NOT has({known:Array(String)}, site_id))
GROUP BY at, reason, stage
ORDER BY at, reason, stage
