-- The ten most viewed paths of either of two periods, how often and by how many people. They are found first:
-- people are counted for them alone.
SELECT
    v.path AS path,
    countIf(v.current) AS views,
    countIf(NOT v.current) AS views_before,
    uniqExactIf(if(p.ph = 0, v.vh, p.ph), v.current) AS visitors,
    uniqExactIf(if(p.ph = 0, v.vh, p.ph), NOT v.current) AS visitors_before,
    row_number() OVER (ORDER BY views DESC, path) AS place
FROM /*happened*/ 1 AS v
LEFT JOIN (
    SELECT sipHash64(visitor_id) AS vh, sipHash64(person_id) AS ph
    FROM persons FINAL
    WHERE site_id = {site_id:String}
) AS p ON p.vh = v.vh
WHERE v.is_view
    AND v.counted
    AND v.path IN (
        SELECT path
        FROM (
            SELECT
                path,
                row_number() OVER (ORDER BY countIf(current) DESC, path) AS place,
                row_number() OVER (ORDER BY countIf(NOT current) DESC, path) AS place_before
            FROM /*happened*/ 1
            WHERE is_view AND counted
            GROUP BY path
            QUALIFY place <= 10 OR place_before <= 10
        )
    )
GROUP BY path
ORDER BY place
