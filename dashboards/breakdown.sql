-- Human sessions of two periods by one field of theirs: [middle, until), and [since, cut) before it, with those
-- that hold the goal. whole = 1: all of them together. place: in the order that was asked for.
SELECT
    b.*,
    count() OVER (PARTITION BY b.whole) AS found,
    row_number() OVER (
        PARTITION BY b.whole
        ORDER BY
            multiIf(
                {sort:String} = 'visitors', toFloat64(b.visitors),
                {sort:String} = 'engaged', b.engaged / greatest(b.sessions, 1),
                {sort:String} = 'bounced', b.bounces / greatest(b.sessions, 1),
                {sort:String} = 'converted', toFloat64(b.converted),
                {sort:String} = 'rate', b.converted / greatest(b.sessions, 1),
                {sort:String} = 'revenue', toFloat64(b.revenue),
                {sort:String} = 'per_session', toFloat64(b.revenue) / greatest(b.sessions, 1),
                {sort:String} = 'change', if(b.sessions_before = 0, inf, b.sessions / greatest(b.sessions_before, 1)),
                {sort:String} = 'sessions', toFloat64(b.sessions),
                0.
            ) * if({up:UInt8}, 1, -1),
            if({sort:String} = 'value' AND NOT {up:UInt8}, b.value, '') DESC,
            b.value
    ) AS place
FROM (
    SELECT
        grouping(a.value) AS whole,
        a.value AS value,
        countIf(a.current) AS sessions,
        countIf(NOT a.current) AS sessions_before,
        uniqExactIf(a.person, a.current) AS visitors,
        countIf(a.current AND a.is_engaged) AS engaged,
        countIf(NOT a.current AND a.is_engaged) AS engaged_before,
        countIf(a.current AND a.is_bounce) AS bounces,
        countIf(a.current AND a.won) AS converted,
        countIf(NOT a.current AND a.won) AS converted_before,
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
            /*value*/ 1 AS value,
            /*goal*/ 1 AS won,
            s.is_engaged AS is_engaged,
            s.is_bounce AS is_bounce,
            s.revenue AS revenue
        FROM sessions AS s FINAL
        LEFT JOIN /*persons*/ 1 AS p ON p.vh = s.vh
        WHERE s.site_id = {site_id:String}
            AND s.start >= {since:DateTime64(3, 'UTC')}
            AND s.start < {until:DateTime64(3, 'UTC')}
            AND (s.start < {cut:DateTime64(3, 'UTC')} OR s.start >= {middle:DateTime64(3, 'UTC')})
            AND (NOT s.is_bot OR {bots:UInt8})
            AND /*sessions*/ 1
    ) AS a
    GROUP BY GROUPING SETS ((value), ())
) AS b
WHERE b.whole OR {q:String} = '' OR positionCaseInsensitiveUTF8(b.value, {q:String}) > 0
QUALIFY b.whole OR (place > {skip:UInt64} AND place <= {skip:UInt64} + {most:UInt64})
ORDER BY b.whole DESC, place
