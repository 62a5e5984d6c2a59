SELECT greatest((SELECT max(version) FROM events), (SELECT max(version) FROM sessions)) AS version
