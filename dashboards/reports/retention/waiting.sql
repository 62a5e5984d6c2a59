-- Those of the time to return who have not come back.
SELECT b.person AS person
FROM /*visits*/ 1 AS b
WHERE b.is_new AND NOT b.is_back
