-- How many people viewed the most viewed paths, in either of two periods.
SELECT
    v.path AS path,
    uniqExactIf(if(p.ph = 0, v.vh, p.ph), v.current) AS visitors,
    uniqExactIf(if(p.ph = 0, v.vh, p.ph), v.before) AS visitors_before
FROM /*happened*/ 1 AS v
LEFT JOIN /*persons*/ 1 AS p ON p.vh = v.vh
WHERE v.is_view AND v.counted
GROUP BY path
