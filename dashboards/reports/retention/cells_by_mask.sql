-- The cells of cells.sql from the people of people_by_mask.sql: those with the same periods are taken together.
SELECT
    c.value AS value,
    c.cohort AS cohort,
    cell.1 AS later_by,
    sum(cell.2) AS people,
    sum(cell.3) AS revenue
FROM (
    SELECT
        start AS cohort,
        if(cohort < 0, '', b.value) AS value,
        arrayFilter(i -> i > cohort, arrayMap(bit -> toInt32(bit) - 1, bitPositionsToArray(b.returned))) AS later,
        if(cohort < 0, [(toInt32(0), b.people, toDecimal128(0, 4))], arrayConcat(
            [(toInt32(0), b.people, toDecimal128(0, 4))],
            arrayMap(
                k -> (toInt32(k), b.people, toDecimal128(0, 4)),
                if(
                    {or_after:UInt8},
                    arrayMap(k -> toInt32(k), range(1, toUInt32(arrayMax(arrayPushBack(later, cohort)) - cohort) + 1)),
                    arrayMap(i -> toInt32(i - cohort), later)
                )
            ),
            arrayMap(
                (at, amount) -> (toInt32(at - cohort), toUInt64(0), toDecimal128(amount, 4)),
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
            sumMap(arrayMap(p -> toInt32(p.1), paid), arrayMap(p -> toDecimal128(p.2, 4), paid)) AS paid
        FROM /*people*/ 1
        GROUP BY value, started, returned
    ) AS b
    ARRAY JOIN if({first:UInt8}, arraySlice(b.starts, 1, 1), b.starts) AS start
    WHERE start >= 0 OR {first:UInt8}
) AS c
ARRAY JOIN c.cells AS cell
GROUP BY value, cohort, later_by
ORDER BY value, cohort, later_by
