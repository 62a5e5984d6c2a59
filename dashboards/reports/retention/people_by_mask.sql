-- The people of people.sql with their periods as bits, the first bit for all before the report. Only where one
-- value a person is enough: without a breakdown, or for first starts.
-- Persons are joined to one row of each visitor, not to each session.
SELECT
    if(p.ph = 0, v.vh, p.ph) AS person,
    groupBitOr(v.started) AS started,
    groupBitOr(v.returned) AS returned,
    argMinIf(v.value, v.place, v.started != 0) AS value,
    groupArrayArray(v.paid) AS paid
FROM (
    SELECT
        t.vh AS vh,
        groupBitOrIf(t.mask, t.starts) AS started,
        groupBitOrIf(t.mask, t.returns) AS returned,
        /*first_value*/ 1 AS value,
        /*first_place*/ 1 AS place,
        groupArrayIf((t.first, t.revenue), t.revenue != 0) AS paid
    FROM (
        SELECT
            vh, starts, returns, revenue, place, value,
            -- The first and the last period, numbered from the first of the report; -1 is all before it.
            greatest(-1, least({periods:Int32} - 1, multiIf(
                {unit:String} = 'day', toInt32(toDate32(start, {zone:String})),
                {unit:String} = 'week', intDiv(toInt32(toDate32(start, {zone:String})) + 3, 7),
                toYear(start, {zone:String}) * 12 + toMonth(start, {zone:String}) - 1
            ) - {base:Int32})) AS first,
            greatest(-1, least({periods:Int32} - 1, multiIf(
                {unit:String} = 'day', toInt32(toDate32(`end`, {zone:String})),
                {unit:String} = 'week', intDiv(toInt32(toDate32(`end`, {zone:String})) + 3, 7),
                toYear(`end`, {zone:String}) * 12 + toMonth(`end`, {zone:String}) - 1
            ) - {base:Int32})) AS last,
            bitShiftLeft(CAST(1, {mask:String}), last + 2) - bitShiftLeft(CAST(1, {mask:String}), first + 1) AS mask
        FROM (
            SELECT * FROM /*of_sessions*/ 1
            UNION ALL
            SELECT * FROM /*of_events*/ 1
        )
    ) AS t
    GROUP BY vh
) AS v
LEFT JOIN /*persons*/ 1 AS p ON p.vh = v.vh
-- Without FINAL: an id is made daily or it is not, so a row that was replaced says the same.
WHERE v.vh NOT IN (
    SELECT vh
    FROM events
    WHERE site_id = {site_id:String}
        AND id_quality = 'salted_daily'
        AND toDate(event_time) >= toDate({sessions_since:DateTime64(3, 'UTC')} - toIntervalDay(1))
        AND toDate(event_time) <= toDate({ends:DateTime64(3, 'UTC')})
)
GROUP BY person
