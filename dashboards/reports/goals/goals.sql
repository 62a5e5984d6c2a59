-- Human sessions of two periods that hold each goal: [middle, until), and [since, cut) before it. Number 255: all
-- sessions; 0: orders; others in the order in which the conditions were given.
-- An event belongs to the session of its visitor that starts last before it, if that one has not ended.
-- The day is asked for beside the instant, for the index alone: only so does the engine use the sort key.
SELECT
    a.number AS number,
    countIf(a.current) AS sessions,
    countIf(NOT a.current) AS sessions_before,
    uniqExactIf(a.person, a.current) AS visitors,
    sumIf(a.revenue, a.current) AS revenue,
    sumIf(a.revenue, NOT a.current) AS revenue_before,
    countResample(0, {buckets:UInt32}, 1)(if(a.current, a.bucket, -1)) AS trend
FROM (
    SELECT
        s.start >= {middle:DateTime64(3, 'UTC')} AS current,
        if(
            {hours:UInt8},
            intDiv(toUnixTimestamp64Milli(s.start) - toUnixTimestamp64Milli({middle:DateTime64(3, 'UTC')}), 3600000),
            toInt64(toDate(s.start, {zone:String})) - toInt64(toDate({middle:DateTime64(3, 'UTC')}, {zone:String}))
        ) AS bucket,
        if(p.ph = 0, s.vh, p.ph) AS person,
        s.revenue AS revenue,
        arrayJoin(arrayConcat([255], if(s.orders > 0, [0], emptyArrayUInt8()), m.numbers)) AS number
    FROM sessions AS s FINAL
    LEFT JOIN (
        SELECT e.vh AS vh, k.start AS start, groupUniqArrayArray(e.numbers) AS numbers
        FROM (
            SELECT e.vh AS vh, e.event_time AS event_time, /*which*/ 1 AS numbers
            FROM (
                SELECT *, vh
                FROM events AS e FINAL
                WHERE e.site_id = {site_id:String}
                    AND e.event_time >= {since:DateTime64(3, 'UTC')}
                    AND indexHint(toDate(e.event_time) >= toDate({since:DateTime64(3, 'UTC')}))
                    AND e.event_time < {until:DateTime64(3, 'UTC')} + toIntervalDay(1)
                    AND toDate(e.event_time) <= toDate({until:DateTime64(3, 'UTC')} + toIntervalDay(1))
                    AND /*any*/ 1
            ) AS e
        ) AS e
        ASOF JOIN (
            SELECT vh, start, `end`
            FROM sessions FINAL
            WHERE site_id = {site_id:String}
                AND start >= {since:DateTime64(3, 'UTC')} - toIntervalDay(1)
                AND start < {until:DateTime64(3, 'UTC')}
        ) AS k ON e.vh = k.vh AND e.event_time >= k.start
        WHERE e.event_time <= k.`end`
        GROUP BY e.vh, k.start
    ) AS m ON m.vh = s.vh AND m.start = s.start
    LEFT JOIN /*persons*/ 1 AS p ON p.vh = s.vh
    WHERE s.site_id = {site_id:String}
        AND s.start >= {since:DateTime64(3, 'UTC')}
        AND s.start < {until:DateTime64(3, 'UTC')}
        AND (s.start < {cut:DateTime64(3, 'UTC')} OR s.start >= {middle:DateTime64(3, 'UTC')})
        AND (NOT s.is_bot OR {bots:UInt8})
        AND /*sessions*/ 1
) AS a
GROUP BY a.number
ORDER BY a.number
