-- How far the entries came, and how long the way there took them in seconds: of all of them (part 0), by the
-- day, week or month in which they began (part 1), and by the value of the breakdown (part 2). Values with few
-- entries are left out, and so are entries that did not reach the step whose event gives the value.
SELECT
    tupleElement(part, 1) AS part_of,
    tupleElement(part, 2) AS part_name,
    step,
    count() AS entered,
    countIf(stopped = {last_step:UInt8}) AS converted,
    countIf(after >= 0) AS count,
    groupUniqArrayIf({most_tied:UInt64} + 1)(u.unit, u.tied) AS tied,
    countIf(after >= 0 AND (step = 1 OR after_ms[step - 1] >= 0)) AS count_with_previous,
    countIf(stopped = step AND u.in_progress) AS in_progress,
    countIf(stopped = step AND stopped < {last_step:UInt8} AND NOT u.in_progress) AS gone,
    countIf(known) AS entered_known,
    countIf(known AND stopped = {last_step:UInt8}) AS converted_known,
    quantilesExactInclusiveIf(0.5, 0.75, 0.9)(after / 1000, after >= 0) AS spans
FROM (
    SELECT *, part
    FROM (
        SELECT
            *,
            {at_step:UInt8} = 0 OR after_ms[greatest({at_step:UInt8}, 1)] >= 0 AS known,
            toDate(toTimeZone(addMilliseconds({since:DateTime64(3, 'UTC')}, began_ms), {zone:String})) AS began_on,
            multiIf(
                {trend:String} = 'month', toStartOfMonth(began_on),
                {trend:String} = 'week', toMonday(began_on),
                began_on
            ) AS started
        FROM /*units*/ 1
    )
    ARRAY JOIN arrayConcat(
        [(toUInt8(0), '')],
        if({trend:String} = '', [], [(toUInt8(1), toString(started))]),
        if({broken_down:UInt8} AND known, [(toUInt8(2), value)], [])
    ) AS part
) AS u
ARRAY JOIN after_ms AS after, arrayEnumerate(after_ms) AS step
GROUP BY part, step
HAVING part_of != 2 OR entered >= {least:UInt64}
ORDER BY part_of, part_name, step
