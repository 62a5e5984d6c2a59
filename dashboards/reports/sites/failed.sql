-- Failed events of the last 24 hours by site and reason.
SELECT
    site_id,
    reason,
    count() AS failed,
    argMax(detail, (received_at, failed_id)) AS newest_detail,
    max(received_at) AS last
FROM failed_events FINAL
WHERE received_at >= {day_ago:DateTime64(3, 'UTC')}
    AND site_id != ''
    AND (empty({ids:Array(String)}) OR has({ids:Array(String)}, site_id))
GROUP BY site_id, reason
ORDER BY site_id, failed DESC, reason
