-- For each person the periods in which something started (with the value at the start), those in which they were
-- back, and what they paid by period. Periods are numbered from the first of the report; -1 is all before it.
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
        WITH /*number*/ 1 AS number
        SELECT
            vh, starts, returns, revenue, place, value,
            -- The first and the last period, numbered from the first of the report; -1 is all before it.
            arrayMap(
                at -> greatest(-1, least({periods:Int32} - 1, number(at) - {base:Int32})), [start, `end`]
            ) AS touches
        FROM /*acts*/ 1
        WHERE start < {ends:DateTime64(3, 'UTC')}
    ) AS t
    ARRAY JOIN range(t.touches[1], t.touches[2] + 1) AS touched
    LEFT JOIN /*persons*/ 1 AS p ON p.vh = t.vh
    WHERE t.vh NOT IN /*daily*/ 1
    GROUP BY person, period
) AS a
GROUP BY person
