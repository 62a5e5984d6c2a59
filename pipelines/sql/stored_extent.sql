SELECT site_id, min(event_time) AS first, max(event_time) AS last FROM events GROUP BY site_id
