SELECT greatest(
    (SELECT max(version) FROM events), (SELECT max(version) FROM sessions), (SELECT max(version) FROM failed_events)
) AS version
