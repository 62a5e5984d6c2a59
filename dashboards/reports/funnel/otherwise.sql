-- How many of the units whose events the short form cannot order it brings elsewhere than the exact one.
SELECT count() AS units
FROM (
    SELECT unit, stopped, after_ms, in_progress, began_ms
    FROM /*packed*/ 1
    EXCEPT
    SELECT sipHash64(x.unit) AS unit, stopped, after_ms, in_progress, began_ms
    FROM /*exact*/ 1 AS x
)
