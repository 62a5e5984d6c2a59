SELECT max(newest) AS version
FROM (
    SELECT max(version) AS newest FROM events
    UNION ALL SELECT max(version) FROM sessions
    UNION ALL SELECT max(version) FROM failed_events
    UNION ALL SELECT max(version) FROM identity_edges
    UNION ALL SELECT max(version) FROM persons
)
