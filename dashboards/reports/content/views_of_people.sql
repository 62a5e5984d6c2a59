-- The views of views.sql with who made them.
SELECT v.path AS path, v.current AS current, v.viewed AS viewed, if(p.ph = 0, v.vh, p.ph) AS person
FROM /*views*/ 1 AS v
LEFT JOIN /*persons*/ 1 AS p ON p.vh = v.vh
