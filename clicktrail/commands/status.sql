SELECT
    (SELECT count() FROM events FINAL) AS events,
    (SELECT count() FROM sessions FINAL) AS sessions,
    (SELECT maxOrNull(event_time) FROM events FINAL) AS last_event
