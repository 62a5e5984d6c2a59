-- For each cohort and number of periods after it: the people who were back and what they paid in that period.
-- 0 periods after it is the cohort itself. People are counted by person; a person has one value in a cohort.
-- Cohort -1 has those whose first start of all lies before the report, and nothing else.
SELECT
    c.value AS value,
    c.cohort AS cohort,
    cell.1 AS later_by,
    sum(cell.2) AS people,
    sum(cell.3) AS revenue
FROM (
    SELECT
        start.1 AS cohort,
        if(cohort < 0, '', start.2) AS value,
        arrayFilter(i -> i > cohort, b.returned) AS later,
        if(cohort < 0, [(toInt32(0), toUInt64(1), toDecimal128(0, 4))], arrayConcat(
            [(toInt32(0), toUInt64(1), toDecimal128(0, 4))],
            arrayMap(
                k -> (toInt32(k), toUInt64(1), toDecimal128(0, 4)),
                if(
                    {or_after:UInt8},
                    arrayMap(k -> toInt32(k), range(1, toUInt32(arrayMax(arrayPushBack(later, cohort)) - cohort) + 1)),
                    arrayMap(i -> toInt32(i - cohort), later)
                )
            ),
            arrayMap(
                p -> (toInt32(p.1 - cohort), toUInt64(0), toDecimal128(p.2, 4)),
                arrayFilter(p -> p.1 >= cohort, b.paid)
            )
        )) AS cells
    FROM /*people*/ 1 AS b
    ARRAY JOIN if({first:UInt8}, arraySlice(b.started, 1, 1), b.started) AS start
    WHERE start.1 >= 0 OR {first:UInt8}
) AS c
ARRAY JOIN c.cells AS cell
GROUP BY value, cohort, later_by
ORDER BY value, cohort, later_by
