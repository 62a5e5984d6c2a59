-- For each cohort and number of periods after it: the people who were back and what they paid in that period.
-- 0 periods after it is the cohort itself. People are counted by person; a person has one value in a cohort.
SELECT
    c.value AS value,
    c.cohort AS cohort,
    cell.1 AS later_by,
    sum(cell.2) AS people,
    sum(cell.3) AS revenue
FROM (
    SELECT
        start.1 AS cohort,
        start.2 AS value,
        arrayFilter(i -> i > cohort, b.returned) AS later,
        arrayConcat(
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
        ) AS cells
    FROM (
        SELECT
            a.person AS person,
            arraySort(groupArrayIf((a.period, a.value), a.starts)) AS started,
            groupArrayIf(a.period, a.returns) AS returned,
            groupArrayIf((a.period, a.revenue), a.revenue != 0) AS paid
        FROM (
            SELECT
                if(p.ph = 0, t.vh, p.ph) AS person,
                toInt32(touched) AS period,
                max(t.starts) > 0 AS starts,
                max(t.returns) > 0 AS returns,
                sumIf(t.revenue, touched = t.touches[1]) AS revenue,
                argMinIf(t.value, t.place, t.starts) AS value
            FROM (
                SELECT
                    vh, starts, returns, revenue, place, value,
                    -- The first and the last period, numbered from the first of the report; -1 is all before it.
                    arrayMap(
                        at -> greatest(-1, least({periods:Int32} - 1, multiIf(
                            {unit:String} = 'day', toInt32(toDate32(at, {zone:String})),
                            {unit:String} = 'week', intDiv(toInt32(toDate32(at, {zone:String})) + 3, 7),
                            toYear(at, {zone:String}) * 12 + toMonth(at, {zone:String}) - 1
                        ) - {base:Int32})),
                        [start, `end`]
                    ) AS touches
                FROM (
                    SELECT * FROM /*of_sessions*/ 1
                    UNION ALL
                    SELECT * FROM /*of_events*/ 1
                )
            ) AS t
            ARRAY JOIN range(t.touches[1], t.touches[2] + 1) AS touched
            LEFT JOIN (
                SELECT sipHash64(visitor_id) AS vh, sipHash64(person_id) AS ph
                FROM persons FINAL
                WHERE site_id = {site_id:String}
            ) AS p ON p.vh = t.vh
            -- Without FINAL: an id is made daily or it is not, so a row that was replaced says the same.
            WHERE t.vh NOT IN (
                SELECT vh
                FROM events
                WHERE site_id = {site_id:String}
                    AND id_quality = 'salted_daily'
                    AND toDate(event_time) >= toDate({sessions_since:DateTime64(3, 'UTC')} - toIntervalDay(1))
                    AND toDate(event_time) <= toDate({ends:DateTime64(3, 'UTC')})
            )
            GROUP BY person, period
        ) AS a
        GROUP BY person
    ) AS b
    ARRAY JOIN if({first:UInt8}, arraySlice(b.started, 1, 1), b.started) AS start
    WHERE start.1 >= 0
) AS c
ARRAY JOIN c.cells AS cell
GROUP BY value, cohort, later_by
ORDER BY value, cohort, later_by
