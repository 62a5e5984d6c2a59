-- The people of people.sql with their periods as bits, the first bit for all before the report. Only where one
-- value a person is enough: without a breakdown, or for first starts.
SELECT
    if(p.ph = 0, t.vh, p.ph) AS person,
    groupBitOr(if(t.starts, t.mask, toUInt256(0))) AS started,
    groupBitOr(if(t.returns, t.mask, toUInt256(0))) AS returned,
    argMinIf(t.value, t.place, t.starts) AS value,
    groupArrayIf((t.touches[1], t.revenue), t.revenue != 0) AS paid
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
        ) AS touches,
        toUInt256(bitShiftLeft(bitShiftLeft(toUInt256(1), touches[2] - touches[1] + 1) - 1, touches[1] + 1)) AS mask
    FROM (
        SELECT * FROM /*of_sessions*/ 1
        UNION ALL
        SELECT * FROM /*of_events*/ 1
    )
) AS t
LEFT JOIN /*persons*/ 1 AS p ON p.vh = t.vh
-- Without FINAL: an id is made daily or it is not, so a row that was replaced says the same.
WHERE t.vh NOT IN (
    SELECT vh
    FROM events
    WHERE site_id = {site_id:String}
        AND id_quality = 'salted_daily'
        AND toDate(event_time) >= toDate({sessions_since:DateTime64(3, 'UTC')} - toIntervalDay(1))
        AND toDate(event_time) <= toDate({ends:DateTime64(3, 'UTC')})
)
GROUP BY person
