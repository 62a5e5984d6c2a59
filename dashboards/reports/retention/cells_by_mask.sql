-- The cells of cells.sql from the people of people_by_mask.sql: those with the same periods are taken together.
-- A cohort has the seconds waited of those whose first visit began it, by whether they are back.
SELECT
    c.value AS value,
    c.cohort AS cohort,
    cell.1 AS later_by,
    sum(cell.2) AS people,
    sum(cell.3) AS revenue,
    groupArrayArray(cell.4) AS back_s,
    groupArrayArray(cell.5) AS still_s
FROM (
    SELECT
        start AS cohort,
        if(cohort < 0, '', b.value) AS value,
        start = b.starts[1] AS is_first,
        [(
            toInt32(0), b.people, toDecimal128(0, 4),
            if(is_first, b.back_s, emptyArrayInt64()), if(is_first, b.still_s, emptyArrayInt64())
        )] AS own,
        arrayFilter(i -> i > cohort, arrayMap(bit -> toInt32(bit) - 1, bitPositionsToArray(b.returned))) AS later,
        if(cohort < 0, own, arrayConcat(
            own,
            arrayMap(
                k -> (toInt32(k), b.people, toDecimal128(0, 4), emptyArrayInt64(), emptyArrayInt64()),
                if(
                    {or_after:UInt8},
                    arrayMap(k -> toInt32(k), range(1, toUInt32(arrayMax(arrayPushBack(later, cohort)) - cohort) + 1)),
                    arrayMap(i -> toInt32(i - cohort), later)
                )
            ),
            arrayMap(
                (at, amount) -> (
                    toInt32(at - cohort), toUInt64(0), toDecimal128(amount, 4), emptyArrayInt64(), emptyArrayInt64()
                ),
                arrayFilter(at -> at >= cohort, b.paid.1),
                arrayFilter((amount, at) -> at >= cohort, b.paid.2, b.paid.1)
            )
        )) AS cells
    FROM (
        SELECT
            value,
            arrayMap(bit -> toInt32(bit) - 1, bitPositionsToArray(started)) AS starts,
            returned,
            count() AS people,
            sumMap(arrayMap(p -> toInt32(p.1) - 1, paid), arrayMap(p -> toDecimal128(p.2, 4), paid)) AS paid,
            groupArrayIf(waited_s, is_new AND is_back) AS back_s,
            groupArrayIf(waited_s, is_new AND NOT is_back) AS still_s
        FROM /*people*/ 1
        GROUP BY value, started, returned
    ) AS b
    ARRAY JOIN if({first:UInt8}, arraySlice(b.starts, 1, 1), b.starts) AS start
    WHERE start >= 0 OR {first:UInt8}
) AS c
ARRAY JOIN c.cells AS cell
GROUP BY value, cohort, later_by
ORDER BY value, cohort, later_by
