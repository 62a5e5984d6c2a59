-- Those of the time to return who have not come back.
SELECT b.person AS person
FROM /*first_visits*/ 1 AS b
WHERE NOT b.next > b.ended
