SELECT f.* FROM /*facts*/ 1 AS f ORDER BY f.person
