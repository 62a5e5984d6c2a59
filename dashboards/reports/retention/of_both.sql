SELECT * FROM /*of_sessions*/ 1
UNION ALL
SELECT * FROM /*of_events*/ 1
