-- The units of the short form, and the exact ones for those whose events it cannot order.
SELECT unit, stopped, after_ms, toUInt8(in_progress) AS in_progress, value, began_ms, toUInt8(0) AS tied
FROM /*packed*/ 1
WHERE unit NOT IN {tied:Array(UInt64)}
UNION ALL
SELECT
    sipHash64(x.unit) AS unit, stopped, after_ms, toUInt8(in_progress) AS in_progress, value, began_ms,
    toUInt8(0) AS tied
FROM /*exact*/ 1 AS x
WHERE sipHash64(x.unit) IN {tied:Array(UInt64)}
