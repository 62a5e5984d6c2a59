-- The people of one stage of a period; the stages are those of lifecycle.sql.
SELECT person
FROM (
    SELECT b.person AS person, arrayMap(start -> start.1, b.started) AS active
    FROM /*people*/ 1 AS b
)
WHERE has(active, {at:Int32}) != ({stage:String} = 'dormant')
    AND multiIf(
        NOT has(active, {at:Int32}), if(has(active, {at:Int32} - 1), 'dormant', ''),
        active[1] = {at:Int32}, 'new',
        has(active, {at:Int32} - 1), 'returning',
        'resurrecting'
    ) = {stage:String}
