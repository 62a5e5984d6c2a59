-- First and last event of each site. Without FINAL: a row that was replaced holds the same moments.
SELECT
    site_id,
    min(received_at) AS first_received,
    max(received_at) AS last_received,
    max(event_time) AS last_event
FROM events
WHERE NOT is_deleted AND (empty({ids:Array(String)}) OR has({ids:Array(String)}, site_id))
GROUP BY site_id
