-- For each period from 1 (0 is the one before the report) the people by how they stand to it: new (never before),
-- returning (there in the period before too), resurrecting (there earlier only), dormant (there in the period
-- before, not in this one).
SELECT life.1 AS period, life.2 AS stage, count() AS people
FROM (
    SELECT arrayMap(start -> start.1, b.started) AS active
    FROM /*people*/ 1 AS b
)
ARRAY JOIN arrayConcat(
    arrayMap(
        at -> (at, multiIf(at = active[1], 'new', has(active, at - 1), 'returning', 'resurrecting')),
        active
    ),
    arrayMap(at -> (toInt32(at + 1), 'dormant'), arrayFilter(at -> at >= 0 AND NOT has(active, at + 1), active))
) AS life
WHERE period BETWEEN 1 AND {periods:Int32} - 1
GROUP BY period, stage
ORDER BY period, stage
