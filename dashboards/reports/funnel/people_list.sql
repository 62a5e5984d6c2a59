-- So many of the people, and how many there are.
SELECT person_id, count() OVER () AS people
FROM /*people*/ 1
ORDER BY person_id
LIMIT {limit:UInt64}
