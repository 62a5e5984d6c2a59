-- The steps by the value of a field at the first event of the attempt; values with few entries are left out.
SELECT
    value,
    count() AS entered,
    countIf(stopped = {last_step:UInt8}) AS converted,
    sumForEach(arrayMap(after -> toUInt64(after >= 0), after_ms)) AS counts
FROM /*units*/ 1 AS u
GROUP BY value
HAVING entered >= {least:UInt64}
ORDER BY entered DESC, value
